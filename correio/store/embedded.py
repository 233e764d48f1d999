"""The embedded database: SecantusDB in a process of its own, shared by every Correio process on one data directory.

It is there so that Correio can be tried and tested with nothing else installed. SecantusDB is beta software under
GPL-2.0: it runs as a separate process and is not for data that people cannot lose. Set ``CORREIO_MONGODB_URI`` for
those.

The database belongs to a *keeper* process (:mod:`correio.store.keeper`), not to the process that first needed it, so
any user may be killed at any time. A user that finds the keeper gone starts another one.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final

from correio.errors import UnavailableError
from correio.store.keeper_files import FileLock, KeeperFiles, answers, is_held

MIB: Final = 1024 * 1024

_log = logging.getLogger(__name__)
_START: Final = 60.0
_STOP: Final = 15.0
_WATCH: Final = 0.5
_LOG_SIZE: Final = 8 * MIB


class EmbeddedServer:
    """This process's use of the embedded database of one data directory.

    ``async with EmbeddedServer(data) as uri`` gives the URI and stops without waiting. ``cache`` is in octets.
    """

    def __init__(self, data: Path, cache: int = 512 * MIB) -> None:
        self._files = KeeperFiles(data)
        self._cache = f"{max(32, cache // MIB)}M"
        self._users: FileLock | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._port = 0

    async def __aenter__(self) -> str:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop(wait=False)

    async def start(self) -> str:
        """Make sure the database runs, and return its MongoDB URI. Raises UnavailableError with what to do."""
        if importlib.util.find_spec("secantus") is None:
            raise UnavailableError(
                "The embedded database is not installed: pip install 'correio[embedded]', or set CORREIO_MONGODB_URI."
            )
        try:
            self._port = await asyncio.to_thread(self._join)
        except BaseException:
            self._leave()
            raise
        self._watcher = asyncio.create_task(self._watch(), name="embedded database")
        return (
            f"mongodb://127.0.0.1:{self._port}/?directConnection=true&w=majority&journal=true&retryWrites=true"
            "&retryReads=true&serverSelectionTimeoutMS=5000"
        )

    async def stop(self, wait: bool = False, patience: float = _STOP) -> None:
        """End this use. With ``wait``, return only when the database is closed, unless somebody else uses it.

        Waits at most ``patience`` seconds: closing takes a fraction of one, and the keeper finishes it alone.
        """
        if self._watcher is not None:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher
            self._watcher = None
        self._leave()
        if wait:
            await asyncio.to_thread(self._wait_for_close, patience)
        if self._keeper is not None:
            self._keeper.poll()

    def _join(self) -> int:
        try:
            self._files.create()
        except OSError as error:
            raise UnavailableError(f"Cannot use {self._files.directory}: {error.strerror}.") from error
        deadline = time.monotonic() + _START
        self._users = FileLock(self._files.users)
        # A keeper that is closing the database holds this lock alone for a moment.
        while not self._users.try_shared():
            self._pause(deadline)
        return self._ensure(deadline)

    def _ensure(self, deadline: float) -> int:
        """Return the port on which the database answers, after starting a keeper if there is none."""
        self._keeper = None
        while True:
            if not is_held(self._files.keeper):
                if self._keeper is not None and (self._keeper.poll() or 0) > 0:
                    raise UnavailableError(self._failure("cannot start"))
                self._start_keeper(deadline)
            endpoint = self._files.read_endpoint()
            if endpoint is not None and is_held(self._files.keeper) and answers(endpoint.port):
                return endpoint.port
            self._pause(deadline)

    def _start_keeper(self, deadline: float) -> None:
        with FileLock(self._files.starting) as starting:
            while not starting.try_exclusive():
                self._pause(deadline)
            if is_held(self._files.keeper):
                return
            keeper = self._keeper = self._spawn()
            while not is_held(self._files.keeper):
                if keeper.poll() is not None:
                    return
                self._pause(deadline)

    def _spawn(self) -> subprocess.Popen[bytes]:
        with contextlib.suppress(FileNotFoundError):
            if self._files.log.stat().st_size > _LOG_SIZE:
                self._files.log.replace(self._files.log.with_suffix(".old"))
        with self._files.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own arguments
                [sys.executable, "-m", "correio.store.keeper", str(self._files.directory.parent), self._cache],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _pause(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise UnavailableError(self._failure(f"did not answer within {_START:.0f} seconds"))
        time.sleep(0.02)

    def _failure(self, what: str) -> str:
        return f"The embedded database {what}. The end of {self._files.log}:\n{self._files.log_tail()}"

    async def _watch(self) -> None:
        """Start another keeper when the one there is has been killed."""
        while True:
            await asyncio.sleep(_WATCH)
            try:
                if is_held(self._files.keeper):
                    continue
                _log.warning("the keeper of the embedded database is gone; starting another")
                port = await asyncio.to_thread(self._ensure, time.monotonic() + _START)
                if port != self._port:
                    _log.error("port %d of the embedded database was taken; restart Correio", self._port)
            except (UnavailableError, OSError) as error:
                _log.error("%s", error)

    def _leave(self) -> None:
        if self._users is not None:
            self._users.release()
            self._users = None

    def _wait_for_close(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        asked = False
        others = 0
        with FileLock(self._files.users) as users:
            while is_held(self._files.keeper) and time.monotonic() < deadline:
                if users.try_exclusive():
                    users.unlock()
                    others = 0
                    endpoint = self._files.read_endpoint()
                    if endpoint is not None and not asked:
                        # The keeper holds its lock, so the process id is its own.
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(endpoint.pid, signal.SIGUSR1)
                        asked = True
                elif users.try_shared():
                    users.unlock()
                    others += 1
                    # The keeper and others who stop look at the lock too, each for an instant.
                    if others == 3:
                        return
                time.sleep(0.02)
        if self._keeper is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._keeper.wait(1)
