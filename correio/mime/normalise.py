"""Line ends: the one change that is made to a message when it comes in (RFC 5322 section 2.3)."""

from __future__ import annotations

from typing import Final

_WINDOW: Final = 1024 * 1024


def to_crlf(raw: bytes) -> bytes:
    """Return ``raw`` with every bare CR and bare LF made CRLF; the same object where there is none.

    Works in pieces of 1 MiB, so that no single call holds the interpreter for long.
    """
    size = len(raw)
    if size <= _WINDOW:
        return _normalise(raw)
    pieces: list[bytes] = []
    changed = False
    at = 0
    while at < size:
        end = min(at + _WINDOW, size)
        if end < size and raw[end - 1] == 13 and raw[end] == 10:
            end += 1
        piece = raw[at:end]
        normal = _normalise(piece)
        changed = changed or normal is not piece
        pieces.append(normal)
        at = end
    return b"".join(pieces) if changed else raw


def _normalise(piece: bytes) -> bytes:
    pairs = piece.count(b"\r\n")
    if piece.count(b"\n") == pairs and piece.count(b"\r") == pairs:
        return piece
    return piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
