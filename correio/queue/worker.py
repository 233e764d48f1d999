"""The worker of one process: claims sites that are due, has a few connections work on them, and sweeps up what was left.

Any number of processes may run one. What a worker holds comes back by itself when its lease is over, so one that dies
loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from correio.errors import MailError
from correio.queue.backoff import pause_after
from correio.queue.batch import MARGIN, Batch, new_lease
from correio.queue.change_writer import ChangeWriter
from correio.queue.courier import ConnectError, Courier, Link
from correio.queue.faults import reach
from correio.queue.frontier import Frontiers
from correio.queue.window import after
from correio.store.deliveries import Leased, lease_due, next_due, renew_lease, waiting_sites
from correio.store.queue_documents import NEVER, Attempt, DeliveryDocument, SiteDocument
from correio.store.round_trips import background_task
from correio.store.sites import (
    DueSite,
    claim_site,
    end_batch,
    find_due_sites,
    forget_sites,
    hint_sites,
    leave_site,
    renew_batch,
)

if TYPE_CHECKING:
    from correio.mail.message_store import MessageStore
    from correio.queue.sent_message import Sign

_log = logging.getLogger("correio.queue")
BATCH: Final = 25
"""Deliveries that one connection gets at a time."""
RENEWALS: Final = 3
"""How often a lease is renewed while it would last."""
POLL: Final = 2.0
"""Seconds between two looks for what other processes put into the queue."""
SWEEP: Final = 300.0
"""Seconds between two looks for sites whose hint was lost with a process: they read through the whole queue."""
HELD: Final = 5.0
"""Seconds for which a site that is held, or that nobody was reached at, is not looked at again because of more mail for it."""
GATHER: Final = 0.05
"""Seconds between two looks at what this process put into the queue: mail that comes together goes together."""
_PAUSE: Final = 5.0
"""Seconds after a failure of the database."""


class Worker:
    """One per process. ``hostname`` is what this server calls itself."""

    def __init__(self, store: MessageStore, courier: Courier, sign: Sign, hostname: str, connections: int) -> None:
        self._store: Final = store
        self._courier: Final = courier
        self._sign: Final = sign
        self._hostname: Final = hostname
        self._slots: Final = asyncio.Semaphore(connections)
        self._writer: Final = ChangeWriter(store.database)
        self._batches: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._due: deque[DueSite] = deque()
        """Sites that are due, as last read."""
        self._frontiers: Final = Frontiers()
        self._asleep: dict[str, float] = {}
        """Sites that wait for something else than mail, and until when that is believed."""

    def start(self) -> None:
        """Begin."""
        self._task = background_task(self._run(), "queue worker")

    async def stop(self, grace: float) -> None:
        """End: take nothing more, and let what is being sent end within ``grace`` seconds. The rest comes back by itself."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._batches:
            _, pending = await asyncio.wait(set(self._batches), timeout=grace)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
        await self._writer.close()
        await self._courier.close()

    async def _run(self) -> None:
        swept = time.monotonic() - SWEEP - 1
        while True:
            try:
                if time.monotonic() - swept > SWEEP:
                    await self._sweep()
                    swept = time.monotonic()
                await hint_sites(self._store.database, self._awake(self._store.outbox.take()), time.time())
                while await self._start_one():
                    pass
                await asyncio.sleep(GATHER)
                await self._store.outbox.wait(POLL)
            except MailError as error:
                _log.warning("the queue is put off: %s", error)
                swept = await self._rest()
            except Exception:  # noqa: BLE001 - mail waits for this loop
                _log.exception("defect in the queue worker")
                swept = await self._rest()

    async def _rest(self) -> float:
        """Wait after a failure. Returns when the queue was looked through: never, as hints may have been lost with it."""
        await asyncio.sleep(_PAUSE)
        return time.monotonic() - SWEEP - 1

    def _awake(self, sites: set[str]) -> set[str]:
        """Return those that are worth a hint: whoever made a site wait sees to it that it is looked at again."""
        now = time.monotonic()
        self._asleep = {site: until for site, until in self._asleep.items() if until > now}
        return sites - self._asleep.keys()

    async def _sweep(self) -> None:
        """Find what no hint tells of: of a process that died, or whose hint came while a site was being left."""
        database = self._store.database
        now = time.time()
        for site in await waiting_sites(database):
            due = await next_due(database, site, now)
            if due is not None:
                await hint_sites(database, [site], max(now, due))
        await forget_sites(database, time.time())

    async def _start_one(self) -> bool:
        """Begin with one site that is due; False where none is."""
        await self._slots.acquire()
        started = False
        try:
            claim = await self._claim()
            if claim is None:
                return False
            site, since = claim
            taken = await self._take(site, since)
            if taken is not None:
                task = background_task(self._serve(site, taken), f"queue {site.id}")
                self._batches.add(task)
                task.add_done_callback(self._batches.discard)
                started = True
            return True
        finally:
            if not started:
                self._slots.release()

    async def _claim(self) -> tuple[SiteDocument, float] | None:
        """Claim the site that is due for longest; returns since when, too. None: none is.

        Those that are due are read all at once: with many of them to read them for each claim would be what takes the time.
        """
        database = self._store.database
        for _ in range(2):
            while self._due:
                due = self._due.popleft()
                site = await claim_site(database, due, time.time())
                if site is not None:
                    return site, due.site.next_due
            self._due.extend(await find_due_sites(database, time.time()))
            if not self._due:
                break
        return None

    async def _take(self, site: SiteDocument, since: float) -> Batch | None:
        """Take a batch of a site that was claimed as due since a time, and leave the site to others."""
        database = self._store.database
        self._reach("claimed")
        now = time.time()
        running = {token: until for token, until in site.batches.items() if until > now}
        gone = site.batches.keys() - running.keys()
        if site.held or site.dead_until > now:
            self._asleep[site.id] = time.monotonic() + HELD
            await leave_site(database, site, NEVER if site.held else site.dead_until, gone=gone)
            return None
        if len(running) >= int(site.window):
            await leave_site(database, site, min(running.values()), gone=gone)
            return None
        lease = new_lease()
        until = now + self._store.settings.queue_lease
        held_until = time.monotonic() + self._store.settings.queue_lease - MARGIN
        leased = await self._lease(site.id, lease, now, since)
        if leased.deliveries:
            self._reach("leased")
        mine = lease if leased.deliveries else ""
        if leased.more is not None:
            await leave_site(database, site, now, batch=mine, until=until, gone=gone)
        else:
            coming = await next_due(database, site.id, now)
            if coming is None:
                # Where a worker dies with a batch that is all but ended, somebody has to forget it.
                coming = min(running.values(), default=NEVER)
            await leave_site(database, site, coming, batch=mine, until=until, gone=gone)
        if not leased.deliveries:
            return None
        self._reach("left")
        return self._batch(site.id, lease, leased.deliveries, held_until)

    async def _lease(self, site: str, lease: str, now: float, since: float) -> Leased:
        """Take what is due at a site. ``since``: where to begin to look at one that was never seen."""
        leased = await lease_due(
            self._store.database,
            site,
            now,
            now + self._store.settings.queue_lease,
            lease,
            BATCH,
            bounds=self._frontiers.bounds(site, since, now),
        )
        self._frontiers.note(site, leased.due, now if leased.more is None else leased.more)
        return leased

    def _reach(self, point: str) -> None:
        reach(point, self._store.settings.queue_fault)

    def _batch(self, site: str, lease: str, deliveries: list[DeliveryDocument], held_until: float = 0.0) -> Batch:
        return Batch(self._store, self._writer, self._sign, self._hostname, site, lease, deliveries, held_until)

    async def _serve(self, site: SiteDocument, batch: Batch) -> None:
        """Work on a batch, over one connection as long as it lasts."""
        links = _Links(self._courier, site.id)
        alive = background_task(self._renew(site.id, batch), "queue lease")
        try:
            await self._serve_batch(site, batch, links.usable)
        except MailError as error:
            # What is left comes back when its lease is over.
            _log.warning("deliveries to %s are put off: %s", site.id, error)
        except Exception:  # noqa: BLE001 - the lease ends, and it is tried again
            _log.exception("defect while delivering to %s", site.id)
        finally:
            alive.cancel()
            self._slots.release()
            await links.close()

    async def _renew(self, site: str, batch: Batch) -> None:
        """Keep a lease while its batch is worked on. One that has run out is not had again: others may have the deliveries."""
        lasting = self._store.settings.queue_lease
        while True:
            await asyncio.sleep(lasting / RENEWALS)
            try:
                held_until = time.monotonic() + lasting - MARGIN
                await renew_lease(self._store.database, list(batch.left), batch.lease, time.time() + lasting)
                if time.monotonic() >= batch.held_until:
                    _log.warning("a lease for %s ran out before it was renewed", site)
                    return
                batch.held_until = held_until
                await renew_batch(self._store.database, site, batch.lease, time.time() + lasting)
            except MailError as error:
                _log.warning("a lease for %s was not renewed: %s", site, error)

    async def _serve_batch(self, site: SiteDocument, batch: Batch, link: Callable[[], Awaitable[Link]]) -> None:
        window, failures, dead_until, said = site.window, 0, 0.0, ""
        began = time.time()
        try:
            await batch.run(link)
            window = after(window, refused=batch.refused)
        except ConnectError as error:
            failures, said = site.failures + 1, str(error)
            window = after(window, refused=True)
            pause = pause_after(failures, self._store.settings.queue_retry, random.random())  # noqa: S311
            if not error.reply.permanent:
                dead_until = time.time() + pause
            attempt = Attempt(
                at=began,
                duration=time.time() - began,
                host=error.host,
                address=error.address,
                code=error.reply.code,
                reply=str(error.reply),
                transcript="\n".join(error.transcript),
            )
            over = batch.over
            await batch.give_back(error.reply, attempt, not_before=dead_until)
            while over:
                # Whose time is over hears of it now, however many wait: the rest costs nothing until the site is tried again.
                now = time.time()
                leased = await self._lease(site.id, batch.lease, now, now)
                rest = self._batch(site.id, batch.lease, leased.deliveries)
                over = bool(leased.deliveries) and rest.over
                await rest.give_back(error.reply, attempt, not_before=dead_until)
        now = time.time()
        coming = await next_due(self._store.database, site.id, now, bounds=self._frontiers.bounds(site.id, now, now))
        await end_batch(
            self._store.database,
            site.id,
            batch.lease,
            next_due=NEVER if coming is None else coming,
            window=window,
            failures=failures,
            dead_until=dead_until,
            error=said[:500],
        )
        self._reach("ended")
        # This process looks again at once, the others when they next look.
        self._store.outbox.put(set())


class _Links:
    """The connection of one batch, opened when it is first needed and again when it has broken."""

    def __init__(self, courier: Courier, site: str) -> None:
        self._courier = courier
        self._site = site
        self._link: Link | None = None

    async def usable(self) -> Link:
        """Return a connection. Raises ConnectError."""
        if self._link is not None and not self._link.usable:
            await self.close()
        if self._link is None:
            self._link = await self._courier.open(self._site)
        return self._link

    async def close(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.close()
