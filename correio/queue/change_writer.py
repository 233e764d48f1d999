"""Writes what workers find out about deliveries: what comes while a write is under way goes into the next one, together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

from correio.errors import UnavailableError
from correio.store.database import Database
from correio.store.deliveries import DeliveryChange, DeliveryUpdate, EnterData, write_updates

_GATHER: Final = 0.012
"""Seconds to wait at most for those that have just been answered: connections go on in step, and what they write goes together."""
_GATHER_SHARE: Final = 0.6
"""And at most this share of what the last write took: waiting must cost less than a write of its own."""


class _Waiting:
    """Updates that belong together, and who waits to hear whether all of them were made."""

    __slots__ = ("future", "updates")

    def __init__(self, updates: Sequence[DeliveryUpdate], future: asyncio.Future[bool]) -> None:
        self.updates = updates
        self.future = future


class ChangeWriter:
    """One per process."""

    def __init__(self, database: Database) -> None:
        self._database: Final = database
        self._waiting: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None
        self._expected = 0
        """How many are likely to be back soon."""
        self._until = 0.0
        """Until when they are waited for, by the loop's clock."""
        self._enough = asyncio.Event()

    async def enter_data(self, ids: Sequence[str], lease: str) -> bool:
        """Note that a message is about to be ended; False where some delivery is no longer ours. Raises UnavailableError."""
        return await self._write([EnterData(id=one, lease=lease) for one in ids])

    async def write(self, changes: Sequence[DeliveryChange]) -> bool:
        """Write what became of deliveries; False where some were no longer ours. Raises UnavailableError."""
        return await self._write(changes) if changes else True

    async def close(self) -> None:
        """Finish what is waiting."""
        while self._task is not None:
            await asyncio.wait({self._task})

    async def _write(self, updates: Sequence[DeliveryUpdate]) -> bool:
        waiting = _Waiting(updates, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if len(self._waiting) >= self._expected:
            self._enough.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="queue changes")
        return await asyncio.shield(waiting.future)

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._gather()
                group, self._waiting = self._waiting, []
                began = asyncio.get_running_loop().time()
                await self._write_group(group)
                ended = asyncio.get_running_loop().time()
                self._expected = len(group) + len(self._waiting)
                self._until = ended + min(_GATHER, _GATHER_SHARE * (ended - began))
        finally:
            self._task = None

    async def _gather(self) -> None:
        """Wait for the rest of a group. Without this many connections part into small groups that take turns."""
        self._enough.clear()
        if len(self._waiting) < self._expected:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._until):
                    await self._enough.wait()

    async def _write_group(self, group: Sequence[_Waiting]) -> None:
        updates = [update for one in group for update in one.updates]
        try:
            made = await write_updates(self._database, updates)
            # Told is only how many were made in all. Where one is missing, each is asked for: to enter the data phase twice
            # changes nothing, and of the other changes nobody acts on the answer.
            for one in group:
                complete = made == len(updates) or await self._again(one.updates)
                if not one.future.done():
                    one.future.set_result(complete)
        except Exception as error:  # noqa: BLE001 - whoever waits hears of it
            failure = (
                error if isinstance(error, UnavailableError) else UnavailableError("The queue could not be written.")
            )
            for one in group:
                if not one.future.done():
                    one.future.set_exception(failure)

    async def _again(self, updates: Sequence[DeliveryUpdate]) -> bool:
        if not all(isinstance(update, EnterData) for update in updates):
            return False
        return await write_updates(self._database, updates) == len(updates)
