"""Collection ``mailboxes``: reading, and the one field that is outside of the account's clock."""

from __future__ import annotations

from correio.store.database import Database, available, from_document
from correio.store.documents import MailboxDocument


async def find_mailboxes(database: Database, account_id: str, since: int = 0) -> list[MailboxDocument]:
    """Return an account's mailboxes, deleted ones included, that changed after a modseq."""
    with available():
        found = await database["mailboxes"].find({"account": account_id}).to_list(None)
    return [from_document(MailboxDocument, document) for document in found if document["modseq"] > since]


async def raise_first_recent(database: Database, account_id: str, mailbox_id: str, uid: int) -> None:
    """Remember that all UIDs below were shown as \\Recent to some session. Not mail: no modseq moves."""
    with available():
        await database["mailboxes"].update_one(
            {"_id": mailbox_id, "account": account_id}, {"$max": {"first_recent": uid}}
        )
