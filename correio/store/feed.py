"""The change feed: one change stream per process on ``accounts`` tells which account's clock moved.

It is a hint only; the truth is the modseq. Whoever hears it reads the account.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Final

from pymongo.errors import PyMongoError

from correio.store.database import Database
from correio.store.round_trips import background_task

_log = logging.getLogger("correio.store.feed")
_PIPELINE: Final[list[dict[str, Any]]] = [
    {"$match": {"operationType": {"$in": ["update", "replace", "delete", "insert"]}}},
    {
        "$project": {
            "operationType": 1,
            "documentKey": 1,
            "updateDescription.updatedFields.modseq": 1,
            "fullDocument.modseq": 1,
        }
    },
]
_RETRY: Final = 0.5
_PAUSE: Final = 0.1
"""Seconds between two reads under load. Each read costs the server as much as a small write, at every commit; and what it
tells is for other processes' sessions, for which a tenth of a second is soon enough. The first change after a quiet while
is told at once."""


class ChangeFeed:
    """Calls ``moved(account id, modseq or None)`` for every change, and ``lost()`` when some may have been missed."""

    def __init__(
        self,
        database: Database,
        moved: Callable[[str, int | None], None],
        lost: Callable[[], None],
        pause: float = _PAUSE,
    ) -> None:
        self._database = database
        self._pause = pause
        self._moved = moved
        self._lost = lost
        self._task: asyncio.Task[None] | None = None
        self._opened = asyncio.Event()

    async def start(self, timeout: float = 10.0) -> None:
        """Open the stream; returns when it is open, or after the timeout while it goes on trying."""
        self._task = background_task(self._run(), "change feed")
        try:
            async with asyncio.timeout(timeout):
                await self._opened.wait()
        except TimeoutError:
            _log.warning("the change feed is not open yet; other processes' changes may be seen late")

    async def stop(self) -> None:
        """Close the stream."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        token: Any = None
        while True:
            try:
                async with self._database["accounts"].watch(
                    _PIPELINE, resume_after=token, max_await_time_ms=1000
                ) as stream:
                    self._opened.set()
                    if token is None:
                        self._lost()
                    # At first the server's answer to the opening may hold events too, of unknown number.
                    reads, left = self._database.changes.reads, 0
                    while stream.alive:
                        asked = time.monotonic()
                        event = await stream.try_next()
                        token = stream.resume_token
                        if self._database.changes.reads != reads:
                            reads, left = self._database.changes.reads, self._database.changes.size
                        if event is None:
                            # A server may answer at every write to anything: an answer with nothing in it is paid for as well.
                            await asyncio.sleep(max(0.0, self._pause - (time.monotonic() - asked)))
                            continue
                        # A new account's event brings the document, a change's only what changed.
                        fields = event.get("fullDocument") or event.get("updateDescription", {}).get(
                            "updatedFields", {}
                        )
                        self._moved(event["documentKey"]["_id"], fields.get("modseq"))
                        left -= 1
                        if left == 0:
                            await asyncio.sleep(self._pause)
            except PyMongoError as error:
                _log.warning("the change feed broke and is opened anew: %s", error)
                if token is not None and getattr(error, "code", None) is not None:
                    # The server no longer knows where we were.
                    token = None
                await asyncio.sleep(_RETRY)
