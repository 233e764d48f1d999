"""Collections ``sends`` and ``onces``: reading what was accepted, and forgetting it in the end."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Sequence
from math import inf
from typing import Any, Final, NamedTuple

from correio.store.bounds import DAY
from correio.store.database import Database, available, from_document
from correio.store.queue_documents import DeliveryDocument, OnceDocument, SendDocument
from correio.store.readable import read_what_is_left
from correio.store.slices import first_few, windows
from correio.store.transaction import DuplicateMessageError, Writes, commit

_log = logging.getLogger("correio.queue")
_IN: Final = 50
_ONE_SECOND: Final = 50
"""Sends read beyond a page: of one second they are in no order, and a page may begin and end within one."""
_WITHOUT_OCTETS: Final = {"source": 0, "layout": 0, "content": 0}


async def insert_outgoing(
    database: Database, sends: Sequence[SendDocument], deliveries: Sequence[DeliveryDocument]
) -> None:
    """Store sends that change no account, with their deliveries, all or none. What is there already is left as it is, and
    then of the rest each is stored on its own.

    Raises UnavailableError; to do so again changes nothing.
    """
    try:
        await commit(database, Writes(sends=list(sends), deliveries=list(deliveries)))
    except DuplicateMessageError:
        if len(sends) == 1:
            return
        for send in sends:
            await insert_outgoing(database, [send], [one for one in deliveries if one.send == send.id])


async def find_send(database: Database, account_id: str, send_id: str, *, octets: bool = False) -> SendDocument | None:
    """Return a send of an account, without its message unless ``octets``."""
    with available():
        found = await database["sends"].find_one({"_id": send_id}, None if octets else _WITHOUT_OCTETS)
    if found is None or found.get("account", "") != account_id:
        return None
    return from_document(SendDocument, found) if octets else _shown(found)


class FoundSends(NamedTuple):
    """Sends by id, and of those whose document cannot be read what is left of it, which is not to be sent."""

    sends: dict[str, SendDocument]
    unreadable: dict[str, SendDocument]


async def find_sends(database: Database, send_ids: Sequence[str]) -> FoundSends:
    """Return sends of any account with their messages: for the queue alone."""
    sends, unreadable = FoundSends({}, {})
    for document in await database.find_by_ids("sends", send_ids):
        send, wrong = _read(document)
        if wrong:
            _log.error("send %s cannot be read: %s", document["_id"], wrong)
        (unreadable if wrong else sends)[document["_id"]] = send
    return FoundSends(sends, unreadable)


async def find_sends_of(database: Database, account_id: str, send_ids: Sequence[str]) -> dict[str, SendDocument]:
    """Return sends of an account without their messages; those of others are left out."""
    sends: dict[str, SendDocument] = {}
    with available():
        for at in range(0, len(send_ids), _IN):
            cursor = database["sends"].find({"_id": {"$in": list(send_ids[at : at + _IN])}}, _WITHOUT_OCTETS)
            found = await cursor.to_list(None)
            sends |= {one["_id"]: _shown(one) for one in found if one.get("account", "") == account_id}
    return sends


async def list_sends(
    database: Database,
    account_id: str,
    limit: int,
    beyond: tuple[int, str] | None = None,
    *,
    newest_first: bool = True,
    including: bool = False,
) -> list[SendDocument]:
    """Return an account's sends without their messages, newest first or oldest first, those of one second by id likewise.

    ``beyond`` is where the last page ended: time and id, itself left out unless ``including``. One round trip, two
    the first time an account is asked for, and more where more than a few are of one second.
    """
    where: dict[str, Any] = {"account": account_id}
    if beyond is not None:
        where["created"] = {"$lte" if newest_first else "$gte": beyond[0]}
    wanted = limit + _ONE_SECOND
    start, end = (time.time(), 0.0) if newest_first else (0.0, time.time() + DAY)
    if beyond is not None:
        start = beyond[0]
    while True:
        with available():
            read = await first_few(
                database["sends"],
                where,
                "created",
                database.densities.bounds(account_id, start, end),
                wanted,
                _WITHOUT_OCTETS,
                order=-1 if newest_first else 1,
            )
        enough = len(read) == wanted
        if enough:
            database.densities.note(account_id, abs(read[-1]["created"] - start))
        elif beyond is None:
            database.densities.note(account_id, inf)
        keys = [(document["created"], document["_id"]) for document in read]
        if enough:
            # Of the last second there may be others, which stand before some of these.
            keys = [key for key in keys if key[0] != keys[-1][0]]
        if beyond is not None:
            keys = [
                key for key in keys if (key < beyond if newest_first else key > beyond) or (including and key == beyond)
            ]
        if len(keys) >= limit or not enough:
            break
        wanted *= 4
    documents = {document["_id"]: document for document in read}
    return [_shown(documents[key[1]]) for key in sorted(keys, reverse=newest_first)[:limit]]


async def old_sends(database: Database, before: int, about: int) -> AsyncIterator[list[str]]:
    """Yield the ids of all sends that were made before a time in seconds since the epoch, about so many at once."""
    with available():
        async for found in windows(database["sends"], "created", before, about, {"_id": 1}):
            yield [document["_id"] for document in found]


async def set_copy(database: Database, account_id: str, send_id: str, message_id: str) -> None:
    """Another message is the sender's copy of a send now."""
    with available():
        await database["sends"].update_one({"_id": send_id, "account": account_id}, {"$set": {"message": message_id}})


async def find_once(database: Database, once_id: str) -> OnceDocument | None:
    """Return what a key stands for."""
    with available():
        found = await database["onces"].find_one({"_id": once_id})
    return None if found is None else from_document(OnceDocument, found)


async def forget_once(database: Database, once: OnceDocument) -> None:
    """Forget a key that has expired."""
    with available():
        await database["onces"].delete_one({"_id": once.id, "expires": once.expires})


async def forget_onces(database: Database, now: int) -> None:
    """Forget every key that has expired."""
    with available():
        await database["onces"].delete_many({"expires": {"$lte": now}})


def _read(document: dict[str, Any]) -> tuple[SendDocument, str]:
    """Return what can be read of a send, and what is wrong with it, "" where nothing is."""
    instead = {"id": str(document["_id"]), "kind": "submission", "created": 0, "send_at": 0, "sender": "", "size": 0}
    return read_what_is_left(SendDocument, document, instead)


def _shown(document: dict[str, Any]) -> SendDocument:
    """Return a send for people, without its message."""
    return _read(document)[0]
