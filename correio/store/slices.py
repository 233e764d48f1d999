"""Reading the first few of many in the order of an index, at a cost that does not grow with the many.

MongoDB walks the index and stops. The embedded server reads all that matches before it sorts and cuts: 60 microseconds a
document, whatever ``limit`` says. So what may be much is asked for in slices of the ranged field, each wider than the last,
until there is enough. ``bounds.py`` says which.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any, Literal

from motor.motor_asyncio import AsyncIOMotorCollection

from correio.store.bounds import GROWTH, HOUR
from correio.store.database import Raw


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
