"""What the store forgets in the end: old tombstones, content that no message refers to, mail of deleted mailboxes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from correio.store.database import Database, available
from correio.store.slices import windows

_IN = 50
_TOMBSTONE = {"account": 1, "mailbox": 1, "uid": 1, "modseq": 1}


class Tombstone(msgspec.Struct, frozen=True, rename={"id": "_id"}):
    """A tombstone that is due."""

    id: str
    account: str
    mailbox: str
    uid: int
    modseq: int


async def delete_expired_memories(database: Database, now: int) -> int:
    """Forget what rules had to remember up to now, in seconds since the epoch. Returns how much."""
    with available():
        return (await database["sieve_memories"].delete_many({"expires": {"$lte": now}})).deleted_count


async def old_tombstones(database: Database, before: int, about: int) -> AsyncIterator[list[Tombstone]]:
    """Yield the tombstones of messages that went before a time in seconds since the epoch, about so many at once."""
    with available():
        async for found in windows(database["messages"], "gone", before, about, _TOMBSTONE):
            yield msgspec.convert(found, list[Tombstone])


async def raise_floor(database: Database, account_id: str, modseq: int) -> None:
    """Tombstones up to a modseq are about to go: a client older than that gets a full answer from now on."""
    with available():
        await database["accounts"].update_one({"_id": account_id}, {"$max": {"floor": modseq}, "$inc": {"modseq": 1}})


async def delete_tombstones(database: Database, ids: list[str]) -> int:
    """Remove tombstones. Returns how many."""
    gone = 0
    with available():
        for at in range(0, len(ids), _IN):
            gone += (await database["messages"].delete_many({"_id": {"$in": ids[at : at + _IN]}})).deleted_count
    return gone


async def old_parts(database: Database, before: int, about: int) -> AsyncIterator[list[tuple[bytes, int]]]:
    """Yield (digest, when first found orphaned or 0) of content last written before a time, about so many at once."""
    with available():
        async for found in windows(database["parts"], "touched", before, about, {"orphaned": 1}):
            yield [(bytes(one["_id"]), one.get("orphaned", 0)) for one in found]


async def is_referred_to(database: Database, digest: bytes) -> bool:
    """Tell whether any message, stored or on its way out, refers to this content."""
    with available():
        for collection in ("messages", "sends"):
            if await database[collection].find_one({"content": digest}, {"_id": 1}) is not None:
                return True
    return False


async def mark_orphaned(database: Database, digest: bytes, when: int) -> None:
    """Remember when content was found to be referred to by nothing; 0: it is referred to."""
    with available():
        await database["parts"].update_one({"_id": digest}, {"$set": {"orphaned": when}})


async def delete_part(database: Database, digest: bytes, orphaned: int) -> bool:
    """Remove content that is still marked as orphaned since that time: a writer that came meanwhile took the mark off."""
    with available():
        gone = await database["parts"].delete_one({"_id": digest, "orphaned": orphaned})
        if gone.deleted_count:
            number = 1
            while (await database["parts"].delete_one({"_id": digest + number.to_bytes(4, "big")})).deleted_count:
                number += 1
    return bool(gone.deleted_count)


async def unburied_mailboxes(database: Database) -> list[tuple[str, str]]:
    """Return (account, mailbox) of deleted mailboxes whose messages are still there."""
    with available():
        cursor = database["mailboxes"].find({"deleted": True, "buried": False}, {"account": 1})
        return [(one["account"], one["_id"]) async for one in cursor]


async def mark_buried(database: Database, mailbox_id: str) -> None:
    """The messages of a deleted mailbox are removed."""
    with available():
        await database["mailboxes"].update_one({"_id": mailbox_id}, {"$set": {"buried": True}})
