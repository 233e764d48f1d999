"""The one write rule: every change to an account's mail is one transaction that begins at the account document.

The first statement moves each account from the modseq the plan was made at to the new one, in ``_id`` order. Whoever
planned at an older modseq matches nothing and starts again: so commit order is modseq order is UID order, across any
number of processes. The statement is an update with the expected modseq in its filter rather than a findOneAndUpdate: it
is the same conflict point, tells in one round trip for any number of accounts, and needs no reading back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure, PyMongoError

from correio.errors import OutcomeUnknownError, UnavailableError
from correio.store.database import BY_ID, Database, Raw, to_document
from correio.store.documents import (
    AccountDocument,
    AnnotationDocument,
    MailboxDocument,
    MessageDocument,
    SieveMemoryDocument,
    SieveScriptDocument,
)
from correio.store.queue_documents import DeliveryDocument, OnceDocument, SendDocument

_DUPLICATE_KEY: Final = 11000
_HEAVY: Final = ("envelope", "structure", "parsed", "source", "layout", "content", "authentication", "msgid")
_TIMEOUT: Final = 45.0
"""Seconds."""
_TIMEOUT_MESSAGE: Final = 0.01
"""Seconds more for every message: COPY and QUIT are done for all or none, and the embedded server takes its time."""


class GuardFailedError(Exception):
    """An account moved on since the plan was made, or a delivery to be canceled was tried: refresh and plan again."""


class DuplicateMessageError(Exception):
    """A message of this plan is stored already: an earlier attempt with an unknown outcome did commit."""


class FlagsWrite(msgspec.Struct, frozen=True):
    """The messages of one mailbox with UIDs in a range get these flags. No tombstone lies in the range."""

    account: str
    mailbox: str
    first: int
    last: int
    flags: tuple[str, ...]
    modseq: int


class ExpungeWrite(msgspec.Struct, frozen=True):
    """The messages of one mailbox with UIDs in a range become tombstones."""

    account: str
    mailbox: str
    first: int
    last: int
    modseq: int
    gone: int


class MoveWrite(msgspec.Struct, frozen=True):
    """The messages of one mailbox with UIDs in a range go to another, each UID raised by ``offset``."""

    account: str
    mailbox: str
    first: int
    last: int
    target: str
    offset: int
    modseq: int
    saved: int
    flags: tuple[str, ...] | None = None


class CancelWrite(msgspec.Struct, frozen=True):
    """Deliveries that nobody has tried end. If somebody has, nothing of the transaction happens."""

    ids: tuple[str, ...]
    ended: int


class AccountWrite(msgspec.Struct, frozen=True):
    """An account goes from one modseq to another; ``document`` holds its new counters."""

    expected: int
    document: AccountDocument
    fields: tuple[str, ...]
    """The names of what changes, ``modseq`` among them: the server's time grows with what it is told to set."""


class MailboxWrite(msgspec.Struct, frozen=True):
    """A mailbox gets these fields of its new document."""

    document: MailboxDocument
    fields: tuple[str, ...]


class Writes(msgspec.Struct):
    """All the writes of one transaction. Order within: accounts, mailboxes, annotations, message updates and inserts."""

    accounts: list[AccountWrite] = msgspec.field(default_factory=list)
    new_mailboxes: list[MailboxDocument] = msgspec.field(default_factory=list)
    mailboxes: list[MailboxWrite] = msgspec.field(default_factory=list)
    annotations: list[AnnotationDocument] = msgspec.field(default_factory=list)
    forgotten_annotations: list[str] = msgspec.field(default_factory=list)
    """Ids of removed entries to be remembered no longer."""
    changes: list[FlagsWrite | ExpungeWrite | MoveWrite] = msgspec.field(default_factory=list)
    messages: list[MessageDocument] = msgspec.field(default_factory=list)
    sends: list[SendDocument] = msgspec.field(default_factory=list)
    deliveries: list[DeliveryDocument] = msgspec.field(default_factory=list)
    """Outbound mail that is accepted with the change, or not at all."""
    onces: list[OnceDocument] = msgspec.field(default_factory=list)
    scripts: list[SieveScriptDocument] = msgspec.field(default_factory=list)
    removed_scripts: list[str] = msgspec.field(default_factory=list)
    memories: list[SieveMemoryDocument] = msgspec.field(default_factory=list)
    cancels: list[CancelWrite] = msgspec.field(default_factory=list)


def _account_update(write: AccountWrite) -> UpdateOne:
    return UpdateOne(
        {"_id": write.document.id, "modseq": write.expected},
        {"$set": {name: getattr(write.document, name) for name in write.fields}},
        hint=BY_ID,
    )


def _mailbox_update(write: MailboxWrite) -> UpdateOne:
    return UpdateOne(
        {"_id": write.document.id}, {"$set": {name: getattr(write.document, name) for name in write.fields}}
    )


def _uids(first: int, last: int) -> int | Raw:
    return first if first == last else {"$gte": first, "$lte": last}


def _message_update(change: FlagsWrite | ExpungeWrite | MoveWrite) -> UpdateOne | UpdateMany:
    where: Raw = {"account": change.account, "mailbox": change.mailbox, "uid": _uids(change.first, change.last)}
    update: Raw
    match change:
        case FlagsWrite():
            update = {"$set": {"flags": list(change.flags), "modseq": change.modseq}}
        case ExpungeWrite():
            update = {
                "$set": {"expunged": True, "gone": change.gone, "modseq": change.modseq, "flags": []},
                "$unset": dict.fromkeys(_HEAVY, ""),
            }
        case MoveWrite():
            fields: Raw = {"mailbox": change.target, "modseq": change.modseq, "saved": change.saved}
            if change.flags is not None:
                fields["flags"] = list(change.flags)
            update = {"$set": fields, "$inc": {"uid": change.offset}}
    return UpdateOne(where, update) if change.first == change.last else UpdateMany(where, update)


def message_document(message: MessageDocument) -> Raw:
    """Return a message as stored: a tombstone has no heavy field, an ordinary message none that is empty."""
    document = to_document(message)
    for name in ("layout", "content", "send", "gone"):
        if not document[name]:
            del document[name]
    if message.expunged:
        for name in _HEAVY:
            document.pop(name, None)
    return document


def _delivery_document(delivery: DeliveryDocument) -> Raw:
    """Return a delivery as the document MongoDB stores: without what says nothing yet and is never asked for."""
    document = to_document(delivery)
    for name in ("number", "phase", "orcpt", "delay_told", "history"):
        if not document[name]:
            del document[name]
    return document


def _perform(database: Database, writes: Writes, session: ClientSession) -> None:
    db = database.synchronous
    ordered = sorted(writes.accounts, key=lambda write: write.document.id)
    if ordered:
        guard = db.accounts.bulk_write([_account_update(write) for write in ordered], session=session)
        if guard.matched_count != len(ordered):
            raise GuardFailedError
    boxes: list[Any] = [InsertOne(to_document(mailbox)) for mailbox in writes.new_mailboxes]
    boxes += [_mailbox_update(write) for write in sorted(writes.mailboxes, key=lambda write: write.document.id)]
    if boxes:
        db.mailboxes.bulk_write(boxes, session=session)
    _replace(db.annotations, writes.annotations, writes.forgotten_annotations, session)
    if writes.changes:
        db.messages.bulk_write([_message_update(change) for change in writes.changes], session=session)
    _replace(db.sieve_scripts, writes.scripts, writes.removed_scripts, session)
    _replace(db.sieve_memories, writes.memories, (), session)
    _insert(db.messages, [message_document(message) for message in writes.messages], session)
    _insert(db.sends, [to_document(send) for send in writes.sends], session)
    _insert(db.onces, [to_document(once) for once in writes.onces], session)
    _insert(db.deliveries, [_delivery_document(delivery) for delivery in writes.deliveries], session)
    cancels = [_cancel(one, write.ended) for write in writes.cancels for one in write.ids]
    if cancels and db.deliveries.bulk_write(cancels, session=session).matched_count != len(cancels):
        raise GuardFailedError


def _cancel(delivery_id: str, ended: int) -> UpdateOne:
    untried: Raw = {"_id": delivery_id, "lease": "", "attempts": 0, "ended": 0}
    return UpdateOne(untried, {"$set": {"status": "canceled", "queue": "", "ended": ended}})


def _replace(
    collection: Any,
    documents: Sequence[AnnotationDocument | SieveScriptDocument | SieveMemoryDocument],
    removed: Sequence[str],
    session: ClientSession,
) -> None:
    changes: list[Any] = [DeleteOne({"_id": one}) for one in removed]
    changes += [ReplaceOne({"_id": one.id}, to_document(one), upsert=True) for one in documents]
    if changes:
        collection.bulk_write(changes, session=session)


def _insert(collection: Any, documents: list[Raw], session: ClientSession) -> None:
    if not documents:
        return
    try:
        collection.insert_many(documents, session=session)
    except BulkWriteError as error:
        codes = {item.get("code") for item in error.details.get("writeErrors", [])}
        if codes == {_DUPLICATE_KEY}:
            raise DuplicateMessageError from error
        raise


def _commit(database: Database, writes: Writes) -> None:
    # Bounds the whole, retries included: a client hears that it may try again before it gives up on us.
    touched = len(writes.messages) + sum(change.last - change.first + 1 for change in writes.changes)
    touched += sum(len(write.ids) for write in writes.cancels)
    database.transact(lambda session: _perform(database, writes, session), _TIMEOUT + _TIMEOUT_MESSAGE * touched)


async def commit(database: Database, writes: Writes) -> None:
    """Perform all the writes or none.

    Raises GuardFailedError or DuplicateMessageError when the plan must be made again, OutcomeUnknownError when the commit
    may or may not have happened, UnavailableError when it did not.
    """
    try:
        await database.in_thread(_commit, database, writes)
    except (GuardFailedError, DuplicateMessageError):
        raise
    except PyMongoError as error:
        if error.has_error_label("UnknownTransactionCommitResult") or isinstance(error, ConnectionFailure):
            raise OutcomeUnknownError("The database did not confirm the change; it may have happened.") from error
        if isinstance(error, OperationFailure) and error.code == _DUPLICATE_KEY:
            raise DuplicateMessageError from error
        raise UnavailableError("The database refused the change; try again later.") from error
