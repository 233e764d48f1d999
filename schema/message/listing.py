"""Lists of messages by time of arrival, over one mailbox or many, cut into pages by key."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from correio.errors import NotFoundError
from correio.mail.account import Account
from correio.mail.mailbox_tree import Mailbox
from correio.mail.received_order import ReceivedRows, received_rows
from schema.message.filter import CompiledFilter, Test
from schema.pagination import Key, Page

_SLICE: Final = 5_000
"""Rows looked at before others have their turn on the event loop."""


class Source(msgspec.Struct, frozen=True):
    """The rows of one mailbox and which of them are wanted; ``test`` None: all."""

    rows: ReceivedRows
    test: Test | None


class Bounds(msgspec.Struct, frozen=True):
    """The open interval of keys that is walked. None: no bound. An ``including`` bound belongs to it."""

    low: Key | None = None
    high: Key | None = None
    including_low: bool = False
    including_high: bool = False


class Walk:
    """One way through the wanted rows of one mailbox within bounds, a row at a time."""

    def __init__(self, source: Source, bounds: Bounds, ascending: bool) -> None:
        self._source = source
        start = _place(source.rows, bounds.low, after=not bounds.including_low) if bounds.low else 0
        end = (
            _place(source.rows, bounds.high, after=bounds.including_high) if bounds.high else len(source.rows.positions)
        )
        self._left = max(0, end - start)
        self._at, self._step = (start, 1) if ascending else (end - 1, -1)
        self.key: Key | None = None

    async def advance(self) -> bool:
        """Move to the next wanted row and put its key into ``key``. Returns False at the end."""
        source = self._source
        rows, test = source.rows, source.test
        while self._left:
            position = rows.positions[self._at]
            self._at += self._step
            self._left -= 1
            if test is None or test(position):
                self.key = Key(rows.dates[position], rows.mailbox_id, rows.uids[position])
                return True
            if self._left % _SLICE == 0:
                await asyncio.sleep(0)
        return False


def _place(rows: ReceivedRows, key: Key, *, after: bool) -> int:
    """Return where a key of any mailbox stands among the rows of this one."""
    if key.mailbox == rows.mailbox_id:
        return rows.find(key.date, key.uid, after=after)
    # Rows of the same second stand all before or all after a key of another mailbox.
    uid = -1 if rows.mailbox_id > key.mailbox else 2**32
    return rows.find(key.date, uid, after=True)


class Listing:
    """A list of messages of an account as of the moment it was opened."""

    def __init__(self, state: int, sources: Sequence[Source], descending: bool) -> None:
        self.state: Final = state
        """The account's modseq then."""
        self._sources = sources
        self._descending = descending

    async def page(self, page: Page) -> list[Key]:
        """Return the keys of a page, in the order of the list."""
        low, high = (page.before, page.after) if self._descending else (page.after, page.before)
        ascending = self._descending == page.backward
        keys = await self._take(Bounds(low, high), ascending, page.size)
        return keys[::-1] if page.backward else keys

    async def exists_before(self, key: Key, *, including: bool = False) -> bool:
        """Tell whether the list holds something before a key, or at it."""
        return await self._exists(key, earlier=True, including=including)

    async def exists_after(self, key: Key, *, including: bool = False) -> bool:
        """Tell whether the list holds something after a key, or at it."""
        return await self._exists(key, earlier=False, including=including)

    async def _exists(self, key: Key, *, earlier: bool, including: bool) -> bool:
        if earlier != self._descending:
            bounds = Bounds(high=key, including_high=including)
        else:
            bounds = Bounds(low=key, including_low=including)
        return bool(await self._take(bounds, True, 1))

    async def is_empty(self) -> bool:
        """Tell whether the list holds nothing."""
        return not await self._take(Bounds(), True, 1)

    async def count(self) -> int:
        """Return how many messages the whole list holds."""
        total = 0
        for source in self._sources:
            positions, test = source.rows.positions, source.test
            if test is None:
                total += len(positions)
                continue
            for start in range(0, len(positions), _SLICE):
                total += sum(map(test, positions[start : start + _SLICE]))
                await asyncio.sleep(0)
        return total

    async def _take(self, bounds: Bounds, ascending: bool, count: int) -> list[Key]:
        """Return up to ``count`` keys within bounds, walking all mailboxes abreast."""
        if count == 0:
            return []
        sign = 1 if ascending else -1
        walks = [Walk(source, bounds, ascending) for source in self._sources]
        # Mailboxes of the same second stand in the order of their ids, which is that of their numbers here.
        waiting = [(sign * _at(walk).date, sign * at, walk) for at, walk in enumerate(walks) if await walk.advance()]
        heapq.heapify(waiting)
        keys: list[Key] = []
        while waiting and len(keys) < count:
            _, rank, walk = waiting[0]
            keys.append(_at(walk))
            if await walk.advance():
                heapq.heapreplace(waiting, (sign * _at(walk).date, rank, walk))
            else:
                heapq.heappop(waiting)
        return keys


def _at(walk: Walk) -> Key:
    assert walk.key is not None
    return walk.key


async def open_listing(
    account: Account, mailboxes: Iterable[Mailbox], filters: Sequence[CompiledFilter], descending: bool
) -> Listing:
    """Open the list of the messages in these mailboxes that pass every filter. Reads the indexes that are not in memory."""
    state = account.modseq
    wanted = [
        mailbox
        for mailbox in sorted(mailboxes, key=lambda one: one.id)
        if mailbox.exists and all(one.covers(mailbox) for one in filters)
    ]
    opened = await asyncio.gather(*(_open_source(account, mailbox, filters) for mailbox in wanted))
    sources = [source for source in opened if source is not None]
    return Listing(state, sources, descending)


async def _open_source(account: Account, mailbox: Mailbox, filters: Sequence[CompiledFilter]) -> Source | None:
    try:
        rows = await received_rows(await account.index(mailbox.id))
    except NotFoundError:
        return None  # deleted since the tree was read
    tests = [test for one in filters if (test := one.test(mailbox, rows)) is not None]
    return Source(rows, _all_of(tests) if tests else None)


def _all_of(tests: list[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)
