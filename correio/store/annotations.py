"""Collection ``annotations``: the entries of IMAP METADATA (RFC 5464), one document each. Written by transactions alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from correio.store.database import Database, Raw, available, from_document
from correio.store.documents import AnnotationDocument

_WITHOUT_VALUE: Final[Raw] = {"mailbox": 1, "entry": 1, "size": 1, "modseq": 1}
MOST_IDS: Final = 50
"""Of one look-up by name."""


class AnnotationState(msgspec.Struct, frozen=True, rename={"id": "_id"}):
    """An entry without its value. ``size`` in octets; below 0: it has been removed."""

    id: str
    mailbox: str
    entry: str
    size: int
    modseq: int

    @property
    def alive(self) -> bool:
        return self.size >= 0


def annotation_id(account_id: str, mailbox_id: str, entry: str) -> str:
    """Return the id of the document of an entry; ``mailbox_id`` is empty for an entry of the account itself."""
    return (mailbox_id or account_id) + entry


async def find_annotations(database: Database, account_id: str, mailbox_id: str) -> list[AnnotationDocument]:
    """Return the entries of a mailbox, or of the account itself where ``mailbox_id`` is empty."""
    with available():
        found = await database["annotations"].find({"account": account_id, "mailbox": mailbox_id}).to_list(None)
    return _alive(account_id, found)


async def find_named_annotations(
    database: Database, account_id: str, mailbox_id: str, entries: Sequence[str]
) -> list[AnnotationDocument]:
    """Return those of at most ``MOST_IDS`` entries that are there."""
    ids = [annotation_id(account_id, mailbox_id, entry) for entry in entries]
    with available():
        found = await database["annotations"].find({"_id": {"$in": ids}}).to_list(None)
    return _alive(account_id, found)


def _alive(account_id: str, found: list[Raw]) -> list[AnnotationDocument]:
    documents = [from_document(AnnotationDocument, one) for one in found if one["account"] == account_id]
    return [document for document in documents if document.size >= 0]


async def annotation_states(database: Database, account_id: str, mailbox_id: str) -> list[AnnotationState]:
    """Return the entries of a mailbox, removed ones included, without their values."""
    with available():
        cursor = database["annotations"].find({"account": account_id, "mailbox": mailbox_id}, _WITHOUT_VALUE)
        return msgspec.convert(await cursor.to_list(None), list[AnnotationState])


async def changed_annotations(database: Database, account_id: str, since: int) -> list[AnnotationState]:
    """Return the entries of all of an account's mailboxes that changed after a modseq, removed ones included."""
    with available():
        cursor = database["annotations"].find({"account": account_id, "modseq": {"$gt": since}}, _WITHOUT_VALUE)
        return msgspec.convert(await cursor.to_list(None), list[AnnotationState])


async def delete_annotations(database: Database, account_id: str, mailbox_id: str) -> None:
    """Remove what a deleted mailbox had."""
    with available():
        await database["annotations"].delete_many({"account": account_id, "mailbox": mailbox_id})
