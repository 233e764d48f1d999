"""``:matches`` (RFC 5228 section 2.7.1): ``*`` and ``?``, without backtracking.

Each piece between two stars is put at the first place where it fits. Whatever fits after a later place fits after the first
one too, so nothing is ever tried again, and every star takes as little as it can (RFC 5229 section 3.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import msgspec

_AT_ONCE: Final = 2_000_000
"""Characters that one C call compares at most."""


class _Chunk(msgspec.Struct, frozen=True):
    """What stands between two stars: of one length whatever it matches."""

    length: int
    literal: str | None
    """The text, where there is no ``?`` in it."""
    pattern: re.Pattern[str] | None
    singles: tuple[int, ...]
    """The offsets of each ``?``."""

    def fits(self, text: str, at: int) -> bool:
        if self.literal is not None:
            return text.startswith(self.literal, at)
        assert self.pattern is not None
        return self.pattern.match(text, at) is not None

    def find(self, text: str, start: int, end: int) -> int:
        if self.literal is not None:
            return text.find(self.literal, start, end)
        assert self.pattern is not None
        # Some places at a time: each may cost as much as the pattern is long, and no call is to hold the interpreter for long.
        places = max(1, _AT_ONCE // self.length)
        while start + self.length <= end:
            found = self.pattern.search(text, start, min(end, start + places + self.length - 1))
            if found:
                return found.start()
            start += places
        return -1


class Glob(msgspec.Struct, frozen=True):
    """A compiled pattern."""

    chunks: tuple[_Chunk, ...]
    """One more than there are stars."""

    @property
    def cost(self) -> int:
        """About how often each character of a value may be looked at."""
        return max((len(chunk.singles) and chunk.length for chunk in self.chunks), default=0) + 1

    def match(self, text: str) -> list[tuple[int, int]] | None:
        """Return the (start, end) of each wildcard, or None where the pattern does not match the whole text."""
        first, last = self.chunks[0], self.chunks[-1]
        if len(self.chunks) == 1:
            return _singles(first, 0) if len(text) == first.length and first.fits(text, 0) else None
        end = len(text) - last.length
        if end < first.length or not first.fits(text, 0) or not last.fits(text, end):
            return None
        spans = _singles(first, 0)
        at = first.length
        for chunk in self.chunks[1:-1]:
            found = chunk.find(text, at, end)
            if found < 0:
                return None
            spans.append((at, found))
            spans += _singles(chunk, found)
            at = found + chunk.length
        spans.append((at, end))
        return spans + _singles(last, end)


def _singles(chunk: _Chunk, start: int) -> list[tuple[int, int]]:
    return [(start + offset, start + offset + 1) for offset in chunk.singles]


_PIECE: Final = re.compile(r"\\(.)|([*?])|([^\\*?]+)|(\\)", re.DOTALL)


def compile_glob(pattern: str, fold: Callable[[str], str] = str) -> Glob:
    """Compile a pattern; a backslash takes its meaning from what follows it. ``fold`` makes of a text what is compared."""
    chunks: list[_Chunk] = []
    pieces: list[str | None] = []
    for match in _PIECE.finditer(pattern):
        if match[2] == "*":
            chunks.append(_chunk(pieces))
            pieces = []
        elif match[2] == "?":
            pieces.append(None)
        else:
            pieces.append(fold(match[1] or match[3] or match[4]))
    chunks.append(_chunk(pieces))
    return Glob(tuple(chunks))


def _chunk(pieces: list[str | None]) -> _Chunk:
    singles: list[int] = []
    length = 0
    for piece in pieces:
        if piece is None:
            singles.append(length)
        length += 1 if piece is None else len(piece)
    if not singles:
        return _Chunk(length, "".join(piece or "" for piece in pieces), None, ())
    pattern = re.compile("".join("." if piece is None else re.escape(piece) for piece in pieces), re.DOTALL)
    return _Chunk(length, None, pattern, tuple(singles))
