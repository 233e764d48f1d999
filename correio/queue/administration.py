"""The queue as people see and steer it: what waits, why, and trying, holding or ending it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from correio.errors import ConflictError, InvalidInputError, NotFoundError
from correio.ids import Kind, is_id
from correio.nexthop.site import ROUTE, ascii_domain
from correio.store.deliveries import (
    cancel_deliveries,
    find_deliveries_of,
    find_delivery,
    list_waiting,
    reschedule,
)
from correio.store.queue_documents import NEVER, DeliveryDocument, SendDocument, SiteDocument
from correio.store.sends import find_sends
from correio.store.sites import find_sites, hint_sites, hold_site

if TYPE_CHECKING:
    from correio.mail.message_store import MessageStore

LISTED: Final = 1000
"""Deliveries that one list shows at most."""


class Shown(msgspec.Struct, frozen=True):
    """A send with its deliveries."""

    send: SendDocument
    deliveries: Sequence[DeliveryDocument]


async def list_queue(
    store: MessageStore, *, account_id: str | None = None, site: str | None = None, limit: int = LISTED
) -> list[DeliveryDocument]:
    """Return what is under way, next due first, without dialogues; ``account_id`` None: everybody's. Raises UnavailableError."""
    named = None if site is None else site_named(site)
    return await list_waiting(store.database, account_id=account_id, site=named, limit=min(limit, LISTED))


async def list_sites(store: MessageStore) -> list[SiteDocument]:
    """Return every site that is known, by name. Raises UnavailableError."""
    return await find_sites(store.database)


async def show(store: MessageStore, some_id: str, *, account_id: str | None = None) -> Shown:
    """Return the send that an id names, its own or one of its deliveries'. Raises NotFoundError, UnavailableError."""
    send_id = some_id
    if is_id(some_id, Kind.DELIVERY):
        delivery = await find_delivery(store.database, some_id)
        send_id = "" if delivery is None else delivery.send
    found = await find_sends(store.database, [send_id])
    send = found.sends.get(send_id) or found.unreadable.get(send_id)
    if send is None or account_id not in (None, send.account):
        raise NotFoundError("There is no such message in the queue.")
    return Shown(send, (await find_deliveries_of(store.database, [send.id])).get(send.id, []))


async def retry(store: MessageStore, some_id: str, *, account_id: str | None = None) -> int:
    """Try what waits now, and what was held again. Returns how many, with those that are being tried just now.

    Raises NotFoundError, ConflictError.
    """
    waiting = await _waiting(store, some_id, account_id)
    _some(len(waiting))
    now = store.now()
    await reschedule(store.database, [one.id for one in waiting], "queued", now, now)
    sites = {one.queue for one in waiting}
    for site in await find_sites(store.database):
        # Somebody asked for it: that nobody was reached a while ago is no reason to wait.
        if site.id in sites and site.dead_until > now and not site.held:
            await hold_site(store.database, site.id, held=False, now=now)
    await hint_sites(store.database, sites, now)
    store.outbox.put(sites)
    return len(waiting)


async def hold(store: MessageStore, some_id: str, *, account_id: str | None = None) -> int:
    """Try what waits no more until it is retried. Returns how many. Raises NotFoundError, ConflictError."""
    waiting = await _waiting(store, some_id, account_id)
    return _some(await reschedule(store.database, [one.id for one in waiting], "held", NEVER, store.now()))


async def cancel(store: MessageStore, some_id: str, *, account_id: str | None = None) -> int:
    """End what waits, without a report. Returns how many. Raises NotFoundError, ConflictError."""
    waiting = await _waiting(store, some_id, account_id)
    return _some(await cancel_deliveries(store.database, [one.id for one in waiting], store.now()))


def site_named(text: str) -> str:
    """Return the site that people mean: a domain in any case and in letters of its own, or ``route:NAME``."""
    return text if text.startswith(ROUTE) else ascii_domain(text)


async def hold_destination(store: MessageStore, site: str, *, held: bool) -> None:
    """Stop trying a site, or go on. Raises InvalidInputError, UnavailableError."""
    if not site or len(site) > 300:
        raise InvalidInputError("A site is a domain, or route:NAME.", "site")
    site = site_named(site)
    await hold_site(store.database, site, held=held, now=store.now())
    if not held:
        store.outbox.put({site})


async def _waiting(store: MessageStore, some_id: str, account_id: str | None) -> list[DeliveryDocument]:
    shown = await show(store, some_id, account_id=account_id)
    return [one for one in shown.deliveries if not one.ended and (some_id in (one.id, one.send))]


def _some(changed: int) -> int:
    if not changed:
        raise ConflictError("Nothing of it waits: it has been served, or is being served now.")
    return changed
