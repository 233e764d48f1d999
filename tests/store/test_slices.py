"""Slices of an index: the same answer as one question for all of it, however the values lie."""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from motor.motor_asyncio import AsyncIOMotorCollection

from correio.mail.message_store import MessageStore
from correio.queue.frontier import Frontiers
from correio.store.bounds import DAY, Densities, widening
from correio.store.slices import first_few, windows

Collection = AsyncIOMotorCollection[dict[str, Any]]
NOW = 1_795_000_000.0
TIMES = {
    "spread over years": [NOW - 40_000_000 * number / 300 for number in range(300)],
    "within a second": [NOW - number / 300 for number in range(300)],
    "at one moment": [NOW - 5.0] * 300,
    "old, then new": [NOW - 9e8 - number for number in range(150)] + [NOW - number for number in range(150)],
    "few": [NOW - 7.0, NOW - 8e8],
    "none": [],
}


@pytest.fixture(params=list(TIMES), ids=list(TIMES))
async def stored(
    request: pytest.FixtureRequest, directory: MessageStore
) -> AsyncIterator[tuple[Collection, list[float]]]:
    times = list(TIMES[request.param])
    random.Random(3).shuffle(times)
    collection = directory.database[f"slices_{uuid.uuid4().hex}"]
    await collection.create_index([("whose", 1), ("at", 1)])
    await collection.create_index([("at", 1)])
    if times:
        await collection.insert_many([{"_id": number, "whose": "a", "at": at} for number, at in enumerate(times)])
    await collection.insert_many([{"_id": -1, "whose": "b", "at": NOW - 1.0}])
    yield collection, times
    await collection.drop()


@pytest.mark.parametrize("limit", [1, 26, 1000])
@pytest.mark.parametrize("width", [0.00001, 60.0, 1e9])
async def test_the_first_few_are_the_first_few(
    stored: tuple[Collection, list[float]], limit: int, width: float
) -> None:
    collection, times = stored
    rising = await first_few(collection, {"whose": "a"}, "at", widening(NOW - 50.0, width, NOW), limit)
    assert [one["at"] for one in rising] == sorted(times)[:limit]
    falling = await first_few(collection, {"whose": "a"}, "at", widening(NOW, width, 0.0), limit, order=-1)
    assert [one["at"] for one in falling] == sorted(times, reverse=True)[:limit]


async def test_an_end_of_ones_own_is_kept(stored: tuple[Collection, list[float]]) -> None:
    collection, times = stored
    where = {"whose": "a", "at": {"$gt": NOW - 6.0}}
    found = await first_few(collection, where, "at", widening(NOW - 6.0, 0.1, NOW), 1000)
    assert [one["at"] for one in found] == sorted(at for at in times if at > NOW - 6.0)


@pytest.mark.parametrize("about", [1, 50, 10_000])
async def test_windows_yield_everything_once(stored: tuple[Collection, list[float]], about: int) -> None:
    collection, times = stored
    met = [one["_id"] async for found in windows(collection, "at", NOW - 2.0, about, {"_id": 1}) for one in found]
    assert sorted(met) == [number for number, at in enumerate(times) if at < NOW - 2.0]
    assert len(met) == len(set(met))


async def test_windows_go_on_while_what_they_yield_is_removed(stored: tuple[Collection, list[float]]) -> None:
    collection, _ = stored
    async for found in windows(collection, "at", NOW + 1, 50, {"_id": 1}):
        await collection.delete_many({"_id": {"$in": [one["_id"] for one in found]}})
    assert await collection.find({}).to_list(None) == []


@given(st.floats(0, 2e9), st.floats(1e-5, 1e9), st.floats(0, 2e9))
def test_bounds_go_one_way_and_end_at_the_end(start: float, width: float, end: float) -> None:
    bounds = list(widening(start, width, end))
    assert bounds[-1] == end
    assert len(bounds) <= 30
    rising = all(one < other for one, other in pairwise(bounds))
    falling = all(one > other for one, other in pairwise(bounds))
    assert rising if end >= start else falling


def _first(bounds: Sequence[float] | Any) -> list[float]:
    return list(bounds)


def test_who_sends_little_is_asked_for_at_once_and_who_sends_much_for_a_slice() -> None:
    densities = Densities()
    assert _first(densities.bounds("a", NOW, 0.0)) == [NOW - DAY, 0.0]
    densities.note("a", math.inf)
    assert _first(densities.bounds("a", NOW, 0.0)) == [0.0]
    densities.note("a", 60.0)
    assert next(densities.bounds("a", NOW, 0.0)) == NOW - 90.0
    assert next(densities.bounds("a", NOW - 500.0, NOW)) == NOW - 410.0


def test_a_batch_is_looked_for_where_the_last_one_ended() -> None:
    frontiers = Frontiers()
    assert next(frontiers.bounds("site", NOW - 3600.0, NOW)) == pytest.approx(NOW - 3600.0 + 0.001)
    taken = [NOW - 3600.0 + number for number in range(25)]
    frontiers.note("site", taken, NOW - 3575.0)
    assert next(frontiers.bounds("site", NOW - 3600.0, NOW)) == pytest.approx(NOW - 3575.0 + 37.5)
    # Nothing else is due: what comes is due from then on.
    frontiers.note("site", taken, NOW)
    assert _first(frontiers.bounds("site", 0.0, NOW - 1.0)) == [NOW - 1.0]
