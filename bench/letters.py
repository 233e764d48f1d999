"""Messages to send: of an exact size, each different, nothing in them worth keeping once for all."""

from __future__ import annotations

import random
import string

_LETTERS = (string.ascii_letters + string.digits + "   ").encode()
_WIDTH = 76


def letter(size: int, number: int) -> bytes:
    """A message of ``size`` octets: a small header, then lines of 76 random letters."""
    source = random.Random(number)
    head = (
        f"From: Bench <bench@outside.test>\r\nTo: Reader <reader@bench.test>\r\nSubject: Letter number {number}\r\n"
        f"Date: Tue, 03 Mar 2026 14:05:09 +0100\r\nMessage-ID: <{number}.{source.getrandbits(64):x}@outside.test>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    ).encode()
    room = size - len(head)
    letters = bytes(_LETTERS[octet % len(_LETTERS)] for octet in source.randbytes(min(room, 65_536)))
    body = bytearray()
    at = 0
    while len(body) < room - _WIDTH - 4:
        start = at % (len(letters) - _WIDTH)
        body += letters[start : start + _WIDTH] + b"\r\n"
        at += _WIDTH
    body += b"x" * (room - len(body) - 2) + b"\r\n"
    return head + bytes(body)
