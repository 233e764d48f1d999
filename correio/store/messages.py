"""Collection ``messages``: every reading of it. Writing is in ``transaction.py``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

import msgspec

from correio.store.bounds import widening
from correio.store.database import Database, available, from_document
from correio.store.documents import MessageDocument
from correio.store.slices import first_few

_BATCH: Final = 1000
_LAST_UID: Final = 2**32 - 1
_IN: Final = 50
"""Ids in one ``$in``: the embedded server's time grows with the square of their number."""
_DENSE: Final = 2
"""A range is read as one where it has at most this many times as many UIDs as are asked for."""


class MessageState(msgspec.Struct, frozen=True):
    """What changes in a message, and what the index of a mailbox keeps."""

    uid: int
    modseq: int
    flags: list[str]
    date: int
    size: int
    saved: int
    expunged: bool


class MessageStructure(msgspec.Struct, frozen=True):
    """The rendered IMAP structures of a message."""

    uid: int
    expunged: bool = False
    envelope: bytes = b""
    structure: bytes = b""


_STATE: Final = {"_id": 0, "uid": 1, "modseq": 1, "flags": 1, "date": 1, "size": 1, "saved": 1, "expunged": 1}
_STRUCTURE: Final = {"_id": 0, "uid": 1, "expunged": 1, "envelope": 1, "structure": 1}
_T = TypeVar("_T", MessageState, MessageStructure, MessageDocument)


def _find(
    database: Database, where: dict[str, Any], projection: dict[str, int] | None, order: str, cls: type[_T]
) -> list[_T]:
    cursor = database.synchronous.messages.find(where, projection, batch_size=_BATCH).sort(order, 1)
    return msgspec.convert(list(cursor), list[cls])  # type: ignore[valid-type]


async def load_states(database: Database, account_id: str, mailbox_id: str) -> tuple[list[MessageState], int]:
    """Return the state of every message in a mailbox, by UID, and the newest modseq that was met, tombstones included."""
    where = {"account": account_id, "mailbox": mailbox_id, "uid": {"$gte": 1}}
    with available():
        found = await database.in_thread(_find, database, where, _STATE, "uid", MessageState)
    newest = max((state.modseq for state in found), default=0)
    return [state for state in found if not state.expunged], newest


async def states_since(database: Database, account_id: str, mailbox_id: str, modseq: int) -> list[MessageState]:
    """Return what changed in a mailbox after a modseq, tombstones included, in modseq order."""
    where = {"account": account_id, "mailbox": mailbox_id, "modseq": {"$gt": modseq}}
    with available():
        return await database.in_thread(_find, database, where, _STATE, "modseq", MessageState)


def _ranges(uids: Sequence[int]) -> list[dict[str, Any]]:
    """Return the conditions on ``uid`` that read these ascending UIDs, few enough of others among them."""
    conditions: list[dict[str, Any]] = []
    start = 0
    sparse: list[int] = []
    while start < len(uids):
        end = start
        while end + 1 < len(uids) and uids[end + 1] - uids[end] <= _DENSE:
            end += 1
        if end - start >= 4:
            conditions.append({"$gte": uids[start], "$lte": uids[end]})
        else:
            sparse.extend(uids[start : end + 1])
        start = end + 1
    conditions += [{"$in": sparse[at : at + _IN]} for at in range(0, len(sparse), _IN)]
    return conditions


async def _by_uid(
    database: Database,
    account_id: str,
    mailbox_id: str,
    uids: Sequence[int],
    projection: dict[str, int] | None,
    cls: type[_T],
) -> list[_T]:
    where: dict[str, Any] = {"account": account_id, "mailbox": mailbox_id}
    found: list[_T] = []
    with available():
        if len(uids) == 1:
            one = await database["messages"].find_one({**where, "uid": uids[0]}, projection)
            return [] if one is None or one["expunged"] else [from_document(cls, one)]
        for condition in _ranges(uids):
            found += await database.in_thread(_find, database, {**where, "uid": condition}, projection, "uid", cls)
    return [one for one in found if not one.expunged]


async def find_structures(
    database: Database, account_id: str, mailbox_id: str, uids: Sequence[int]
) -> list[MessageStructure]:
    """Return the rendered structures of messages by ascending UIDs. Some that were not asked for may be among them."""
    return await _by_uid(database, account_id, mailbox_id, uids, _STRUCTURE, MessageStructure)


async def find_messages_by_uid(
    database: Database, account_id: str, mailbox_id: str, uids: Sequence[int]
) -> list[MessageDocument]:
    """Return whole messages by ascending UIDs. Some that were not asked for may be among them."""
    return await _by_uid(database, account_id, mailbox_id, uids, None, MessageDocument)


async def find_messages(database: Database, account_id: str, ids: Sequence[str]) -> list[MessageDocument]:
    """Return messages by id, in no order, without tombstones."""
    return [
        from_document(MessageDocument, document)
        for document in await database.find_by_ids("messages", ids)
        if document["account"] == account_id and not document["expunged"]
    ]


async def existing_ids(database: Database, account_id: str, ids: Sequence[str]) -> set[str]:
    """Tell which of these message ids are stored, as messages or tombstones."""
    present: set[str] = set()
    with available():
        for at in range(0, len(ids), _IN):
            cursor = database["messages"].find({"_id": {"$in": list(ids[at : at + _IN])}}, {"_id": 1, "account": 1})
            present |= {document["_id"] async for document in cursor if document["account"] == account_id}
    return present


async def find_threads(database: Database, account_id: str, msgids: Sequence[bytes]) -> dict[bytes, str]:
    """Return the threads of the messages with these Message-ID hashes."""
    threads: dict[bytes, str] = {}
    with available():
        for at in range(0, len(msgids), _IN):
            where = {"account": account_id, "msgid": {"$in": list(msgids[at : at + _IN])}}
            found = await database["messages"].find(where, {"_id": 0, "msgid": 1, "thread": 1}).to_list(None)
            threads |= {bytes(document["msgid"]): document["thread"] for document in found}
    return threads


class Copy(msgspec.Struct, frozen=True, rename={"id": "_id"}):
    """A message in a mailbox that has a Message-ID which was asked for."""

    id: str
    mailbox: str
    uid: int
    msgid: bytes
    send: str = ""


async def find_copies(database: Database, account_id: str, mailbox_id: str, msgids: Sequence[bytes]) -> list[Copy]:
    """Return the messages of a mailbox with these Message-ID hashes."""
    projection = {"mailbox": 1, "uid": 1, "msgid": 1, "send": 1, "expunged": 1}
    copies: list[Copy] = []
    with available():
        for at in range(0, len(msgids), _IN):
            where = {"account": account_id, "msgid": {"$in": list(msgids[at : at + _IN])}}
            found = await database["messages"].find(where, projection).to_list(None)
            copies += [
                msgspec.convert(document, Copy)
                for document in found
                if document["mailbox"] == mailbox_id and not document["expunged"]
            ]
    return copies


async def delete_mailbox_messages(
    database: Database, account_id: str, mailbox_id: str, after: int, limit: int
) -> int | None:
    """Remove up to ``limit`` messages of a deleted mailbox with UIDs above ``after``. Returns the last UID, if any."""
    where = {"account": account_id, "mailbox": mailbox_id, "uid": {"$gt": after}}
    with available():
        found = await first_few(
            database["messages"], where, "uid", map(int, widening(after, limit, _LAST_UID)), limit, {"uid": 1}
        )
        ids = [document["_id"] for document in found]
        for at in range(0, len(ids), _IN):
            await database["messages"].delete_many({"_id": {"$in": ids[at : at + _IN]}})
    return found[-1]["uid"] if found else None
