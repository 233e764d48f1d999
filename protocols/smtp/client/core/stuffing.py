"""A message as DATA carries it (RFC 5321 section 4.5.2): in pieces, with CRLF line ends only, its dots stuffed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from correio.mime.normalise import to_crlf

PIECE: Final = 64 * 1024
"""Octets of the message for one piece."""


def stuffed_pieces(content: bytes) -> Iterator[bytes]:
    """Yield the message in pieces; the final dot is not among them.

    A bare CR or LF becomes CRLF: it could pass for a line end with somebody, and what follows for a command. A last line
    without its end is given one.
    """
    at = 0
    fresh = True
    while at < len(content):
        end = min(at + PIECE, len(content))
        if end < len(content) and content[end - 1] == 0x0D and content[end] == 0x0A:
            end += 1
        piece = to_crlf(content[at:end])
        stuffed = piece.replace(b"\r\n.", b"\r\n..")
        # A dot at the seam of two pieces begins a line too.
        yield b"." + stuffed if fresh and piece.startswith(b".") else stuffed
        fresh = piece.endswith(b"\r\n")
        at = end
    if not fresh:
        yield b"\r\n"
