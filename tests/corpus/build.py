"""Writing mail octet by octet. Nothing of Correio is used, so that a fault there cannot hide itself here."""

from __future__ import annotations

import base64
import binascii

CRLF = b"\r\n"
DATE = "Tue, 03 Mar 2026 14:05:09 +0100"


def octets(text: str | bytes) -> bytes:
    """UTF-8 unless it is octets already."""
    return text.encode() if isinstance(text, str) else text


def fields(*given: str | bytes, plain: bool = False) -> bytes:
    """Header fields, each a line or an already folded one. Unless ``plain``, the usual four come first."""
    usual: list[str | bytes] = []
    if not plain:
        usual = [
            "From: Orlando <orlando@origem.test>",
            "To: Maria <maria@destino.test>",
            f"Date: {DATE}",
            "MIME-Version: 1.0",
        ]
    return b"".join(octets(field) + CRLF for field in [*usual, *given])


def lines(*text: str | bytes) -> bytes:
    """Lines, each with its CRLF."""
    return b"".join(octets(line) + CRLF for line in text)


def message(*header: str | bytes, body: bytes = b"", plain: bool = False) -> bytes:
    """A whole message."""
    return fields(*header, plain=plain) + CRLF + body


def entity(*header: str | bytes, body: bytes = b"") -> bytes:
    """A body part: its header, the empty line, its body."""
    return fields(*header, plain=True) + CRLF + body


def multipart(boundary: str, *parts: bytes, preamble: bytes = b"", epilogue: bytes = b"", end: bool = True) -> bytes:
    """The body of a multipart (RFC 2046 section 5.1.1): each part's last line end belongs to the delimiter."""
    mark = b"--" + boundary.encode()
    whole = preamble
    for part in parts:
        whole += mark + CRLF + part + CRLF
    if end:
        whole += mark + b"--" + CRLF
    return whole + epilogue


def b64(data: bytes, width: int = 76, final: bool = True) -> bytes:
    """Base64 in lines of ``width``; ``final`` tells whether the last one has its CRLF."""
    text = base64.b64encode(data)
    rows = [text[at : at + width] for at in range(0, len(text), width)]
    return CRLF.join(rows) + (CRLF if final and rows else b"")


def qp(data: bytes) -> bytes:
    """Quoted-printable with CRLF line ends (RFC 2045 section 6.7)."""
    rows = [binascii.b2a_qp(row, istext=True) for row in data.replace(b"\r\n", b"\n").split(b"\n")]
    return CRLF.join(row.replace(b"=\n", b"=\r\n") for row in rows)


def b_words(text: str, charset: str, codec: str | None = None, room: int = 45) -> str:
    """Encoded-words in B (RFC 2047), split between characters, never inside one."""
    words: list[str] = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and len(text[start : end + 1].encode(codec or charset)) <= room:
            end += 1
        word = base64.b64encode(text[start:end].encode(codec or charset)).decode()
        words.append(f"=?{charset}?B?{word}?=")
        start = end
    return "\r\n ".join(words)


def q_word(text: str, charset: str, codec: str | None = None) -> str:
    """One encoded-word in Q."""
    safe = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    encoded = "".join(
        chr(octet) if octet in safe else "_" if octet == 32 else f"={octet:02X}"
        for octet in text.encode(codec or charset)
    )
    return f"=?{charset}?Q?{encoded}?="


def noise(length: int, seed: int = 1) -> bytes:
    """Octets that look random and are always the same (a small linear congruential generator)."""
    block = bytearray()
    state = seed & 0xFFFFFFFF
    for _ in range(min(length, 65_536)):
        state = (state * 1_664_525 + 1_013_904_223) & 0xFFFFFFFF
        block.append(state >> 24)
    whole = bytearray()
    turn = 0
    while len(whole) < length:
        whole += turn.to_bytes(4, "big") + block
        turn += 1
    return bytes(whole[:length])
