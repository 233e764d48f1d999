"""Collection ``sites``: which destination has something due, who may look at it, and how it took what was sent there.

A worker claims a site by moving ``next_due`` on, takes deliveries, and puts ``next_due`` where the next of them is due. Every
other write leaves alone what it did not see: a hint that comes between is not lost.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from typing import Final

import msgspec
from pymongo import UpdateOne

from correio.store.database import BY_ID, Database, Raw, available
from correio.store.queue_documents import NEVER, SiteDocument
from correio.store.readable import read_what_is_left

_log = logging.getLogger("correio.queue")

_CLAIM: Final = 30.0
"""Seconds after which a claim is another's, if the worker died with it."""
_DUE: Final = 1000


class DueSite(msgspec.Struct, frozen=True):
    """A site that is due, and what cannot be read of it."""

    site: SiteDocument
    wrong: str


def _bulk(database: Database, updates: list[UpdateOne]) -> None:
    database.synchronous.sites.bulk_write(updates, ordered=False)


def _born(besides: set[str]) -> Raw:
    """Return what a new site has, besides these fields."""
    fresh = SiteDocument(id="", next_due=NEVER)
    return {name: getattr(fresh, name) for name in SiteDocument.__struct_fields__ if name not in {"id", *besides}}


def _read(document: Raw) -> tuple[SiteDocument, str]:
    """Return what can be read of a site, and what is wrong with it, "" where nothing is."""
    return read_what_is_left(SiteDocument, document, {"id": str(document["_id"]), "next_due": NEVER})


async def hint_sites(database: Database, sites: Iterable[str], due: float) -> None:
    """Something is due for these sites at a time, in seconds since the epoch."""
    born = _born({"next_due"})
    updates = [
        UpdateOne({"_id": site}, {"$min": {"next_due": due}, "$setOnInsert": born}, upsert=True) for site in sites
    ]
    if updates:
        with available():
            await database.in_thread(_bulk, database, updates)


async def find_due_sites(database: Database, now: float) -> list[DueSite]:
    """Return sites that are due, the one that has been due for longest first, so many at most as are claimed before long."""
    with available():
        cursor = database["sites"].find({"next_due": {"$lte": now}}).sort("next_due", 1).limit(_DUE)
        return [DueSite(*_read(one)) for one in await cursor.to_list(None)]


async def claim_site(database: Database, due: DueSite, now: float) -> SiteDocument | None:
    """Claim a site as it was read, so that nobody else gets it for a moment; None: somebody else did.

    An update with what was read in its filter: the embedded server takes two to three times as long for findOneAndUpdate.
    """
    site = msgspec.structs.replace(due.site, next_due=now + _CLAIM)
    fields: Raw = {"next_due": site.next_due}
    if due.wrong:
        # It tells how the site is best served, and nothing that mail depends on: it begins anew.
        _log.error("what is known of site %s cannot be read and is forgotten: %s", site.id, due.wrong)
        fields = {name: getattr(site, name) for name in SiteDocument.__struct_fields__ if name != "id"}
    with available():
        claimed = await database["sites"].update_one(
            {"_id": site.id, "next_due": due.site.next_due}, {"$set": fields}, hint=BY_ID
        )
    return site if claimed.matched_count else None


async def leave_site(
    database: Database,
    claimed: SiteDocument,
    next_due: float,
    *,
    batch: str = "",
    until: float = 0.0,
    gone: Collection[str] = (),
) -> None:
    """End a claim: when to look again, and the batch that was taken. A hint that came meanwhile keeps its time.

    ``gone`` are batches whose time is over, with the workers that had them.
    """
    change: Raw = {"$set": {"next_due": next_due} | ({f"batches.{batch}": until} if batch else {})}
    if gone:
        change["$unset"] = {f"batches.{one}": "" for one in gone}
    with available():
        changed = await database["sites"].update_one(
            {"_id": claimed.id, "next_due": claimed.next_due}, change, hint=BY_ID
        )
        if batch and not changed.matched_count:
            await database["sites"].update_one({"_id": claimed.id}, {"$set": {f"batches.{batch}": until}})


async def renew_batch(database: Database, site: str, batch: str, until: float) -> None:
    """A batch takes longer than was thought."""
    with available():
        await database["sites"].update_one(
            {"_id": site, f"batches.{batch}": {"$gt": 0}}, {"$set": {f"batches.{batch}": until}}
        )


async def end_batch(
    database: Database,
    site: str,
    batch: str,
    *,
    next_due: float,
    window: float,
    failures: int,
    dead_until: float,
    error: str,
) -> None:
    """A batch is done: what the site is known to take now, and when to look again at the latest. Held, it stays as it is."""
    over: Raw = {f"batches.{batch}": ""}
    fields: Raw = {"window": window, "failures": failures, "dead_until": dead_until, "last_error": error}
    change: Raw = {"$unset": over, "$min": {"next_due": next_due}}
    if dead_until:
        fields["next_due"] = dead_until
        del change["$min"]
    with available():
        ended = await database["sites"].update_one({"_id": site, "held": False}, change | {"$set": fields}, hint=BY_ID)
        if not ended.matched_count:
            await database["sites"].update_one({"_id": site}, {"$unset": over})


async def find_sites(database: Database) -> list[SiteDocument]:
    """Return every site, by name."""
    with available():
        found = await database["sites"].find({}).sort("_id", 1).to_list(None)
    return [_read(document)[0] for document in found]


async def hold_site(database: Database, site: str, *, held: bool, now: float) -> None:
    """Stop trying a site, or go on; what is being tried is finished."""
    fields: Raw = {"held": held, "next_due": NEVER if held else now}
    if not held:
        fields |= {"dead_until": 0.0, "failures": 0}
    with available():
        change: Raw = {"$set": fields, "$setOnInsert": _born(set(fields))}
        await database["sites"].update_one({"_id": site}, change, upsert=True)


async def forget_sites(database: Database, now: float) -> None:
    """Forget sites for which nothing waits: what is left of those that failed is of no use once they may be tried again."""
    where: Raw = {"next_due": {"$gte": NEVER}, "held": False, "dead_until": {"$lte": now}, "batches": {}}
    with available():
        await database["sites"].delete_many(where)
