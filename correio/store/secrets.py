"""Collection ``secrets``: random octets that all processes over one database share."""

from __future__ import annotations

from pymongo.errors import DuplicateKeyError

from correio.store.database import Database, available, from_document, to_document
from correio.store.documents import SecretDocument


async def shared_secret(database: Database, name: str, proposed: bytes) -> bytes:
    """Return the secret of this name; where there is none yet, ``proposed`` becomes it. Raises UnavailableError."""
    with available():
        found = await database["secrets"].find_one({"_id": name})
        if found is None:
            try:
                await database["secrets"].insert_one(to_document(SecretDocument(id=name, value=proposed)))
            except DuplicateKeyError:
                found = await database["secrets"].find_one({"_id": name})
    return proposed if found is None else from_document(SecretDocument, found).value
