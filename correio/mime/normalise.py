"""Line ends: the one change that is made to a message when it comes in (RFC 5322 section 2.3)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final

_WINDOW: Final = 1024 * 1024


def to_crlf(raw: bytes) -> bytes:
    """Return ``raw`` with every bare CR and bare LF made CRLF; the same object where there is none.

    Works in pieces of 1 MiB, so that no single call holds the interpreter for long.
    """
    if len(raw) <= _WINDOW:
        return _normalise(raw)
    if all(_is_normal(raw, start, end) for start, end in _windows(raw)):
        return raw
    # Written into one buffer that grows in place, so that the message is never there three times.
    normal = io.BytesIO()
    for start, end in _windows(raw):
        normal.write(_normalise(raw[start:end]))
    return normal.getvalue()


def _windows(raw: bytes) -> Iterator[tuple[int, int]]:
    """Yield the ends of pieces that cut no CRLF in two."""
    at = 0
    while at < len(raw):
        end = min(at + _WINDOW, len(raw))
        if end < len(raw) and raw[end - 1] == 13 and raw[end] == 10:
            end += 1
        yield at, end
        at = end


def _is_normal(raw: bytes, start: int, end: int) -> bool:
    pairs = raw.count(b"\r\n", start, end)
    return raw.count(b"\n", start, end) == pairs and raw.count(b"\r", start, end) == pairs


def _normalise(piece: bytes) -> bytes:
    if _is_normal(piece, 0, len(piece)):
        return piece
    return piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
