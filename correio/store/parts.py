"""Collection ``parts``: content by its SHA-256, written before the transaction that refers to it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Protocol

from pymongo.errors import BulkWriteError

from correio.store.database import Database, available, to_document
from correio.store.documents import PartDocument

CHUNK: Final = 1024 * 1024
_BATCH: Final = 4 * CHUNK
_LOOK_FIRST: Final = 256 * 1024
"""Of a batch of more octets it is asked first what is there: the driver writes all of a refused batch into its error's text."""
_DUPLICATE_KEY: Final = 11000


def chunk_id(digest: bytes, number: int) -> bytes:
    """Return the ``_id`` of a chunk of content."""
    return digest if number == 0 else digest + number.to_bytes(4, "big")


class Storable(Protocol):
    """Content to store: its SHA-256, its octets in number, and the octets themselves in pieces."""

    @property
    def digest(self) -> bytes: ...

    @property
    def size(self) -> int: ...

    def chunks(self, octets: int) -> Iterable[bytes]:
        """Yield pieces of so many octets, the last one shorter; one empty piece where there are none."""


def _documents(contents: Iterable[Storable]) -> Iterator[PartDocument]:
    now = int(time.time())
    for content in contents:
        count = max(1, -(-content.size // CHUNK))
        for number, data in enumerate(content.chunks(CHUNK)):
            yield PartDocument(
                id=chunk_id(content.digest, number), size=content.size, chunks=count, data=data, touched=now
            )


def _batches(documents: Iterable[PartDocument]) -> Iterable[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    octets = 0
    for document in documents:
        if batch and octets + len(document.data) > _BATCH:
            yield batch
            batch, octets = [], 0
        batch.append(to_document(document))
        octets += len(document.data)
    if batch:
        yield batch


def _put(database: Database, contents: Sequence[Storable]) -> None:
    parts = database.synchronous.parts
    # The pieces are made as they are written: no more than a batch of them is held.
    for batch in _batches(_documents(contents)):
        # What is there already is only touched, so that the collector leaves it alone. Where the collector was faster,
        # the touch matches nothing and the insert is made again.
        missing = {document["_id"]: document for document in batch}
        if sum(len(document["data"]) for document in batch) > _LOOK_FIRST:
            for found in parts.find({"_id": {"$in": list(missing)}}, {"_id": 1}):
                twin = bytes(found["_id"])
                if _touch(parts, missing[twin]):
                    del missing[twin]
        while missing:
            try:
                parts.insert_many(list(missing.values()), ordered=False)
            except BulkWriteError as error:
                errors = error.details.get("writeErrors", [])
                if any(item.get("code") != _DUPLICATE_KEY for item in errors):
                    raise
                twins = [list(missing)[item["index"]] for item in errors]
            else:
                break
            still: dict[bytes, dict[str, Any]] = {}
            for twin in twins:
                if not _touch(parts, missing[twin]):
                    still[twin] = missing[twin]
            missing = still


def _touch(parts: Any, document: dict[str, Any]) -> bool:
    """Tell the collector that content is wanted; False where it is not there."""
    changed = parts.update_one(
        {"_id": document["_id"]}, {"$max": {"touched": document["touched"]}, "$set": {"orphaned": 0}}
    )
    return bool(changed.matched_count)


async def put_parts(database: Database, contents: Sequence[Storable]) -> None:
    """Store content that is not stored yet. On return it is durable."""
    if contents:
        with available():
            await database.in_thread(_put, database, contents)


async def find_sizes(database: Database, digests: Sequence[bytes]) -> dict[bytes, int]:
    """Return the octets of each content by its digest, without reading it. What is not there is left out."""
    with available():
        found = await database["parts"].find({"_id": {"$in": list(digests)}}, {"size": 1}).to_list(None)
    return {bytes(document["_id"]): document["size"] for document in found}


def _get(database: Database, ids: Sequence[bytes]) -> dict[bytes, bytes]:
    found = database.synchronous.parts.find({"_id": {"$in": list(ids)}}, {"data": 1}, batch_size=len(ids))
    return {bytes(document["_id"]): document["data"] for document in found}


async def get_parts(database: Database, ids: Sequence[bytes]) -> dict[bytes, bytes]:
    """Return chunks by their ids."""
    with available():
        if len(ids) == 1:
            one = await database["parts"].find_one({"_id": ids[0]}, {"data": 1})
            return {} if one is None else {ids[0]: one["data"]}
        found: dict[bytes, bytes] = {}
        for at in range(0, len(ids), 16):
            found |= await database.in_thread(_get, database, ids[at : at + 16])
        return found
