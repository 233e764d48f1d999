"""Collection ``accounts``, outside of the write rule: creation, look-up, and what is not mail (password, disabled)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from correio.errors import AlreadyExistsError
from correio.store.database import Database, available, from_document, to_document
from correio.store.documents import AccountDocument, MailboxDocument

_IN: Final = 50


async def insert_account(database: Database, account: AccountDocument, mailboxes: list[MailboxDocument]) -> None:
    """Store a new account with its first mailboxes. Raises AlreadyExistsError when the address is taken."""
    # The mailboxes first: an account that can be found is whole.
    with available():
        await database["mailboxes"].insert_many([to_document(mailbox) for mailbox in mailboxes])
        try:
            await database["accounts"].insert_one(to_document(account))
        except DuplicateKeyError as error:
            await database["mailboxes"].delete_many({"account": account.id})
            raise AlreadyExistsError(f"The account {account.address} exists already.") from error


async def find_account(database: Database, account_id: str) -> AccountDocument | None:
    """Return an account by id."""
    with available():
        found = await database["accounts"].find_one({"_id": account_id})
    return None if found is None else from_document(AccountDocument, found)


async def find_account_by_address(database: Database, address: str) -> AccountDocument | None:
    """Return an account by its normalised address."""
    with available():
        found = await database["accounts"].find_one({"address": address})
    return None if found is None else from_document(AccountDocument, found)


async def find_account_states(database: Database, addresses: Sequence[str]) -> dict[str, tuple[str, bool]]:
    """Return the id of each account among these normalised addresses, and whether it is disabled, by its address."""
    found: dict[str, tuple[str, bool]] = {}
    with available():
        for at in range(0, len(addresses), _IN):
            chunk = list(addresses[at : at + _IN])
            where = {"address": chunk[0] if len(chunk) == 1 else {"$in": chunk}}
            async for document in database["accounts"].find(where, {"address": 1, "disabled": 1}):
                found[document["address"]] = (document["_id"], bool(document.get("disabled")))
    return found


async def count_accounts(database: Database, domain: str) -> int:
    """Return how many accounts have an address in a normalised domain. Reads every address: for administration."""
    with available():
        cursor = database["accounts"].find({}, {"_id": 0, "address": 1})
        return sum([document["address"].endswith(f"@{domain}") async for document in cursor])


async def list_accounts(database: Database) -> list[AccountDocument]:
    """Return every account, by address."""
    with available():
        found = await database["accounts"].find({}).sort("address", 1).to_list(None)
    return [from_document(AccountDocument, document) for document in found]


async def update_account(
    database: Database,
    account_id: str,
    *,
    password: str | None = None,
    disabled: bool | None = None,
    name: str | None = None,
    capabilities_off: list[str] | None = None,
    quota: int | None = None,
    message_quota: int | None = None,
) -> AccountDocument | None:
    """Change what is given, and move the account's clock so that every process hears of it. None: no such account."""
    fields = {
        "password": password,
        "disabled": disabled,
        "capabilities_off": capabilities_off,
        "name": name,
        "quota": quota,
        "message_quota": message_quota,
    }
    with available():
        found = await database["accounts"].find_one_and_update(
            {"_id": account_id},
            {"$set": {key: value for key, value in fields.items() if value is not None}, "$inc": {"modseq": 1}},
            return_document=ReturnDocument.AFTER,
        )
    return None if found is None else from_document(AccountDocument, found)


async def store_password(database: Database, account_id: str, password: str, scram: str) -> bool:
    """Store a new password's hash and credentials, and move the account's clock; False when there is no such account."""
    with available():
        changed = await database["accounts"].update_one(
            {"_id": account_id}, {"$set": {"password": password, "scram": scram}, "$inc": {"modseq": 1}}
        )
    return changed.matched_count == 1


async def replace_password(database: Database, account_id: str, old: str, new: str, scram: str) -> bool:
    """Replace what is stored of a password by what is stored of it today; False when it has been changed meanwhile."""
    with available():
        changed = await database["accounts"].update_one(
            {"_id": account_id, "password": old}, {"$set": {"password": new, "scram": scram}, "$inc": {"modseq": 1}}
        )
    return changed.matched_count == 1


async def claim_turn(database: Database, account_id: str, process: str, until: float) -> None:
    """Ask all other processes to leave the account alone until a time, and make whatever they have planned fail.

    Nothing depends on it but fairness: of two processes that plan and commit at their own pace, the faster would win always.
    """
    with available():
        await database["accounts"].update_one(
            {"_id": account_id}, {"$inc": {"modseq": 1}, "$set": {"turn": process, "turn_until": until}}
        )


_OWNED: Final = (
    ("tokens", "account"),
    ("mailboxes", "account"),
    ("annotations", "account"),
    ("messages", "account"),
    ("search_blocks", "account"),
    ("deliveries", "account"),
    ("sends", "account"),
    ("sieve_scripts", "account"),
    ("sieve_memories", "account"),
)


async def delete_account(database: Database, account_id: str) -> bool:
    """Remove an account with all its mail. Parts are collected later, as others may share them."""
    with available():
        gone = await database["accounts"].delete_one({"_id": account_id})
        for collection, field in _OWNED:
            await database[collection].delete_many({field: account_id})
    return gone.deleted_count == 1
