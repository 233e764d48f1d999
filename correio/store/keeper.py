"""The keeper: the process that owns the embedded database, so that any of its users may die at any time.

``python -m correio.store.keeper DATA CACHE`` starts the database of the data directory DATA, starts it again if it
dies, and closes it when for one second no process has held ``users.lock``. SIGUSR1 asks it not to wait that second.
SIGTERM asks it to close; it then gives the users ten seconds to finish. Everything it says goes to ``database/log``.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from correio.store.keeper_files import DatabaseEndpoint, FileLock, KeeperFiles, answers

_POLL: Final = 0.2
_GRACE: Final = 1.0
_PATIENCE: Final = 10.0
_START: Final = 45.0
_CLOSE: Final = 20.0
_KNOCK: Final = 0.5
_UNHEARD: Final = 5
_FAILED_STARTS: Final = 4
# Below the range from which Linux takes the ports of outgoing connections, so that none of those can take ours while
# the database restarts.
_PORTS: Final = (20_000, 32_000)
_PR_SET_PDEATHSIG: Final = 1


class Database:
    """The database process on one port."""

    def __init__(self, files: KeeperFiles, port: int, cache: str) -> None:
        self.port = port
        self._files = files
        self._cache = cache
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the last start."""
        return self._process.pid if self._process else 0

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How the process ended, or None while it lives."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start the process. Raises OSError."""
        command = [sys.executable, "-m", "secantus", "--config", str(self._files.settings), "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--storage-path", str(self._files.storage), "--log-level", "WARNING"]
        command += ["--sync-on-commit", "--cache-size", self._cache]
        command += ["--oplog-retention-seconds", "600", "--oplog-max-entries", "50000"]
        self._process = subprocess.Popen(  # noqa: S603 - our own arguments
            command,
            cwd=self._files.directory,
            stdin=subprocess.DEVNULL,
            preexec_fn=_die_with_parent(os.getpid()),  # noqa: PLW1509 - the keeper has no threads
        )

    def stop(self) -> None:
        """Close the database and wait for it; kill it if it takes longer than 20 seconds."""
        if self._process is None:
            return
        self._process.terminate()
        deadline = time.monotonic() + _CLOSE
        answered = 0
        while self._process.poll() is None and time.monotonic() < deadline:
            # SecantusDB sits in accept() for two seconds unless somebody knocks. And its main thread sleeps through a
            # signal that comes just before it falls asleep: a database that goes on answering did not hear us.
            answered = answered + 1 if answers(self.port, _KNOCK) else 0
            if answered == _UNHEARD:
                self._process.terminate()
                answered = 0
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.05)
        if self._process.poll() is None:
            say(f"the database did not close within {_CLOSE:.0f} seconds; killing it (its journal makes that safe)")
            self._process.kill()
            self._process.wait()


class Keeper:
    """Keeps one database alive while it has users."""

    def __init__(self, files: KeeperFiles, cache: str) -> None:
        self._files = files
        self._users = FileLock(files.users)
        self._cache = cache
        self._closing_at: float | None = None
        self._hurry = False
        self._wakeup, self._signalled = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def run(self) -> int:
        """Run until nobody uses the database any more; the exit code."""
        signal.set_wakeup_fd(self._signalled, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._on_term)
        signal.signal(signal.SIGUSR1, self._on_hurry)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        database = Database(self._files, _choose_port(self._files), self._cache)
        failures = 0
        try:
            while True:
                if not self._start(database):
                    failures += 1
                    if failures >= _FAILED_STARTS:
                        say(f"the database failed to start {failures} times; giving up")
                        return 1
                elif self._watch(database):
                    return 0
                else:
                    say(f"the database ended with code {database.exit_code}; starting it again")
                    failures = 1
                self._files.endpoint.unlink(missing_ok=True)
                self._sleep(min(5.0, 0.1 * 2**failures))
        finally:
            self._files.endpoint.unlink(missing_ok=True)
            database.stop()

    def _start(self, database: Database) -> bool:
        database.start()
        deadline = time.monotonic() + _START
        while database.running and time.monotonic() < deadline:
            if answers(database.port):
                endpoint = DatabaseEndpoint(port=database.port, pid=os.getpid(), database=database.pid)
                self._files.write_endpoint(endpoint)
                return True
            self._sleep(0.05)
        if database.running:
            say(f"the database did not answer within {_START:.0f} seconds")
            database.stop()
        return False

    def _watch(self, database: Database) -> bool:
        """Wait; True: nobody uses the database and ``users.lock`` is ours, False: the database died."""
        unused_since: float | None = None
        while database.running:
            now = time.monotonic()
            if not self._users.try_exclusive():
                unused_since = None
                if self._closing_at is not None and now - self._closing_at > _PATIENCE:
                    say("closing the database although it has users, as SIGTERM asked")
                    return True
            else:
                unused_since = unused_since or now
                if self._hurry or self._closing_at is not None or now - unused_since >= _GRACE:
                    return True
                self._users.unlock()
            self._hurry = False
            self._sleep(_POLL)
        return False

    def _sleep(self, seconds: float) -> None:
        select.select([self._wakeup], [], [], seconds)
        try:
            while os.read(self._wakeup, 64):
                pass
        except BlockingIOError:
            pass

    def _on_term(self, _signal: int, _frame: object) -> None:
        self._closing_at = self._closing_at or time.monotonic()

    def _on_hurry(self, _signal: int, _frame: object) -> None:
        self._hurry = True


def say(text: str) -> None:
    """Write a line to the log."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} keeper {os.getpid()}: {text}\n")
    sys.stderr.flush()


def _die_with_parent(parent: int) -> Callable[[], None]:
    """Return what makes a child end with its parent (Linux), however the parent ends."""
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def prepare() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def _choose_port(files: KeeperFiles) -> int:
    """Return the port of the last time if it is free within five seconds, else another one."""
    try:
        last = int(files.port.read_text("ascii"))
    except (FileNotFoundError, ValueError):
        last = 0
    deadline = time.monotonic() + 5
    while last and time.monotonic() < deadline:
        if _is_free(last):
            return last
        time.sleep(0.1)
    for _ in range(1000):
        port = random.randrange(*_PORTS)  # noqa: S311 - not a secret
        if _is_free(port):
            files.port.write_text(str(port), "ascii")
            return port
    raise OSError(f"no free port between {_PORTS[0]} and {_PORTS[1]}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def main(data: str, cache: str) -> int:
    """Keep the database of one data directory; the exit code."""
    files = KeeperFiles(Path(data))
    lock = FileLock(files.keeper)
    deadline = time.monotonic() + 5
    # Users who look whether there is a keeper hold the lock for an instant.
    while not lock.try_exclusive():
        if time.monotonic() > deadline:
            say("there is a keeper already")
            return 3
        time.sleep(0.01)
    files.endpoint.unlink(missing_ok=True)
    # An empty file of ours, so that no stray secantusd.toml of the user's is read.
    files.settings.write_text("", "ascii")
    return Keeper(files, cache).run()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], sys.argv[2]))
