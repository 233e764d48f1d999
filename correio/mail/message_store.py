"""The message store (RFC 5598 section 4.2.5): the accounts this process has open, over one database."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from correio.config import Settings
from correio.errors import ClosedAccountError, MailError, NotFoundError
from correio.mail.account import Account
from correio.mail.cache import OctetCache
from correio.mail.committer import Committer
from correio.mail.mailbox_index import MailboxIndex
from correio.mail.outbox import Outbox
from correio.mail.route_cache import RouteCache
from correio.mail.search_keeper import SearchKeeper
from correio.sieve.tree import Script
from correio.store.accounts import find_account, find_account_by_address
from correio.store.annotations import delete_annotations
from correio.store.database import Database
from correio.store.documents import AccountDocument, MessageDocument
from correio.store.feed import ChangeFeed
from correio.store.mailboxes import find_mailboxes
from correio.store.messages import delete_mailbox_messages
from correio.store.retention import mark_buried
from correio.store.round_trips import background_task
from correio.store.search_blocks import delete_blocks
from correio.store.views import delete_view

P = ParamSpec("P")
T = TypeVar("T")

_log = logging.getLogger("correio.mail.store")
_WARM_ACCOUNTS: Final = 4096
_WARM_ROWS: Final = 2_000_000
_WORKERS: Final = 2
_BURIED_AT_ONCE: Final = 200
_SCRIPTS: Final = 16 * 1024 * 1024
"""Octets of the compiled scripts that are kept, about."""


class MessageStore:
    """One per process. Create with :meth:`open`, end with :meth:`close`."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings: Final = settings
        self.database: Final = database
        self.committer: Final = Committer(database, self._settled)
        share = settings.limits.cache // 16
        self.structures: Final[OctetCache[tuple[str, int], tuple[bytes, bytes]]] = OctetCache(5 * share)
        """(mailbox id, uid) -> ENVELOPE, BODYSTRUCTURE. A UID never comes again, so nothing here is ever stale."""
        self.documents: Final[OctetCache[tuple[str, int], MessageDocument]] = OctetCache(5 * share)
        """(mailbox id, uid) -> the message; its flags and modseq are those of the time it was read."""
        self.scripts: Final[OctetCache[str, Script | str]] = OctetCache(_SCRIPTS)
        """``AccountDocument.sieve`` -> the compiled script, or what is wrong with it. By the digest, so never stale."""
        self.search_keeper: Final = SearchKeeper(self, 6 * share)
        self.outbox: Final = Outbox()
        self.routes: Final = RouteCache()
        """Where addresses lead, for a moment."""
        self._feed: Final = ChangeFeed(database, self._moved, self._lost)
        self._accounts: WeakValueDictionary[str, Account] = WeakValueDictionary()
        self._opening: dict[str, asyncio.Task[Account]] = {}
        self._warm_accounts: OrderedDict[str, Account] = OrderedDict()
        self._warm_indexes: OrderedDict[tuple[str, str], MailboxIndex] = OrderedDict()
        self._warm_rows = 0
        self._ids_by_address: OrderedDict[str, str] = OrderedDict()
        self._heard: dict[str, int] = {}
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="worker")
        self._background: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, settings: Settings, uri: str) -> MessageStore:
        """Connect, create missing indexes, and listen to the change feed. Raises UnavailableError."""
        database = Database(uri, settings.database)
        await database.ping()
        await database.prepare()
        store = cls(settings, database)
        await store._feed.start()
        return store

    async def close(self) -> None:
        """Finish what is waiting to be committed and disconnect."""
        await self.committer.close()
        await self.search_keeper.close()
        await self._feed.stop()
        for task in list(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        self._workers.shutdown(wait=False, cancel_futures=True)
        await self.database.close()

    async def ping(self) -> None:
        """Raise UnavailableError when the database is away."""
        await self.database.ping()

    @staticmethod
    def now() -> int:
        """Return the time in seconds since the epoch."""
        return int(time.time())

    async def in_worker(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a pure function over many octets in a worker thread, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._workers, partial(function, *args, **kwargs))

    # Accounts

    async def account(self, account_id: str) -> Account:
        """Return the live account. Raises NotFoundError when there is none, or it is disabled."""
        account = self._accounts.get(account_id)
        if account is None:
            task = self._opening.get(account_id)
            if task is None:
                task = self._opening[account_id] = asyncio.create_task(self._open_account(account_id))
                task.add_done_callback(lambda _: self._opening.pop(account_id, None))
            account = await asyncio.shield(task)
        if account.closed:
            raise NotFoundError("The account does not exist or is disabled.")
        self._warm_accounts[account_id] = account
        self._warm_accounts.move_to_end(account_id)
        if len(self._warm_accounts) > _WARM_ACCOUNTS:
            self._warm_accounts.popitem(last=False)
        return account

    async def _open_account(self, account_id: str) -> Account:
        document = await find_account(self.database, account_id)
        if document is None or document.disabled:
            raise NotFoundError("The account does not exist or is disabled.")
        # The account first: mailboxes may then be newer, and the next refresh reads them again.
        mailboxes = await find_mailboxes(self.database, account_id)
        account = Account(self, document, mailboxes)
        self._accounts[account_id] = account
        return account

    async def account_by_address(self, address: str) -> Account:
        """Return the live account of a normalised address. Raises NotFoundError, ClosedAccountError for a disabled one."""
        known = self._ids_by_address.get(address)
        if known is not None:
            try:
                account = await self.account(known)
            except NotFoundError:
                account = None
            if account is not None and account.address == address:
                self._ids_by_address.move_to_end(address)
                return account
            del self._ids_by_address[address]
        document = await self.account_document(address)
        if document is None:
            raise NotFoundError(f"There is no account {address}.")
        if document.disabled:
            raise ClosedAccountError(f"There is no account {address}.")
        self.note_address(address, document.id)
        return await self.account(document.id)

    def note_address(self, address: str, account_id: str) -> None:
        """Remember which account has a normalised address. It is looked at again before anything depends on it."""
        self._ids_by_address[address] = account_id
        if len(self._ids_by_address) > _WARM_ACCOUNTS:
            self._ids_by_address.popitem(last=False)

    def warm_account(self, address: str) -> Account | None:
        """Return the live account of a normalised address if this process knows it, without asking."""
        account = self._accounts.get(self._ids_by_address.get(address, ""))
        return account if account is not None and account.address == address and not account.closed else None

    async def account_document(self, address: str) -> AccountDocument | None:
        """Return the stored account of a normalised address as it is now, disabled or not."""
        return await find_account_by_address(self.database, address)

    def opened(self, account_id: str) -> Account | None:
        """Return the live account if this process has it open."""
        return self._accounts.get(account_id)

    def forget(self, account_id: str) -> None:
        """The account was removed, disabled or enabled by this process: what is open of it ends."""
        account = self._accounts.pop(account_id, None)
        self.routes.clear()
        self._warm_accounts.pop(account_id, None)
        if account is not None:
            account.close()

    def bury(self, account_id: str, mailbox_id: str) -> None:
        """Remove the messages of a deleted mailbox, in the background and in pieces; nobody can reach them any more."""
        self.spawn(self.bury_now(account_id, mailbox_id))

    async def bury_now(self, account_id: str, mailbox_id: str) -> None:
        """Remove the messages of a deleted mailbox. Where it is cut off, housekeeping does the rest."""
        last: int | None = 0
        while last is not None:
            last = await delete_mailbox_messages(self.database, account_id, mailbox_id, last, _BURIED_AT_ONCE)
            await asyncio.sleep(0.05)
        await delete_view(self.database, mailbox_id)
        await delete_annotations(self.database, account_id, mailbox_id)
        await delete_blocks(self.database, account_id, mailbox_id)
        await mark_buried(self.database, mailbox_id)

    def keep_warm(self, account_id: str, index: MailboxIndex) -> None:
        """Hold an index in memory after its last session, as long as there is room."""
        key = (account_id, index.mailbox_id)
        if self._warm_indexes.get(key) is not index:
            self._warm_indexes[key] = index
            self._warm_rows = sum(len(one) for one in self._warm_indexes.values())
            while self._warm_rows > _WARM_ROWS and len(self._warm_indexes) > 1:
                _, gone = self._warm_indexes.popitem(last=False)
                self._warm_rows -= len(gone)
        self._warm_indexes.move_to_end(key)

    # The change feed

    def _moved(self, account_id: str, modseq: int | None) -> None:
        account = self._accounts.get(account_id)
        if account is None or (modseq is not None and modseq <= account.modseq):
            return
        if modseq is not None and self.committer.is_busy(account_id):
            # Most likely this process's own commit, heard of before it was confirmed: look again when it is.
            self._heard[account_id] = modseq
        else:
            self._spawn_refresh(account)

    def _settled(self, account_ids: set[str]) -> None:
        for account_id in account_ids & self._heard.keys():
            self._moved(account_id, self._heard.pop(account_id))

    def _lost(self) -> None:
        for account in list(self._accounts.values()):
            self._spawn_refresh(account)

    def _spawn_refresh(self, account: Account) -> None:
        async def refresh() -> None:
            try:
                await account.refresh()
            except NotFoundError:
                self.forget(account.id)
            except MailError as error:
                _log.warning("account %s was not refreshed: %s", account.id, error)

        self.spawn(refresh())

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Do some work in the background that may fail: nobody waits for it, and stopping ends it."""

        def ended(task: asyncio.Task[None]) -> None:
            self._background.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                _log.warning("background work failed: %s", error)

        task = background_task(work)
        self._background.add(task)
        task.add_done_callback(ended)
