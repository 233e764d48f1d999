"""Two defects of SecantusDB 0.7.0b3 that the store works around. Each test passes while its defect is there.

When one fails with "defect gone", the work-around can go too: ReturnDocument.AFTER is then a matter of taste, and a ranged
field may stand anywhere in an index.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from typing import Any

import pymongo
from pymongo import ReturnDocument

GONE = "defect gone, remove the work-around (secantusdb {})"


async def test_find_one_and_update_before_gives_duplicates_at_the_same_time(database_uri: str) -> None:
    """A race: seen within the first few hundred calls; looked for in up to 12,000."""

    def duplicates() -> int:
        with pymongo.MongoClient[dict[str, Any]](database_uri) as client:
            counters = client["defects"]["counters"]
            counters.drop()
            counters.insert_one({"_id": "c", "n": 0})

            def take(_: int) -> list[int]:
                found = []
                for _ in range(50):
                    before = counters.find_one_and_update(
                        {"_id": "c"}, {"$inc": {"n": 1}}, return_document=ReturnDocument.BEFORE
                    )
                    assert before is not None
                    found.append(before["n"])
                return found

            for _ in range(30):
                with ThreadPoolExecutor(8) as threads:
                    got = [number for numbers in threads.map(take, range(8)) for number in numbers]
                if len(set(got)) < len(got):
                    return len(got) - len(set(got))
            return 0

    assert await asyncio.to_thread(duplicates), GONE.format(metadata.version("secantusdb"))


async def test_a_range_on_a_field_that_is_not_last_omits_a_row_at_its_end(database_uri: str) -> None:
    def missing() -> int:
        with pymongo.MongoClient[dict[str, Any]](database_uri) as client:
            rows = client["defects"]["rows"]
            rows.drop()
            rows.create_index([("m", 1), ("u", 1), ("_id", 1)])
            rows.insert_many([{"_id": f"r{number}", "m": "a", "u": number} for number in range(1, 21)])
            omitted = 0
            for low in range(1, 20):
                for high in range(low, 20):
                    found = {row["u"] for row in rows.find({"m": "a", "u": {"$gte": low, "$lte": high}})}
                    omitted += found != set(range(low, high + 1))
            return omitted

    assert await asyncio.to_thread(missing), GONE.format(metadata.version("secantusdb"))
