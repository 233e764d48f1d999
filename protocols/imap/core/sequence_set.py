"""Sets of message numbers and UIDs (RFC 9051 section 9, sequence-set), as ranges: never spelled out number by number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from protocols.imap.core.cursor import Cursor
from protocols.imap.core.syntax_error import CommandSyntaxError

MOST_RANGES: Final = 20_000
STAR: Final = 0
"""Stands for ``*``: the largest number in use."""


class SequenceSet(msgspec.Struct, frozen=True):
    """``ranges`` as they were written, (first, last), with 0 for ``*``."""

    ranges: tuple[tuple[int, int], ...]
    saved: bool = False
    """Whether ``$``, the result that a search saved, is part of it (RFC 5182): only the session knows what that is."""

    @classmethod
    def parse(cls, cursor: Cursor, *, saved: bool = False) -> SequenceSet:
        """Read a set, with ``saved`` one that may name ``$``.

        Raises CommandSyntaxError for 0, for numbers over 32 bits and for more than MOST_RANGES ranges.
        """
        ranges: list[tuple[int, int]] = []
        uses_saved = False
        for item in cursor.set_text().split(b","):
            if saved and item == b"$":
                uses_saved = True
                continue
            first, colon, last = item.partition(b":")
            low = _number(first)
            ranges.append((low, _number(last) if colon else low))
        if len(ranges) > MOST_RANGES:
            raise CommandSyntaxError(f"The set has more than {MOST_RANGES} ranges.")
        return cls(tuple(ranges), uses_saved)

    def resolve(self, largest: int) -> list[tuple[int, int]]:
        """Return disjoint ranges in ascending order, with ``*`` read as ``largest`` (0: nothing is in use).

        A range may be written either way round. Without messages ``*`` means nothing at all.
        """
        resolved: list[tuple[int, int]] = []
        for first, last in self.ranges:
            if largest == 0 and STAR in (first, last):
                continue
            low, high = first or largest, last or largest
            resolved.append((low, high) if low <= high else (high, low))
        return merge(resolved)


def _number(text: bytes) -> int:
    if text == b"*":
        return STAR
    if not text.isdigit() or len(text) > 10:
        raise CommandSyntaxError("A set of messages is numbers and ranges with commas between, such as 1,3:7,9:*.")
    value = int(text)
    if not 1 <= value <= 0xFFFFFFFF:
        raise CommandSyntaxError("A message number or UID is from 1 to 4294967295.")
    return value


def merge(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the same numbers as disjoint, ascending ranges that do not touch."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            if high > merged[-1][1]:
                merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return merged


def compact(numbers: Sequence[int]) -> bytes:
    """Write ascending numbers as a sequence-set. An empty sequence gives nothing."""
    pieces: list[str] = []
    start = previous = -1
    for number in numbers:
        if number == previous + 1 and start >= 0:
            previous = number
            continue
        if start >= 0:
            pieces.append(str(start) if start == previous else f"{start}:{previous}")
        start = previous = number
    if start >= 0:
        pieces.append(str(start) if start == previous else f"{start}:{previous}")
    return ",".join(pieces).encode("ascii")
