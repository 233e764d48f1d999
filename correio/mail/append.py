"""Adding messages to a mailbox: IMAP APPEND, REST import, ``correio import``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

import msgspec

from correio.errors import ForbiddenError
from correio.ids import Kind, derived_id
from correio.mail.account import Account
from correio.mail.committer import Operation
from correio.mail.draft import Draft
from correio.mail.flags import NO_FLAGS, FlagSet, flag_set
from correio.mail.ingest import Ingested, ingest, normalised, parent_of
from correio.mail.room import submit_if_room
from correio.store.documents import MessageDocument
from correio.store.messages import find_threads


class NewMessage(msgspec.Struct):
    """A message to add. Bare CR and LF become CRLF unless ``verbatim`` (RFC 3516 literal8)."""

    raw: bytes
    flags: FlagSet = NO_FLAGS
    date: int | None = None
    """INTERNALDATE in seconds since the epoch; None: now."""
    verbatim: bool = False


class Appended(msgspec.Struct, frozen=True):
    """A message that was added."""

    id: str
    uid: int
    modseq: int
    size: int
    email: str
    thread: str


class Item(msgspec.Struct):
    """A message ready to be added."""

    ingested: Ingested
    document: MessageDocument
    parent: bytes | None


def appended(document: MessageDocument) -> Appended:
    """Return the result for a stored message."""
    return Appended(document.id, document.uid, document.modseq, document.size, document.email, document.thread)


class AddMessages(Operation[list[Appended]]):
    """Adds messages to one mailbox, all or none."""

    def __init__(self, account: Account, mailbox_id: str, items: Sequence[Item]) -> None:
        super().__init__(account)
        self.mailbox_id: Final = mailbox_id
        self.items: Final = items
        self.weight = len(items)
        self.octets = sum(item.ingested.inline_octets for item in items)
        self.inserts = [item.document.id for item in items]

    async def prepare(self) -> None:
        # Only what names a parent and no root has to look; see parent_of.
        parents = [item.parent for item in self.items if item.parent is not None]
        if parents:
            threads = await find_threads(self.account.store.database, self.account.id, parents)
            for item in self.items:
                if item.parent is not None and item.parent in threads:
                    item.document.thread = threads[item.parent]
                # A later one of the same batch may answer this one, which is not stored yet.
                threads[item.document.msgid] = item.document.thread

    def plan(self, draft: Draft) -> list[Appended]:
        return self.add(draft)

    def add(self, draft: Draft, *, freed: Sequence[int] = ()) -> list[Appended]:
        """Record the messages. ``freed`` are the sizes of those that go in the same step, which count against no quota."""
        box = draft.mailbox(self.mailbox_id)
        if not box.document.selectable:
            raise ForbiddenError("This mailbox is a name with children only; it holds no messages.")
        draft.room_for(sum(item.document.size for item in self.items) - sum(freed), len(self.items) - len(freed))
        results: list[Appended] = []
        documents = [msgspec.structs.replace(item.document) for item in self.items]
        admitted = [draft.admit(box, flag_set(document.flags)) for document in documents]
        for document, flags in zip(documents, admitted, strict=True):
            modseq = draft.tick()
            document.flags = list(flags.ordered)
            document.created = modseq
            draft.add_message(box, document, modseq)
            results.append(appended(document))
        return results

    def recover(self, stored: dict[str, MessageDocument]) -> list[Appended]:
        return [appended(stored[message_id]) for message_id in self.inserts if message_id in stored]


def item_for(
    account: Account,
    ingested: Ingested,
    *,
    key: Sequence[str | bytes | int],
    email: str,
    flags: FlagSet,
    date: int,
    saved: int,
) -> Item:
    """Return what AddMessages takes. ``key`` fixes the message's id: the same key is the same message."""
    document = ingested.document(
        message_id=derived_id(Kind.MESSAGE, account.id, *key),
        account=account.id,
        email=email,
        flags=list(flags.ordered),
        date=date,
        saved=saved,
    )
    return Item(ingested, document, parent_of(ingested.parsed))


async def items_of(account: Account, messages: Sequence[NewMessage]) -> list[Item]:
    """Make messages ready to be added. Raises TooLargeError, InvalidInputError, UnavailableError."""
    store = account.store
    key = os.urandom(16)
    now = store.now()
    items: list[Item] = []
    for number, message in enumerate(messages):
        raw = message.raw if message.verbatim else await normalised(store, message.raw)
        ingested = await ingest(store, raw)
        email = derived_id(Kind.EMAIL, key, number)
        date = now if message.date is None else message.date
        items.append(
            item_for(account, ingested, key=(key, number), email=email, flags=message.flags, date=date, saved=now)
        )
    return items


async def append_messages(account: Account, mailbox_id: str, messages: Sequence[NewMessage]) -> list[Appended]:
    """Add messages to a mailbox, all or none. On return they are durable.

    Raises NotFoundError (mailbox), TooLargeError, QuotaExceededError, LimitError, InvalidInputError, UnavailableError.
    """
    account.mailbox(mailbox_id)
    return await submit_if_room(account, AddMessages(account, mailbox_id, await items_of(account, messages)))
