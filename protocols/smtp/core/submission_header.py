"""What a submission server mends in a message (RFC 6409 section 8): a missing Date, a missing Message-ID, and Bcc."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

_FIELD: Final = re.compile(rb"([\x21-\x39\x3b-\x7e]+)[ \t]*:")


def complete_header(message: bytes, *, message_id: str, time: int) -> bytes:
    """Return the message with a Date and a Message-ID, and without Bcc.

    ``message_id`` is used, with the angle brackets put on, where there is none; ``time`` is in seconds since the
    epoch. Every other octet stays as it is.
    """
    missing = {b"date", b"message-id"}
    removed: list[tuple[int, int]] = []
    body = 0
    for name, start, end in _fields(message):
        missing.discard(name)
        if name in (b"bcc", b"resent-bcc"):
            removed.append((start, end))
        body = end
    added = b""
    if b"date" in missing:
        added += b"Date: " + format_datetime(datetime.fromtimestamp(time, UTC)).encode() + b"\r\n"
    if b"message-id" in missing:
        added += b"Message-ID: <" + message_id.encode() + b">\r\n"
    if not added and not removed:
        return message
    # Views, so that a large message is copied once.
    view = memoryview(message)
    pieces: list[bytes | memoryview] = []
    at = 0
    for start, end in removed:
        pieces.append(view[at:start])
        at = end
    pieces.append(view[at:body])
    if added and body and not message.endswith(b"\n", 0, body):
        pieces.append(b"\r\n")
    pieces.append(added)
    if body == 0 and message and not message.startswith((b"\r\n", b"\n")):
        # No header at all: what there is must not become part of one.
        pieces.append(b"\r\n")
    pieces.append(view[body:])
    return b"".join(pieces)


def _fields(message: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name in lower case, start, end) for each header field, its folded lines and line end included."""
    at = 0
    while True:
        match = _FIELD.match(message, at)
        if match is None:
            return
        end = at
        while True:
            newline = message.find(b"\n", end)
            end = len(message) if newline < 0 else newline + 1
            if message[end : end + 1] not in (b" ", b"\t"):
                break
        yield match[1].lower(), at, end
        at = end
