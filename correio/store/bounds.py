"""How far to read of a range that many may lie in: bounds that widen, and what was enough before. Pure; see ``slices.py``."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from math import copysign
from typing import Final

GROWTH: Final = 4.0
"""How much wider each slice is than the one before."""
HOUR: Final = 3_600.0
DAY: Final = 24 * HOUR
_SPARE: Final = 1.5
_MOST: Final = 10_000


def widening(start: float, width: float, end: float) -> Iterator[float]:
    """Yield bounds from ``start`` towards ``end``, the first ``width`` away from it, the last of them ``end``.

    ``end`` may lie before ``start``: then they fall.
    """
    sign = 1.0 if end >= start else -1.0
    bound = start + sign * width
    while (end - bound) * sign > 0:
        yield bound
        width *= GROWTH
        bound += sign * width
    yield end


class Densities:
    """How wide a slice was that held enough, by whose it was: a guess of where to begin, of so many at most."""

    def __init__(self) -> None:
        self._widths: OrderedDict[str, float] = OrderedDict()

    def bounds(self, whose: str, start: float, end: float) -> Iterator[float]:
        """Yield bounds from ``start`` to ``end``: for who has little just ``end``, for who is not known a day and then ``end``."""
        width = self._widths.get(whose)
        if width is None:
            return iter([start + copysign(DAY, end - start), end])
        return widening(start, width, end)

    def note(self, whose: str, width: float) -> None:
        """Remember what was enough; infinity where all there is was not."""
        self._widths[whose] = max(1.0, _SPARE * width)
        self._widths.move_to_end(whose)
        if len(self._widths) > _MOST:
            self._widths.popitem(last=False)
