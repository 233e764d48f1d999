"""Collection ``greylist``: which clients, senders and recipients were met, and when what is known of them may be forgotten."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from pymongo import UpdateOne

from correio.store.database import Database, available, from_document, to_document
from correio.store.documents import AS_ID


class MetDocument(msgspec.Struct, frozen=True, rename=AS_ID):
    """A client, a client with a sender's domain, or these with a recipient."""

    id: str
    first: int
    """When it was met first, in seconds since the epoch."""
    passes: int
    """How often mail of it was let through."""
    expires: int
    """When it may be forgotten, in seconds since the epoch."""


async def find_met(database: Database, keys: Sequence[str]) -> dict[str, MetDocument]:
    """Return what is known of some keys, at most 50, by key."""
    with available():
        documents = await database["greylist"].find({"_id": {"$in": list(keys)}}).to_list(None)
    return {document["_id"]: from_document(MetDocument, document) for document in documents}


async def note_first(database: Database, met: MetDocument) -> None:
    """Note that a key was met for the first time, or for the first time after it may have been forgotten."""
    with available():
        await database["greylist"].replace_one({"_id": met.id}, to_document(met), upsert=True)


async def note_passes(database: Database, keys: Sequence[str], now: int, expires: int) -> None:
    """Note that mail of these was let through."""
    with available():
        await database["greylist"].bulk_write(
            [
                UpdateOne(
                    {"_id": key},
                    {"$inc": {"passes": 1}, "$set": {"expires": expires}, "$setOnInsert": {"first": now}},
                    upsert=True,
                )
                for key in keys
            ],
            ordered=False,
        )


async def forget_met(database: Database, now: int) -> None:
    """Forget what may be forgotten."""
    with available():
        await database["greylist"].delete_many({"expires": {"$lte": now}})
