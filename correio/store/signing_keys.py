"""Collection ``signing_keys``: the private keys by which the mail of our domains is signed."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo.errors import BulkWriteError

from correio.store.database import Database, available, from_document, to_document
from correio.store.documents import SigningKeyDocument


async def insert_signing_keys(database: Database, keys: Sequence[SigningKeyDocument]) -> None:
    """Store keys; those whose selector the domain has already are left out."""
    with available():
        try:
            await database["signing_keys"].insert_many([to_document(key) for key in keys], ordered=False)
        except BulkWriteError as error:
            if any(fault.get("code") != 11000 for fault in error.details.get("writeErrors", [])):
                raise


async def find_signing_keys(database: Database, domain: str) -> list[SigningKeyDocument]:
    """Return the keys of a domain, by selector."""
    with available():
        found = await database["signing_keys"].find({"domain": domain}).to_list(None)
    return sorted((from_document(SigningKeyDocument, one) for one in found), key=lambda key: key.selector)


async def delete_signing_keys(database: Database, domain: str) -> None:
    """Remove the keys of a domain."""
    with available():
        await database["signing_keys"].delete_many({"domain": domain})
