"""Reading the first few of many in the order of an index, at a cost that does not grow with the many.

MongoDB walks the index and stops. The embedded server reads all that matches before it sorts and cuts: 60 microseconds a
document, whatever ``limit`` says. So what may be much is asked for in slices of the ranged field, each wider than the last,
until there is enough.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Iterator
from math import copysign
from typing import Any, Final, Literal

from motor.motor_asyncio import AsyncIOMotorCollection

Raw = dict[str, Any]

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


async def first_few(
    collection: AsyncIOMotorCollection[Raw],
    where: Raw,
    field: str,
    bounds: Iterable[float],
    limit: int,
    projection: Raw | None = None,
    *,
    order: Literal[1, -1] = 1,
) -> list[Raw]:
    """Return the first ``limit`` that match in the order of a field, up to the last of ``bounds`` and including it.

    A slice has no other end than its bound, so that nothing before it is passed over; ``where`` may hold one. One round trip a
    bound until there are enough.
    """
    far = "$lte" if order == 1 else "$gte"
    near: dict[str, Any] = where.get(field, {})
    found: list[Raw] = []
    for bound in bounds:
        cursor = collection.find({**where, field: {**near, far: bound}}, projection).sort(field, order).limit(limit)
        found = await cursor.to_list(None)
        if len(found) >= limit:
            break
    return found


async def windows(
    collection: AsyncIOMotorCollection[Raw], field: str, before: float, about: int, projection: Raw
) -> AsyncIterator[list[Raw]]:
    """Yield everything whose field is a time from 0 to before another, the newest first, in windows of about so many.

    What is removed meanwhile is no trouble. About ten round trips where there is nothing.
    """
    high, width = before, HOUR
    while high > 0:
        low = max(0.0, high - width)
        found = await collection.find({field: {"$gte": low, "$lt": high}}, projection).to_list(None)
        if found:
            yield found
        if len(found) > about:
            width = max(1.0, width / GROWTH)
        elif len(found) < about / GROWTH:
            width *= GROWTH
        high = low
