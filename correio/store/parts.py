"""Collection ``parts``: content by its SHA-256, written before the transaction that refers to it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

from pymongo.errors import BulkWriteError

from correio.store.database import Database, available, to_document
from correio.store.documents import PartDocument

CHUNK: Final = 1024 * 1024
_BATCH: Final = 8 * CHUNK
_DUPLICATE_KEY: Final = 11000


def chunk_id(digest: bytes, number: int) -> bytes:
    """Return the ``_id`` of a chunk of content."""
    return digest if number == 0 else digest + number.to_bytes(4, "big")


def part_documents(content: bytes, digest: bytes | None = None) -> list[PartDocument]:
    """Return the documents that hold this content."""
    digest = digest or hashlib.sha256(content).digest()
    now = int(time.time())
    count = max(1, -(-len(content) // CHUNK))
    return [
        PartDocument(
            id=chunk_id(digest, number),
            size=len(content),
            chunks=count,
            data=content[number * CHUNK : (number + 1) * CHUNK],
            touched=now,
        )
        for number in range(count)
    ]


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


def _put(database: Database, documents: Sequence[PartDocument]) -> None:
    parts = database.synchronous.parts
    for batch in _batches(documents):
        # What is there already is only touched, so that the collector leaves it alone. Where the collector was faster,
        # the touch matches nothing and the insert is made again.
        missing = {document["_id"]: document for document in batch}
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
                touched = parts.update_one(
                    {"_id": twin}, {"$max": {"touched": missing[twin]["touched"]}, "$set": {"orphaned": 0}}
                )
                if not touched.matched_count:
                    still[twin] = missing[twin]
            missing = still


async def put_parts(database: Database, documents: Sequence[PartDocument]) -> None:
    """Store content that is not stored yet. On return it is durable."""
    if documents:
        with available():
            await database.in_thread(_put, database, documents)


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
