"""Keeps the blocks that searches read: makes them when their UIDs are all given out, and takes out what was expunged.

All of it happens in the background, little at a time while mail comes in: a search reads what has no block from the messages.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from correio.errors import MailError, NotFoundError
from correio.mail.cache import OctetCache
from correio.mail.fetch import StoredMessage
from correio.mail.mailbox_index import MailboxChanges
from correio.mail.search_block import SPAN, WORTH_IT, Section, pack_block, search_entry, without
from correio.mail.search_record import SearchRecord, search_record
from correio.mail.search_source import searchables
from correio.mail.searchable import Searchable
from correio.store.messages import find_messages_by_uid
from correio.store.round_trips import background_task
from correio.store.search_blocks import delete_block, find_blocks, put_block

if TYPE_CHECKING:
    from correio.mail.message_store import MessageStore

_log = logging.getLogger("correio.mail.search")
_MOST_WAITING: Final = 4096
"""Blocks to tend. What is left out is made when it is searched, and taken out with its tombstone."""
_FIRST: Final = 2.0
"""Seconds from the first news to the first step."""
_SHARE: Final = 0.7
"""The share of the time that may be spent here while the process has little else to do."""
_SHARE_BUSY: Final = 0.1
_BUSY: Final = 0.25
"""The share of one processor that, used by the rest of the process, makes it busy."""
_STEP: Final = 0.05
"""Seconds between two looks at that."""

_Key = tuple[str, str, int]
"""Account, mailbox, number of the block."""


class SearchKeeper:
    """One per process."""

    def __init__(self, store: MessageStore, octets: int) -> None:
        self._store: Final = store
        self.sections: Final[OctetCache[tuple[str, int, Section], bytes]] = OctetCache(octets // 2)
        """(mailbox id, block, section) -> packed. It may hold messages that are gone, and never lies about another."""
        self.records: Final[OctetCache[tuple[str, int], SearchRecord]] = OctetCache(octets // 2)
        """(mailbox id, uid) -> its record, which never changes."""
        self._waiting: OrderedDict[_Key, set[int]] = OrderedDict()
        """Which blocks to tend: UIDs to take out, or none where the block is to be made."""
        self._task: asyncio.Task[None] | None = None
        self._hurry = False

    # What it is told

    def heard(self, account_id: str, mailbox_id: str, changes: MailboxChanges, uidnext: int) -> None:
        """This process committed a change of a mailbox, whose next UID is this now."""
        if changes.added:
            first, last = changes.added[0].uid, changes.added[-1].uid
            for number in range(first // SPAN, (last + 1) // SPAN):
                self.want(account_id, mailbox_id, number)
        for uid in changes.removed:
            if uid // SPAN >= uidnext // SPAN:
                # Of UIDs that are not all given out there is no block.
                continue
            self._add((account_id, mailbox_id, uid // SPAN), uid)

    def want(self, account_id: str, mailbox_id: str, number: int) -> None:
        """A block should be there, and is not."""
        self._add((account_id, mailbox_id, number), None)

    def _add(self, key: _Key, gone: int | None) -> None:
        there = self._waiting.get(key)
        if there is None:
            if len(self._waiting) >= _MOST_WAITING:
                return
            self._waiting[key] = set() if gone is None else {gone}
        elif gone is None:
            # A block that is made anew holds nothing of what is gone.
            there.clear()
        elif there:
            there.add(gone)
        if self._task is None:
            self._task = background_task(self._run(), "search blocks")

    # What it does

    async def settle(self) -> None:
        """Do all that waits, at once."""
        self._hurry = True
        try:
            while self._task is not None:
                await asyncio.wait({self._task})
        finally:
            self._hurry = False

    async def close(self) -> None:
        """End. What waits is made when it is searched."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        spent = 0.0
        try:
            await self._begin()
            while self._waiting:
                await self._rest(spent)
                if not self._waiting:
                    break
                key, gone = self._waiting.popitem(last=False)
                began = time.monotonic()
                try:
                    await self._tend(key, frozenset(gone))
                except MailError as error:
                    _log.warning("block %d of mailbox %s is put off: %s", key[2], key[1], error)
                except Exception:  # noqa: BLE001 - what one block does to us is nothing to the others
                    _log.exception("block %d of mailbox %s was not made", key[2], key[1])
                spent = time.monotonic() - began
        finally:
            self._task = None

    async def _begin(self) -> None:
        """Wait until whoever brought the work is done with theirs."""
        began = time.monotonic()
        while not self._hurry and time.monotonic() - began < _FIRST:
            await asyncio.sleep(_STEP)

    async def _rest(self, spent: float) -> None:
        """Leave the machine to others for as long as the last step deserves: it took ``spent`` seconds."""
        began, used = time.monotonic(), time.process_time()
        while not self._hurry:
            await asyncio.sleep(_STEP)
            rested = time.monotonic() - began
            share = _SHARE_BUSY if time.process_time() - used > _BUSY * rested else _SHARE
            if rested >= spent / share - spent:
                return

    async def _tend(self, key: _Key, gone: frozenset[int]) -> None:
        account_id, mailbox_id, number = key
        if gone:
            await self.take_out(account_id, mailbox_id, number, gone)
        else:
            await self._make(account_id, mailbox_id, number)
        for section in Section:
            self.sections.drop((mailbox_id, number, section))

    async def take_out(self, account_id: str, mailbox_id: str, number: int, gone: Iterable[int]) -> None:
        """Take expunged messages out of a block. Raises UnavailableError."""
        database = self._store.database
        found = (await find_blocks(database, account_id, mailbox_id, [number], list(Section))).get(number)
        if found is None:
            return
        sections = {Section(name): octets for name, octets in found.items()}
        left = await self._store.in_worker(without, sections, frozenset(gone))
        if left is None:
            return
        if left:
            await put_block(database, account_id, mailbox_id, number, _named(left))
        else:
            await delete_block(database, mailbox_id, number)

    async def _make(self, account_id: str, mailbox_id: str, number: int) -> None:
        try:
            account = await self._store.account(account_id)
        except NotFoundError:
            return
        if account.mailboxes.get(mailbox_id) is None:
            return
        uids = range(max(1, number * SPAN), (number + 1) * SPAN)
        documents = await find_messages_by_uid(self._store.database, account_id, mailbox_id, uids)
        if len(documents) < WORTH_IT:
            return
        messages = [StoredMessage(account, document) for document in documents]
        ready = await searchables(messages, texts=True)
        sections = await self._store.in_worker(_pack, messages, ready)
        await put_block(self._store.database, account_id, mailbox_id, number, _named(sections))
        if account.mailboxes.get(mailbox_id) is None:
            # Deleted meanwhile, and perhaps buried already.
            await delete_block(self._store.database, mailbox_id, number)


def _named(sections: dict[Section, bytes]) -> dict[str, bytes]:
    return {section.value: octets for section, octets in sections.items()}


def record_of(message: StoredMessage, searchable: Searchable) -> SearchRecord:
    """Return the record of a stored message."""
    return search_record(message.uid, message.email, message.thread, message.summary, searchable.header)


def _pack(messages: Sequence[StoredMessage], ready: Sequence[Searchable]) -> dict[Section, bytes]:
    pairs = zip(messages, ready, strict=True)
    return pack_block([search_entry(searchable, record_of(message, searchable)) for message, searchable in pairs])
