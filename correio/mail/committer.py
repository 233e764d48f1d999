"""Group commit: what waits while a transaction is in flight goes into the next one, together, for any number of accounts.

Rivals inside a process queue here and never conflict. An account is in at most one transaction at a time, its operations
keep their order, and large ones go alone so that they delay no delivery.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Any, Final, Generic, TypeVar

from correio.errors import MailError, OutcomeUnknownError, UnavailableError
from correio.mail.account import Account, AccountStep
from correio.mail.commit_queue import Bundle, CommitQueue
from correio.mail.draft import DeferError, Draft
from correio.store.accounts import claim_turn
from correio.store.database import Database
from correio.store.documents import MessageDocument
from correio.store.messages import existing_ids, find_messages
from correio.store.transaction import DuplicateMessageError, GuardFailedError, Writes, commit

T = TypeVar("T")

_log = logging.getLogger("correio.mail.committer")
_HEAVY_LANES: Final = 2
_ATTEMPTS: Final = 12
_PATIENCE: Final = 2
_TURN: Final = 0.3
"""Seconds for which others are asked to wait."""
_MAX_WAITING: Final = 20_000
_GATHER: Final = 0.012
"""Seconds to wait at most for the rest of a group whose senders have just been answered."""
_GATHER_SHARE: Final = 0.6
"""And at most this share of what the last commit took: waiting must cost less than a commit of its own."""


class Operation(ABC, Generic[T]):
    """One change to one account. Its plan is pure and may be made several times."""

    weight: int = 1
    """About how many documents it writes."""
    octets: int = 0
    """About how many octets it writes within the transaction."""
    inserts: Sequence[str] = ()
    """The ids of the messages it adds: fixed before the plan, so that a retry meets itself."""

    def __init__(self, account: Account) -> None:
        self.account: Final = account

    async def prepare(self) -> None:
        """Read what the plan needs beyond the account. Called when it is the account's turn, before every plan."""

    @abstractmethod
    def plan(self, draft: Draft) -> T:
        """Record the change and return the result. Raises MailError before recording anything."""

    async def made(self) -> bool:
        """Tell whether an earlier attempt did commit. Asked when an insert met what is there already."""
        return bool(self.inserts) and bool(
            await existing_ids(self.account.store.database, self.account.id, self.inserts[:1])
        )

    def durable(self) -> None:
        """Hear that the change is on disk. Must be quick, and raise nothing."""

    def recover(self, stored: dict[str, MessageDocument]) -> T:  # noqa: ARG002 - the default knows nothing
        """Return the result of an earlier attempt that did commit, from the messages it added."""
        raise OutcomeUnknownError("The change was made by an earlier attempt, whose result is no longer known.")


class _Waiting:
    """An operation and who waits for it."""

    __slots__ = ("bound", "future", "operation")

    def __init__(self, operation: Operation[Any], future: asyncio.Future[Any]) -> None:
        self.operation = operation
        self.future = future
        self.bound: Sequence[_Waiting] = ()
        """Those that must not be made without this one."""

    @property
    def account_id(self) -> str:
        return self.operation.account.id

    @property
    def weight(self) -> int:
        return self.operation.weight

    @property
    def octets(self) -> int:
        return self.operation.octets

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)

    def succeed(self, result: object) -> None:
        if not self.future.done():
            self.future.set_result(result)


class CommitStatistics:
    """What the committer did so far."""

    def __init__(self) -> None:
        self.groups = 0
        self.operations = 0
        self.retries = 0


class Committer:
    """One per process. ``submit`` returns when the change is durable."""

    def __init__(self, database: Database, settled: Callable[[set[str]], None]) -> None:
        """``settled`` hears which accounts are no longer in a transaction."""
        self._database = database
        self._settled = settled
        self._queue: CommitQueue[_Waiting] = CommitQueue()
        self._busy: set[str] = set()
        self._light_running = False
        self._heavy_running = 0
        self._expected = 0
        self._last_duration = 0.0
        self._pumping: asyncio.Handle | None = None
        self._process = secrets.token_hex(8)
        self._gathering: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self.statistics: Final = CommitStatistics()

    def is_busy(self, account_id: str) -> bool:
        """Tell whether a transaction of this account is in flight."""
        return account_id in self._busy

    async def submit(self, operation: Operation[T]) -> T:
        """Queue an operation and return its result once it is on disk.

        Raises what its plan raises; UnavailableError when the database refused or too much is waiting; OutcomeUnknownError
        when it cannot be known. Cancelling the caller does not undo the change.
        """
        outcome = (await self.submit_all([operation]))[0]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    async def submit_all(
        self, operations: Sequence[Operation[T]], *, all_or_none: bool = False
    ) -> list[T | BaseException]:
        """Queue operations that go into one transaction, and return the result or the error of each, in order.

        All that are made are made at once: nobody, and no crash, sees some without the rest. An operation whose plan fails
        leaves the others as they are, or with ``all_or_none`` makes them fail too. Raises UnavailableError when nothing was
        begun.
        """
        if self._closed:
            raise UnavailableError("The server is shutting down; try again later.")
        if len(self._queue) >= _MAX_WAITING:
            raise UnavailableError("Too many changes are waiting; try again later.")
        loop = asyncio.get_running_loop()
        waiting = [_Waiting(operation, loop.create_future()) for operation in operations]
        if all_or_none and len(waiting) > 1:
            for item in waiting:
                item.bound = waiting
        self._queue.add(Bundle(waiting))
        if self._pumping is None:
            # All that is submitted in this turn of the loop goes together.
            self._pumping = loop.call_soon(self._pump)
        outcomes: list[T | BaseException] = await asyncio.gather(
            *(item.future for item in waiting), return_exceptions=True
        )
        return outcomes

    async def close(self) -> None:
        """Finish everything that waits, and accept no more."""
        self._closed = True
        self._pump(at_once=True)
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    # Forming groups

    def _pump(self, *, at_once: bool = False) -> None:
        if self._pumping is not None:
            self._pumping.cancel()
            self._pumping = None
        light = not self._light_running and (at_once or not self._worth_waiting())
        together, alone = self._queue.take(self._busy, light=light, heavy=_HEAVY_LANES - self._heavy_running)
        for items in alone:
            self._heavy_running += 1
            self._start(items, heavy=True)
        if together:
            self._light_running = True
            self._start(together, heavy=False)

    def _worth_waiting(self) -> bool:
        """Tell whether those answered just now are likely to be back soon enough to go with those that wait already.

        Without this, eight senders part into two halves that take turns, and each commit carries four.
        """
        if self._gathering is None:
            if len(self._queue) >= self._expected:
                return False
            patience = min(_GATHER, _GATHER_SHARE * self._last_duration)
            self._gathering = asyncio.get_running_loop().call_later(patience, self._gathered)
            return True
        if len(self._queue) < self._expected:
            return True
        self._gathering.cancel()
        self._gathering = None
        return False

    def _gathered(self) -> None:
        self._gathering = None
        self._expected = 0
        self._pump()

    def _start(self, items: list[_Waiting], *, heavy: bool) -> None:
        accounts = {item.operation.account.id for item in items}
        self._busy |= accounts
        started = asyncio.get_running_loop().time()
        # In a context of its own: what is committed is waited for, whoever gave the occasion for it.
        task = asyncio.create_task(self._run(items), name="commit", context=Context())
        self._tasks.add(task)
        self.statistics.groups += 1
        self.statistics.operations += len(items)

        def ended(done: asyncio.Task[None]) -> None:
            self._tasks.discard(done)
            self._busy.difference_update(accounts)
            if heavy:
                self._heavy_running -= 1
            else:
                self._light_running = False
                self._last_duration = asyncio.get_running_loop().time() - started
                self._expected = len(items) + len(self._queue)
            if not done.cancelled() and (error := done.exception()) is not None:
                _log.error("a commit failed", exc_info=error)
                for item in items:
                    item.fail(UnavailableError("The change could not be made; try again later."))
            self._settled(accounts)
            self._pump(at_once=self._closed)

        task.add_done_callback(ended)

    # Running a group

    async def _run(self, items: list[_Waiting]) -> None:
        deferred: list[_Waiting] = []
        for attempt in range(_ATTEMPTS):
            items = await self._prepared(items)
            drafts, planned, again = self._plan(items)
            if again:
                deferred += again
                items = [item for item in items if item not in again]
            if not planned:
                break
            writes = Writes()
            steps: list[tuple[Account, AccountStep]] = []
            for draft in drafts:
                if not draft.empty:
                    draft.add_to(writes)
                    steps.append((draft.account, draft.step()))
            try:
                if steps:
                    await commit(self._database, writes)
            except GuardFailedError:
                self.statistics.retries += 1
                items = await self._take_turns([item for item, _ in planned], claim=attempt >= _PATIENCE)
                continue
            except DuplicateMessageError:
                items = await self._recovered([item for item, _ in planned])
                continue
            except MailError as error:
                for item, _ in planned:
                    item.fail(error)
                break
            for account, step in steps:
                account.apply(step)
            for item, result in planned:
                item.operation.durable()
                item.succeed(result)
            break
        else:
            for item in items:
                item.fail(UnavailableError("Other processes change this account too fast; try again later."))
        self._queue.put_back(deferred)

    async def _prepared(self, items: list[_Waiting]) -> list[_Waiting]:
        results = await asyncio.gather(*(item.operation.prepare() for item in items), return_exceptions=True)
        ready: list[_Waiting] = []
        for item, result in zip(items, results, strict=True):
            if result is None:
                ready.append(item)
            elif isinstance(result, Exception):
                self._failed(item, result)
            else:
                raise result
        return [item for item in ready if not item.future.done()]

    @staticmethod
    def _failed(item: _Waiting, error: Exception) -> None:
        if not isinstance(error, MailError):
            _log.error("an operation failed: %s", type(item.operation).__name__, exc_info=error)
            error = UnavailableError("The change could not be made; try again later.")
        item.fail(error)
        for other in item.bound:
            other.fail(UnavailableError("It could not be done for all, so it was done for none; try again later."))

    def _plan(self, items: list[_Waiting]) -> tuple[list[Draft], list[tuple[_Waiting, Any]], list[_Waiting]]:
        """Plan all of them. What failed is answered; returns the drafts, the planned with their results, and the deferred."""
        candidates = list(items)
        while True:
            drafts: dict[str, Draft] = {}
            planned: list[tuple[_Waiting, Any]] = []
            deferred: list[_Waiting] = []
            spoiled: _Waiting | None = None
            for item in candidates:
                account = item.operation.account
                draft = drafts.get(account.id)
                if draft is None:
                    draft = drafts[account.id] = Draft(account)
                before = draft.mutations
                try:
                    planned.append((item, item.operation.plan(draft)))
                except DeferError:
                    deferred.append(item)
                except Exception as error:  # noqa: BLE001 - answered and logged by _failed
                    self._failed(item, error)
                    if draft.mutations != before or item.bound:
                        spoiled = item
                        break
            if spoiled is None:
                return list(drafts.values()), planned, deferred
            failed = {id(item) for item in candidates if item.future.done()}
            candidates = [item for item in candidates if id(item) not in failed]

    async def _take_turns(self, items: list[_Waiting], *, claim: bool) -> list[_Waiting]:
        """Refresh after a lost race; let others go first who asked for it, and ask for it oneself after losing often."""
        accounts = {item.operation.account.id for item in items}
        if claim:
            until = time.time() + _TURN
            for account_id in sorted(accounts):
                await claim_turn(self._database, account_id, self._process, until)
        items = await self._refreshed(items)
        deadline = time.time() + 2 * _TURN
        while items and time.time() < deadline:
            now = time.time()
            asked = {item.operation.account.id: item.operation.account.document for item in items}
            if not any(one.turn not in ("", self._process) and one.turn_until > now for one in asked.values()):
                break
            await asyncio.sleep(random.uniform(0.01, 0.02))  # noqa: S311 - spreads rivals
            items = await self._refreshed(items)
        return items

    async def _refreshed(self, items: list[_Waiting]) -> list[_Waiting]:
        accounts = {item.operation.account.id: item.operation.account for item in items}
        results = await asyncio.gather(*(account.refresh() for account in accounts.values()), return_exceptions=True)
        failures = dict(zip(accounts, results, strict=True))
        kept: list[_Waiting] = []
        for item in items:
            failure = failures[item.operation.account.id]
            if isinstance(failure, Exception):
                self._failed(item, failure)
            else:
                kept.append(item)
        return [item for item in kept if not item.future.done()]

    async def _recovered(self, items: list[_Waiting]) -> list[_Waiting]:
        kept = await self._refreshed(items)
        left: list[_Waiting] = []
        for item in kept:
            operation = item.operation
            ids = list(operation.inserts)
            try:
                if await operation.made():
                    stored = await find_messages(self._database, operation.account.id, ids)
                    result = operation.recover({message.id: message for message in stored})
                    operation.durable()
                    item.succeed(result)
                else:
                    left.append(item)
            except MailError as error:
                item.fail(error)
        return left
