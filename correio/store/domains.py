"""Collection ``domains``: the domains whose mail ends here."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo.errors import DuplicateKeyError

from correio.errors import AlreadyExistsError
from correio.store.database import Database, available, from_document, to_document
from correio.store.documents import DomainDocument


async def insert_domain(database: Database, domain: DomainDocument) -> None:
    """Store a new domain. Raises AlreadyExistsError."""
    with available():
        try:
            await database["domains"].insert_one(to_document(domain))
        except DuplicateKeyError as error:
            raise AlreadyExistsError(f"The domain {domain.id} exists already.") from error


async def has_domain(database: Database, name: str) -> bool:
    """Tell whether mail for this normalised domain ends here."""
    return await find_domain(database, name) is not None


async def find_domain(database: Database, name: str) -> DomainDocument | None:
    """Return a domain by its normalised name; None when its mail does not end here."""
    with available():
        found = await database["domains"].find_one({"_id": name})
    return None if found is None else from_document(DomainDocument, found)


async def find_domains(database: Database, names: Sequence[str]) -> list[DomainDocument]:
    """Return those of these normalised names whose mail ends here, in no order. One round trip for every 50."""
    return [from_document(DomainDocument, one) for one in await database.find_by_ids("domains", names)]


async def delete_domain(database: Database, name: str) -> bool:
    """Remove a domain; False when there is none."""
    with available():
        return (await database["domains"].delete_one({"_id": name})).deleted_count == 1


async def list_domains(database: Database) -> list[DomainDocument]:
    """Return every domain, by name."""
    with available():
        found = await database["domains"].find({}).sort("_id", 1).to_list(None)
    return [from_document(DomainDocument, document) for document in found]
