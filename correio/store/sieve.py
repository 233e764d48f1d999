"""Collections ``sieve_scripts`` and ``sieve_memories``. Both are written by transactions, but for what went wrong with a script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from correio.store.database import Database, Raw, available, from_document
from correio.store.documents import SieveMemoryDocument, SieveScriptDocument

_IN: Final = 50
_WITHOUT_TEXT: Final[Raw] = {"text": 0}


async def find_scripts(database: Database, account_id: str) -> list[SieveScriptDocument]:
    """Return the scripts of an account without their texts, by name."""
    with available():
        found = await database["sieve_scripts"].find({"account": account_id}, _WITHOUT_TEXT).to_list(None)
    scripts = [from_document(SieveScriptDocument, {**one, "text": b""}) for one in found]
    return sorted(scripts, key=lambda script: script.name)


async def find_script(database: Database, account_id: str, script_id: str) -> SieveScriptDocument | None:
    """Return a script of an account."""
    with available():
        found = await database["sieve_scripts"].find_one({"_id": script_id})
    if found is None or found["account"] != account_id:
        return None
    return from_document(SieveScriptDocument, found)


async def note_failure(database: Database, script_id: str, problem: str, when: int) -> None:
    """Keep what went wrong when a script was run, for its author. ``when`` in seconds since the epoch."""
    with available():
        await database["sieve_scripts"].update_one({"_id": script_id}, {"$set": {"problem": problem, "failed": when}})


async def find_memories(database: Database, memory_ids: Sequence[str]) -> list[SieveMemoryDocument]:
    """Return those that are there, expired or not."""
    found: list[SieveMemoryDocument] = []
    with available():
        for at in range(0, len(memory_ids), _IN):
            cursor = database["sieve_memories"].find({"_id": {"$in": list(memory_ids[at : at + _IN])}})
            found += [from_document(SieveMemoryDocument, one) async for one in cursor]
    return found


async def trim_memories(database: Database, account_id: str, most: int) -> int:
    """Leave an account at most so many, and drop what expires first. Returns how many went."""
    memories = database["sieve_memories"]
    gone = 0
    with available():
        over = await memories.count_documents({"account": account_id}) - most
        if over <= 0:
            return 0
        cursor = memories.find({"account": account_id}, {"_id": 1}).sort("expires", 1).limit(over)
        ids = [one["_id"] async for one in cursor]
        for at in range(0, len(ids), _IN):
            gone += (await memories.delete_many({"_id": {"$in": ids[at : at + _IN]}})).deleted_count
    return gone
