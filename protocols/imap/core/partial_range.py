"""A page of results: PARTIAL (RFC 9394). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from protocols.imap.core.cursor import Cursor
from protocols.imap.core.syntax_error import CommandSyntaxError

T = TypeVar("T")


class PartialRange(msgspec.Struct, frozen=True):
    """``partial-range`` as it was written: from the first result by positive numbers, from the last by negative ones."""

    one: int
    other: int

    @classmethod
    def parse(cls, cursor: Cursor) -> PartialRange:
        """Read a range. Raises CommandSyntaxError for 0, ``*``, mixed signs and numbers over 32 bits (section 4)."""
        first, _, last = cursor.range_text().partition(b":")
        numbers = cls(int(first), int(last))
        if (
            not 1 <= abs(numbers.one) <= 0xFFFFFFFF
            or not 1 <= abs(numbers.other) <= 0xFFFFFFFF
            or (first[:1] == b"-") != (last[:1] == b"-")
        ):
            raise CommandSyntaxError("PARTIAL takes a range such as 1:100 or -1:-100.")
        return numbers

    def of(self, results: Sequence[T]) -> Sequence[T]:
        """Return the results in the range, in their order. What is beyond them is left out."""
        low, high = sorted((abs(self.one), abs(self.other)))
        if self.one > 0:
            return results[low - 1 : high]
        return results[max(len(results) - high, 0) : max(len(results) - low + 1, 0)]

    def of_ranges(self, pieces: Sequence[range]) -> list[range]:
        """Return the page of the numbers in ascending, disjoint ranges, as ranges."""
        count = sum(map(len, pieces))
        wanted = self.of(range(count))
        found: list[range] = []
        at = 0
        for piece in pieces:
            if wanted:
                cut = piece[max(wanted[0] - at, 0) : max(wanted[-1] + 1 - at, 0)]
                if cut:
                    found.append(range(cut.start, cut.stop))
            at += len(piece)
        return found

    def __str__(self) -> str:
        return f"{self.one}:{self.other}"
