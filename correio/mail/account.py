"""An account as this process knows it: its clock, its mailboxes, and the indexes of those in use.

The state is exact as of ``modseq``. It moves forward in two ways: by a step this process committed itself, and by reading
what others committed (:meth:`Account.refresh`). All of it happens on the event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING
from weakref import ReferenceType, WeakValueDictionary, ref

import msgspec

from correio.errors import NotFoundError
from correio.mail.flags import flag_set
from correio.mail.mailbox_index import MailboxChanges, MailboxIndex, Row
from correio.mail.mailbox_journal import MailboxJournal
from correio.mail.mailbox_tree import Mailbox, MailboxTree
from correio.mail.packed_index import MAX_PACKED, PACK_FROM, pack_index, unpack_index
from correio.store.accounts import find_account
from correio.store.documents import AccountDocument, MailboxDocument, ViewDocument
from correio.store.mailboxes import find_mailboxes
from correio.store.messages import MessageState, load_states, states_since
from correio.store.views import find_view, put_view

if TYPE_CHECKING:
    from correio.mail.message_store import MessageStore

_log = logging.getLogger("correio.mail.account")


class AccountStep(msgspec.Struct, frozen=True):
    """One committed transaction as far as it concerns an account: from ``expected`` to ``document.modseq``."""

    expected: int
    document: AccountDocument
    mailboxes: tuple[MailboxDocument, ...] = ()
    changes: tuple[tuple[str, MailboxChanges], ...] = ()
    """(mailbox id, what changed in it)."""


class _Load:
    """A load under way: what was committed meanwhile, and whether others' changes were missed."""

    __slots__ = ("missed", "recorded", "task")

    def __init__(self) -> None:
        self.recorded: list[MailboxChanges] = []
        self.missed = False
        self.task: asyncio.Task[MailboxIndex] | None = None


def row_of(state: MessageState) -> Row:
    """Return the index row of a stored state."""
    return Row(state.uid, state.modseq, flag_set(state.flags), state.date, state.size, state.saved)


class Account:
    """One live object per account and process, shared by every session. Get it from ``MessageStore.account``."""

    def __init__(self, store: MessageStore, document: AccountDocument, mailboxes: Iterable[MailboxDocument]) -> None:
        self.store = store
        self.document = document
        self.mailboxes = MailboxTree(mailboxes)
        self.closed = False
        """True once the account is removed or disabled: sessions end."""
        self._indexes: WeakValueDictionary[str, MailboxIndex] = WeakValueDictionary()
        self._loads: dict[str, _Load] = {}
        self._watchers: dict[object, Callable[[], None]] = {}
        self._journal: ReferenceType[MailboxJournal] | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._refresh_next: asyncio.Task[None] | None = None

    @property
    def id(self) -> str:
        return self.document.id

    @property
    def address(self) -> str:
        return self.document.address

    @property
    def name(self) -> str:
        return self.document.name

    @property
    def modseq(self) -> int:
        """The account's clock: every change to its mail moves it."""
        return self.document.modseq

    @property
    def used(self) -> int:
        """Octets of all messages."""
        return self.document.used

    @property
    def messages(self) -> int:
        return self.document.messages

    @property
    def quota(self) -> int:
        """Octets the account may hold; 0: no bound."""
        return max(0, self.document.quota or self.store.settings.limits.account_quota)

    @property
    def message_quota(self) -> int:
        """Messages the account may hold; 0: no bound."""
        return max(0, self.document.message_quota or self.store.settings.limits.account_messages)

    def mailbox(self, mailbox_id: str) -> Mailbox:
        """Return a mailbox by id. Raises NotFoundError."""
        found = self.mailboxes.get(mailbox_id)
        if found is None:
            raise NotFoundError("There is no such mailbox.")
        return found

    def watch(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back on the loop after every applied change. Returns what ends it. The callback must be quick."""
        key = object()
        self._watchers[key] = callback
        return lambda: self._watchers.pop(key, None) and None

    def journal(self) -> MailboxJournal:
        """Return the journal of this account's mailboxes, which is kept for as long as somebody holds it."""
        journal = self._journal() if self._journal is not None else None
        if journal is None:
            journal = MailboxJournal(self.modseq)
            self._journal = ref(journal)
        return journal

    def _advance(self, document: AccountDocument, mailboxes: Sequence[MailboxDocument]) -> None:
        """Take in the account and the mailboxes of a step."""
        journal = self._journal() if self._journal is not None else None
        if journal is not None:
            dangling = self.document.dangling_subscriptions
            journal.record(
                document.modseq,
                self.mailboxes,
                mailboxes,
                dangling if dangling != document.dangling_subscriptions else None,
            )
        self.document = document
        self.mailboxes = self.mailboxes.absorb(mailboxes)

    def _notify(self) -> None:
        for callback in list(self._watchers.values()):
            try:
                callback()
            except Exception:  # noqa: BLE001 - one session's failure is not another's
                _log.exception("a watcher of account %s failed", self.id)

    def close(self) -> None:
        """The account is gone or disabled: tell every session."""
        if not self.closed:
            self.closed = True
            self._notify()

    # Moving forward

    def apply(self, step: AccountStep) -> None:
        """Take in a step that this process committed."""
        if step.document.modseq <= self.document.modseq:
            return
        self._advance(step.document, step.mailboxes)
        for mailbox_id, changes in step.changes:
            mailbox = self.mailboxes.get(mailbox_id)
            self.store.search_keeper.heard(self.id, mailbox_id, changes, mailbox.uidnext if mailbox is not None else 0)
            index = self._indexes.get(mailbox_id)
            if index is not None:
                index.apply(changes)
            load = self._loads.get(mailbox_id)
            if load is not None:
                load.recorded.append(changes)
        self._notify()

    async def refresh(self) -> None:
        """Be at least as new as the database was when this was called. One round trip when nothing changed.

        Raises NotFoundError when the account is gone or disabled, UnavailableError.
        """
        # A read that began before the call could be older than the call: join the one that has yet to begin.
        waiting = self._refresh_next
        if waiting is None:
            waiting = self._refresh_next = asyncio.create_task(self._refresh_after(self._refreshing))
            # Everybody who asked may have gone away by the time it fails.
            waiting.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.shield(waiting)

    async def _refresh_after(self, running: asyncio.Task[None] | None) -> None:
        if running is not None and not running.done():
            await asyncio.wait({running})
        self._refreshing, self._refresh_next = self._refresh_next, None
        await self._catch_up()

    async def _catch_up(self) -> None:
        database = self.store.database
        document = await find_account(database, self.id)
        if document is None or document.disabled:
            self.close()
            raise NotFoundError("The account does not exist or is disabled.")
        since = self.document.modseq
        if document.modseq <= since:
            return
        mailboxes = await find_mailboxes(database, self.id, since)
        states: dict[str, list[MessageState]] = {}
        for mailbox in mailboxes:
            if mailbox.id in self._loads:
                self._loads[mailbox.id].missed = True
            if mailbox.id in self._indexes and not mailbox.deleted:
                states[mailbox.id] = await states_since(database, self.id, mailbox.id, since)
        self._absorb(document, mailboxes, states)

    def _absorb(
        self, document: AccountDocument, mailboxes: list[MailboxDocument], states: dict[str, list[MessageState]]
    ) -> None:
        if document.modseq <= self.document.modseq:
            return
        self._advance(document, mailboxes)
        for mailbox in mailboxes:
            load = self._loads.get(mailbox.id)
            if load is not None:
                load.missed = True
            index = self._indexes.get(mailbox.id)
            if index is None:
                continue
            if mailbox.id not in states:
                # Loaded while the others were read: its own load has seen these changes or will.
                self._indexes.pop(mailbox.id, None)
                continue
            try:
                index.apply(changes_from(index, states[mailbox.id], document.modseq))
            except ValueError:
                _log.exception("the index of mailbox %s is given up and will be read anew", mailbox.id)
                self._indexes.pop(mailbox.id, None)
        self._notify()

    # Indexes

    def loaded_index(self, mailbox_id: str) -> MailboxIndex | None:
        """Return the index of a mailbox if it is in memory."""
        return self._indexes.get(mailbox_id)

    async def index(self, mailbox_id: str) -> MailboxIndex:
        """Return the shared index of a mailbox, loading it when cold. Raises NotFoundError."""
        self.mailbox(mailbox_id)
        index = self._indexes.get(mailbox_id)
        if index is None:
            load = self._loads.get(mailbox_id)
            if load is None:
                load = self._loads[mailbox_id] = _Load()
                load.task = asyncio.create_task(self._load(mailbox_id, load))
            assert load.task is not None
            index = await asyncio.shield(load.task)
        self.store.keep_warm(self.id, index)
        return index

    async def _load(self, mailbox_id: str, load: _Load) -> MailboxIndex:
        try:
            while True:
                load.missed = False
                load.recorded.clear()
                index = await self._read_index(mailbox_id)
                if not load.missed:
                    break
            for changes in load.recorded:
                index.apply(changes, overlapping=True)
            self._indexes[mailbox_id] = index
            return index
        finally:
            del self._loads[mailbox_id]

    async def _read_index(self, mailbox_id: str) -> MailboxIndex:
        """Read a mailbox: its packed view and what changed since, or every message."""
        database = self.store.database
        base = self.document.modseq
        large = self.mailbox(mailbox_id).exists >= PACK_FROM
        view = await find_view(database, self.id, mailbox_id) if large else None
        index = None
        # Below the floor tombstones are gone, and what was removed can no longer be told.
        if view is not None and self.document.floor <= view.modseq <= base:
            index = await self.store.in_worker(unpack_index, mailbox_id, view.packed)
        if index is None:
            states, newest = await load_states(database, self.id, mailbox_id)
            index = MailboxIndex(mailbox_id, base, map(row_of, states))
            # What other processes removed since ``base`` is not among the rows, and the index must not pretend to know it. What
            # they remove behind the reader's back is among them, and is told with the changes since ``base``.
            index.raise_floor(newest)
            stale = len(states)
        else:
            states = await states_since(database, self.id, mailbox_id, index.modseq)
            index.apply(changes_from(index, states, base), overlapping=True)
            stale = len(states)
        if large and stale * 8 >= len(index):
            packed = await self.store.in_worker(pack_index, index)
            if len(packed) <= MAX_PACKED:
                view = ViewDocument(id=mailbox_id, account=self.id, modseq=base, packed=packed)
                self.store.spawn(put_view(database, view))
        return index


def changes_from(index: MailboxIndex, states: list[MessageState], modseq: int) -> MailboxChanges:
    """Return what these stored states mean for an index as of a modseq; some of them may be newer. Pure."""
    added: list[Row] = []
    changed = []
    removed = []
    for state in states:
        row = index.row(state.uid)
        if state.expunged:
            # Also one that came and went unseen here: a client may have seen it at another process.
            removed.append(state.uid)
        elif row is None:
            added.append(row_of(state))
        elif row.modseq < state.modseq:
            changed.append((state.uid, flag_set(state.flags), state.modseq))
    added.sort(key=lambda one: one.uid)
    newest = max((state.modseq for state in states), default=0)
    return MailboxChanges(modseq, tuple(added), tuple(changed), tuple(removed), newest)
