"""Collection ``views``: packed indexes of large mailboxes, so that a cold SELECT need not read every message."""

from __future__ import annotations

from correio.store.database import Database, available, from_document, to_document
from correio.store.documents import ViewDocument


async def find_view(database: Database, account_id: str, mailbox_id: str) -> ViewDocument | None:
    """Return the packed index of a mailbox, as old as it may be."""
    with available():
        found = await database["views"].find_one({"_id": mailbox_id})
    return None if found is None or found["account"] != account_id else from_document(ViewDocument, found)


async def put_view(database: Database, view: ViewDocument) -> None:
    """Keep a packed index in place of any older one."""
    with available():
        await database["views"].replace_one({"_id": view.id}, to_document(view), upsert=True)


async def delete_view(database: Database, mailbox_id: str) -> None:
    """Drop the packed index of a deleted mailbox."""
    with available():
        await database["views"].delete_one({"_id": mailbox_id})
