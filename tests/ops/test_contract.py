"""The embedded server keeps the store's contract; and a server that does not is found out."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pymongo
import pytest
from pymongo.errors import PyMongoError

from correio.store.contract import CHECKS, run_contract
from correio.store.contract_scratch import Breach, Check, Scratch, expect
from correio.store.embedded import EmbeddedServer
from correio.store.indexes import INDEXES
from correio.store.keeper_files import KeeperFiles


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
async def test_the_embedded_server_keeps(check: Check, database_uri: str) -> None:
    [outcome] = await asyncio.to_thread(lambda: list(run_contract(database_uri, "contract", (check,))))
    assert outcome.breach is None, f"{outcome.breach}: {outcome.breaks}"


async def test_nothing_is_left_behind(database_uri: str) -> None:
    await asyncio.to_thread(lambda: list(run_contract(database_uri, "contract_clean", CHECKS[:3])))
    with pymongo.MongoClient[dict[str, object]](database_uri) as client:
        assert client["contract_clean"].list_collection_names() == []


async def test_a_breach_is_told_and_cleaned_up(database_uri: str) -> None:
    def broken(scratch: Scratch) -> None:
        scratch.collection("rows").insert_one({"_id": 1})
        expect(condition=False, text="it did something else")

    def refused(scratch: Scratch) -> None:
        scratch.collection("rows").insert_many([{"_id": 1}, {"_id": 1}])

    checks = (Check("a", "x", broken), Check("b", "y", refused))
    first, second = await asyncio.to_thread(lambda: list(run_contract(database_uri, "contract_broken", checks)))
    assert first.breach == "it did something else"
    assert second.breach is not None
    assert "E11000" in second.breach
    with pymongo.MongoClient[dict[str, object]](database_uri) as client:
        assert client["contract_broken"].list_collection_names() == []


def test_every_ranged_index_has_its_check() -> None:
    names = {check.name for check in CHECKS}
    assert {f"ranges of {index.collection}.{index.name}" for index in INDEXES if index.ranged} <= names
    assert all(check.breaks.endswith(".") for check in CHECKS)
    assert issubclass(Breach, Exception)


async def test_acknowledged_writes_survive_kill_9(tmp_path: Path) -> None:
    """j:true: what was acknowledged before the database was killed is there after it."""
    files = KeeperFiles(tmp_path)
    server = EmbeddedServer(tmp_path)
    uri = await server.start()

    def write(first: int) -> list[int]:
        endpoint = files.read_endpoint()
        assert endpoint is not None
        acknowledged: list[int] = []
        options = {"retryWrites": False, "serverSelectionTimeoutMS": 2000}
        with pymongo.MongoClient[dict[str, object]](uri, **options) as client:
            rows = client["trial"]["rows"]
            for number in range(first, first + 400):
                try:
                    rows.insert_one({"_id": number, "data": os.urandom(2000)})
                except PyMongoError:
                    break
                acknowledged.append(number)
                if len(acknowledged) == 60 + first % 37:
                    os.kill(endpoint.database, signal.SIGKILL)
        return acknowledged

    acknowledged: list[int] = []
    for attempt in range(3):
        before = files.read_endpoint()
        acknowledged += await asyncio.to_thread(write, attempt * 1000)
        for _ in range(600):
            after = files.read_endpoint()
            if after is not None and before is not None and after.database != before.database:
                break
            await asyncio.sleep(0.05)
    with pymongo.MongoClient[dict[str, object]](uri) as client:
        stored = {row["_id"] for row in client["trial"]["rows"].find({}, {"_id": 1})}
    assert len(acknowledged) >= 180
    assert set(acknowledged) <= stored
    await server.stop(wait=True)
