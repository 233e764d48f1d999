"""Collection ``tokens``: bearer tokens by the hash of the token."""

from __future__ import annotations

from correio.store.database import Database, available, from_document, to_document
from correio.store.documents import TokenDocument


async def insert_token(database: Database, token: TokenDocument) -> None:
    """Store a new token."""
    with available():
        await database["tokens"].insert_one(to_document(token))


async def find_token(database: Database, digest: bytes) -> TokenDocument | None:
    """Return a token by its SHA-256."""
    with available():
        found = await database["tokens"].find_one({"digest": digest})
    return None if found is None else from_document(TokenDocument, found)


async def find_token_by_id(database: Database, token_id: str) -> TokenDocument | None:
    """Return a token by its id, whosever it is."""
    with available():
        found = await database["tokens"].find_one({"_id": token_id})
    return None if found is None else from_document(TokenDocument, found)


async def list_tokens(database: Database, account_id: str) -> list[TokenDocument]:
    """Return an account's tokens, newest first."""
    with available():
        found = await database["tokens"].find({"account": account_id}).to_list(None)
    return sorted((from_document(TokenDocument, document) for document in found), key=lambda token: -token.created)


async def delete_token(database: Database, account_id: str, token_id: str) -> TokenDocument | None:
    """Remove a token of this account and return what it was."""
    with available():
        found = await database["tokens"].find_one_and_delete({"_id": token_id, "account": account_id})
    return None if found is None else from_document(TokenDocument, found)


async def touch_token(database: Database, token_id: str, now: int) -> None:
    """Note when a token was last used, in seconds since the epoch."""
    with available():
        await database["tokens"].update_one({"_id": token_id}, {"$max": {"used": now}})


async def delete_tokens(database: Database, account_id: str) -> int:
    """Remove all tokens of an account, as a new password does."""
    with available():
        return (await database["tokens"].delete_many({"account": account_id})).deleted_count


async def delete_expired_tokens(database: Database, now: int) -> int:
    """Remove the tokens that expired before a time in seconds since the epoch."""
    with available():
        return (await database["tokens"].delete_many({"expires": {"$lt": now}})).deleted_count
