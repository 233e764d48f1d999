"""Collection ``addresses``: aliases and wildcards, each with where its mail goes."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo.errors import DuplicateKeyError

from correio.errors import AlreadyExistsError
from correio.store.database import Database, available, from_document, to_document
from correio.store.documents import AddressDocument


async def insert_address(database: Database, address: AddressDocument) -> None:
    """Store a new alias. Raises AlreadyExistsError."""
    document = to_document(address)
    if address.wildcard_of is None:
        # So that the index of wildcards has wildcards only.
        del document["wildcard_of"]
    with available():
        try:
            await database["addresses"].insert_one(document)
        except DuplicateKeyError as error:
            raise AlreadyExistsError(f"The alias {address.id} exists already.") from error


async def delete_address(database: Database, address: str) -> bool:
    """Remove an alias; False when there is none."""
    with available():
        return (await database["addresses"].delete_one({"_id": address})).deleted_count == 1


async def find_addresses(database: Database, addresses: Sequence[str]) -> list[AddressDocument]:
    """Return the aliases among these normalised addresses, in no order."""
    return [from_document(AddressDocument, one) for one in await database.find_by_ids("addresses", addresses)]


async def find_wildcards(database: Database, domain: str) -> list[AddressDocument]:
    """Return the wildcards of a domain, its catch-all among them."""
    with available():
        documents = await database["addresses"].find({"wildcard_of": domain}).to_list(None)
    return [from_document(AddressDocument, document) for document in documents]


async def find_aliases_to(database: Database, target: str, limit: int) -> list[AddressDocument]:
    """Return aliases that name a normalised address as a target, spelled so, without wildcards, in no order."""
    with available():
        documents = await database["addresses"].find({"targets": target}).limit(2 * limit).to_list(None)
    found = [from_document(AddressDocument, document) for document in documents]
    return [one for one in found if one.wildcard_of is None][:limit]


async def list_addresses(database: Database) -> list[AddressDocument]:
    """Return every alias, by address."""
    with available():
        documents = await database["addresses"].find({}).sort("_id", 1).to_list(None)
    return [from_document(AddressDocument, document) for document in documents]
