"""Writes what workers find out about deliveries: what comes while a write is under way goes into the next one, together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from correio.errors import UnavailableError
from correio.store.database import Database
from correio.store.deliveries import DeliveryChange, DeliveryUpdate, EnterData, write_updates


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
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="queue changes")
        return await asyncio.shield(waiting.future)

    async def _run(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                await self._write_group(group)
        finally:
            self._task = None

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
