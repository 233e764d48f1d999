"""Collection ``deliveries``: what waits in the queue, who has it, and what became of it.

A worker holds a delivery by the token in ``lease`` until ``due``. Whoever writes what became of it names the token, so that a
worker that was thought dead changes nothing any more.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Final

import msgspec
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from correio.store.bounds import DAY, widening
from correio.store.database import BY_ID, Database, Raw, available
from correio.store.queue_documents import APART, NEVER, Attempt, DeliveryDocument, DeliveryStatus
from correio.store.readable import read_what_is_left
from correio.store.slices import first_few

_log = logging.getLogger("correio.queue")
_IN: Final = 50
_SOON: Final = 60.0
_FAR: Final = DAY
"""Seconds ahead between which the next delivery is looked for in slices."""
GRACE: Final = 5.0
"""Seconds after the end of a lease from which on its worker is believed to know of it, whatever its clock says."""
_WITHOUT_DIALOGUES: Final = {"history.transcript": 0}
HISTORY: Final = 20
"""Attempts that are kept of a delivery."""


class DeliveryChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker writes of a delivery it holds."""

    id: str
    lease: str
    status: DeliveryStatus
    due: float
    attempt: Attempt | None = None
    ended: int = 0
    delay_told: bool = False

    def update(self) -> UpdateOne:
        """Return the write. It matches only while the worker holds the delivery."""
        fields: Raw = {"status": self.status, "due": self.due, "lease": "", "phase": ""}
        if self.ended:
            fields |= {"queue": "", "ended": self.ended}
        if self.delay_told:
            fields["delay_told"] = True
        change: Raw = {"$set": fields}
        if self.attempt is not None:
            change["$push"] = {"history": {"$each": [msgspec.to_builtins(self.attempt)], "$slice": -HISTORY}}
            change["$inc"] = {"attempts": 1}
        return UpdateOne({"_id": self.id, "lease": self.lease}, change, hint=BY_ID)


class EnterData(msgspec.Struct, frozen=True):
    """A worker is about to end a message: found in this phase later, it may have arrived."""

    id: str
    lease: str

    def update(self) -> UpdateOne:
        """Return the write. It matches only while the worker holds the delivery."""
        return UpdateOne({"_id": self.id, "lease": self.lease}, {"$set": {"phase": "data"}}, hint=BY_ID)


DeliveryUpdate = DeliveryChange | EnterData


def _read(document: Raw) -> tuple[DeliveryDocument, str]:
    """Return what can be read of a delivery, and what is wrong with it, "" where nothing is."""
    instead = {"id": str(document["_id"]), "send": "", "recipient": "?", "queue": "", "due": NEVER, "created": 0}
    return read_what_is_left(DeliveryDocument, document, instead | {"expires": 0, "status": "held"})


def _shown(document: Raw) -> DeliveryDocument:
    """Return a delivery for people; of one that cannot be read it says so in the place of its last attempt."""
    delivery, wrong = _read(document)
    if not wrong:
        return delivery
    return msgspec.structs.replace(delivery, history=[*delivery.history, _trouble(wrong, delivery.created)])


def _due(document: Raw) -> float:
    due = document.get("due")
    return float(due) if isinstance(due, int | float) else NEVER


async def find_deliveries_of(
    database: Database, send_ids: Sequence[str], *, transcripts: bool = True
) -> dict[str, list[DeliveryDocument]]:
    """Return the deliveries of sends, in the order of their recipients, without the dialogues unless ``transcripts``."""
    found: dict[str, list[DeliveryDocument]] = {}
    shown = None if transcripts else _WITHOUT_DIALOGUES
    with available():
        for at in range(0, len(send_ids), _IN):
            cursor = database["deliveries"].find({"send": {"$in": list(send_ids[at : at + _IN])}}, shown)
            for document in await cursor.to_list(None):
                found.setdefault(document["send"], []).append(_shown(document))
    for deliveries in found.values():
        deliveries.sort(key=lambda one: one.number)
    return found


async def find_delivery(database: Database, delivery_id: str) -> DeliveryDocument | None:
    """Return a delivery by its id."""
    with available():
        found = await database["deliveries"].find_one({"_id": delivery_id})
    return None if found is None else _shown(found)


class Leased(msgspec.Struct, frozen=True):
    """What a worker has taken of a site."""

    deliveries: list[DeliveryDocument]
    due: list[float]
    """When they were due, with those that another worker was faster to take."""
    more: float | None
    """When the first of the others was due; None: nothing else is."""


async def lease_due(
    database: Database,
    site: str,
    now: float,
    until: float,
    token: str,
    limit: int,
    *,
    bounds: Iterable[float] | None = None,
) -> Leased:
    """Take what is due at a site, oldest first. Three round trips, and one more for each of ``bounds`` that is in vain.

    ``bounds`` are times to read up to, one after the other until there is enough, the last of them ``now``: see
    ``correio.store.slices``. What another worker took meanwhile is left to it. A document that cannot be read is held, so
    that it keeps none of the others: it stays in the queue for people to see.
    """
    collection = database["deliveries"]
    with available():
        due = await first_few(
            collection, {"queue": site}, "due", [now] if bounds is None else bounds, limit + 1, {"due": 1}
        )
        if not due:
            return Leased([], [], None)
        ids = [document["_id"] for document in due[:limit]]
        await database.in_thread(_lease, database, site, now, ids, {"lease": token, "due": until})
    taken = [document for document in await database.find_by_ids("deliveries", ids) if document["lease"] == token]
    readable: list[DeliveryDocument] = []
    for document in taken:
        delivery, wrong = _read(document)
        if wrong:
            await _set_aside(database, document, wrong, now)
        else:
            readable.append(delivery)
    more = due[limit]["due"] if len(due) > limit else None
    return Leased(readable, [document["due"] for document in due[:limit]], more)


def _lease(database: Database, site: str, now: float, ids: Sequence[str], fields: Raw) -> None:
    def take(session: ClientSession) -> None:
        for at in range(0, len(ids), _IN):
            where = {"_id": {"$in": list(ids[at : at + _IN])}, "queue": site, "due": {"$lte": now}}
            database.synchronous.deliveries.update_many(where, {"$set": fields}, session=session, hint=BY_ID)

    database.transact(take)


async def _set_aside(database: Database, document: Raw, wrong: str, now: float) -> None:
    """Hold a delivery that cannot be read."""
    _log.error("delivery %s to %s is held: its document cannot be read: %s", document["_id"], document["queue"], wrong)
    change: Raw = {"$set": {"status": "held", "due": NEVER, "lease": "", "ended": 0}}
    if isinstance(document.get("history", []), list):
        # What is wrong may be the state, which is right from now on: that it was not is not to be forgotten.
        change["$push"] = {"history": {"$each": [msgspec.to_builtins(_trouble(wrong, now))], "$slice": -HISTORY}}
    with available():
        where = {"_id": document["_id"], "lease": document["lease"]}
        await database["deliveries"].update_one(where, change)


def _trouble(wrong: str, at: float) -> Attempt:
    return Attempt(at=at, reply=f"The document of this delivery cannot be read: {wrong}.")


async def renew_lease(database: Database, ids: Sequence[str], lease: str, until: float) -> None:
    """Keep what a worker holds for longer."""
    with available():
        for at in range(0, len(ids), _IN):
            where = {"_id": {"$in": list(ids[at : at + _IN])}, "lease": lease}
            await database["deliveries"].update_many(where, {"$set": {"due": until}}, hint=BY_ID)


async def next_due(database: Database, site: str, now: float, *, bounds: Iterable[float] | None = None) -> float | None:
    """Return when the next delivery of a site is due, or None where none waits.

    ``bounds`` are times up to ``now`` to look up to first: see ``correio.store.slices``.
    """
    after = widening(now, _SOON, now + _FAR)
    looks = chain([now] if bounds is None else bounds, after, [NEVER])
    with available():
        found = await first_few(database["deliveries"], {"queue": site}, "due", looks, 1, {"due": 1})
    return found[0]["due"] if found else None


def _write(database: Database, changes: Sequence[UpdateOne]) -> int:
    """Write changes, at once: a transaction costs the embedded server less than one commit each."""
    if len(changes) == 1:
        return _update(database, changes)

    def write(session: ClientSession) -> int:
        return database.synchronous.deliveries.bulk_write(list(changes), ordered=False, session=session).matched_count

    return database.transact(write)


def _update(database: Database, changes: Sequence[UpdateOne]) -> int:
    return database.synchronous.deliveries.bulk_write(list(changes), ordered=False).matched_count


async def write_updates(database: Database, updates: Sequence[DeliveryUpdate]) -> int:
    """Write what became of deliveries, in one round trip. Returns how many were still held by who writes."""
    if not updates:
        return 0
    with available():
        return await database.in_thread(_write, database, [one.update() for one in updates])


async def list_waiting(
    database: Database, *, account_id: str | None = None, site: str | None = None, limit: int
) -> list[DeliveryDocument]:
    """Return what is under way, next due first, without dialogues: of an account, to a site, or all of it.

    One round trip, and for all of it one for each site.
    """
    if account_id is not None:
        questions: list[Raw] = [{"account": account_id, "ended": 0}]
    else:
        sites = [site] if site is not None else await waiting_sites(database)
        questions = [{"queue": one, "due": {"$gte": 0}} for one in sites]
    found: list[Raw] = []
    with available():
        for where in questions:
            found += (
                await database["deliveries"].find(where, _WITHOUT_DIALOGUES).sort("due", 1).limit(limit).to_list(None)
            )
            found = sorted(found, key=_due)[:limit]
    return [_shown(document) for document in found if site is None or document["queue"] == site]


def _free(delivery_id: str, now: float) -> Raw:
    """Match a delivery under way that nobody has in hand: no lease, or one that is over and left no doubt behind."""
    left_behind = {"due": {"$lt": now - GRACE}, "phase": {"$ne": "data"}}
    return {"_id": delivery_id, "ended": 0, "$or": [{"lease": ""}, left_behind]}


async def reschedule(database: Database, ids: Sequence[str], status: DeliveryStatus, due: float, now: float) -> int:
    """Give deliveries that nobody has in hand another time, the first of them exactly that one. Returns how many."""
    updates = [
        UpdateOne(_free(one, now), {"$set": {"status": status, "due": due + APART * number, "lease": ""}})
        for number, one in enumerate(ids)
    ]
    with available():
        return await database.in_thread(_update, database, updates) if updates else 0


async def cancel_deliveries(database: Database, ids: Sequence[str], now: int) -> int:
    """End deliveries that nobody has in hand. Returns how many."""
    ended = {"status": "canceled", "queue": "", "lease": "", "ended": now}
    updates = [UpdateOne(_free(one, now), {"$set": ended}) for one in ids]
    with available():
        return await database.in_thread(_update, database, updates) if updates else 0


async def note_late_bounce(database: Database, delivery_id: str, attempt: Attempt) -> bool:
    """A delivery that was taken has come back; False where it was not taken, or is known to have come back."""
    change: Raw = {
        "$set": {"status": "bounced"},
        "$push": {"history": {"$each": [msgspec.to_builtins(attempt)], "$slice": -HISTORY}},
    }
    with available():
        changed = await database["deliveries"].update_one({"_id": delivery_id, "status": "delivered"}, change)
    return changed.modified_count == 1


async def waiting_sites(database: Database) -> list[str]:
    """Return every site that something waits for."""
    with available():
        found: list[Any] = await database["deliveries"].distinct("queue")
    return [site for site in found if site]


async def forget_sends(database: Database, send_ids: Sequence[str]) -> int:
    """Remove sends with their deliveries, all but those of which something waits still. Returns how many went."""
    gone = 0
    with available():
        for at in range(0, len(send_ids), _IN):
            some = list(send_ids[at : at + _IN])
            waiting = {
                one["send"]
                async for one in database["deliveries"].find({"send": {"$in": some}}, {"send": 1, "ended": 1})
                if not one.get("ended")
            }
            # The send first: a delivery without one is seen to again, a send without deliveries never.
            old = [send for send in some if send not in waiting]
            gone += (await database["sends"].delete_many({"_id": {"$in": old}})).deleted_count
            await database["deliveries"].delete_many({"send": {"$in": old}})
    return gone
