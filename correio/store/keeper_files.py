"""The files through which the embedded database's keeper and its users know of each other.

All of them lie in ``CORREIO_DATA/database``. Truth is in the locks alone, because the kernel releases them however a
process ends:

- ``users.lock``: shared by every process that uses the database; taken exclusively by the keeper to close it.
- ``keeper.lock``: held by the keeper as long as it lives.
- ``start.lock``: held by the user that is starting a keeper.
- ``endpoint.json``: where the database answers; valid only while ``keeper.lock`` is held.
- ``port``: the port used last, so that a restart meets the clients that are still there.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import bson
import msgspec

_OP_MSG: Final = 2013
_HEADER: Final = struct.Struct("<iiii")
_MAX_REPLY: Final = 1024 * 1024


class DatabaseEndpoint(msgspec.Struct, frozen=True):
    """What ``endpoint.json`` says."""

    port: int
    pid: int
    """The keeper's process."""
    database: int
    """The database's process."""


class KeeperFiles:
    """The paths below one data directory."""

    def __init__(self, data: Path) -> None:
        self.directory = data.absolute() / "database"
        self.storage = self.directory / "storage"
        self.users = self.directory / "users.lock"
        self.keeper = self.directory / "keeper.lock"
        self.starting = self.directory / "start.lock"
        self.endpoint = self.directory / "endpoint.json"
        self.port = self.directory / "port"
        self.log = self.directory / "log"
        self.settings = self.directory / "secantusd.toml"

    def create(self) -> None:
        """Make the directory, readable by its owner alone. Raises OSError."""
        self.directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.directory.mkdir(mode=0o700, exist_ok=True)

    def read_endpoint(self) -> DatabaseEndpoint | None:
        """Return where the database answers, or None while it does not."""
        try:
            return msgspec.json.decode(self.endpoint.read_bytes(), type=DatabaseEndpoint)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def write_endpoint(self, endpoint: DatabaseEndpoint) -> None:
        """Replace ``endpoint.json`` in one step."""
        draft = self.endpoint.with_suffix(".new")
        draft.write_bytes(msgspec.json.encode(endpoint))
        draft.replace(self.endpoint)

    def log_tail(self, lines: int = 12) -> str:
        """Return the last lines of the database's log."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - 8192))
                return "\n".join(log.read().decode("utf-8", "replace").splitlines()[-lines:])
        except FileNotFoundError:
            return ""


class FileLock:
    """An advisory lock (flock) on a file, released by :meth:`release` or by the end of the process."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def try_shared(self) -> bool:
        """Take the lock together with others; False if somebody has it alone."""
        return self._try(fcntl.LOCK_SH)

    def try_exclusive(self) -> bool:
        """Take the lock alone; False if anybody has it."""
        return self._try(fcntl.LOCK_EX)

    def unlock(self) -> None:
        """Give the lock back and keep the file open."""
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def release(self) -> None:
        """Give the lock back for good. May be called twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _try(self, mode: int) -> bool:
        try:
            fcntl.flock(self._fd, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def is_held(path: Path) -> bool:
    """Tell whether some process holds this lock alone."""
    with FileLock(path) as lock:
        return not lock.try_shared()


def answers(port: int, timeout: float = 2.0) -> bool:
    """Tell whether a database answers ``hello`` on this loopback port within ``timeout`` seconds."""
    body = b"\0\0\0\0\0" + bson.encode({"hello": 1, "$db": "admin"})
    try:
        with socket.create_connection(("127.0.0.1", port), timeout) as connection:
            connection.settimeout(timeout)
            connection.sendall(_HEADER.pack(_HEADER.size + len(body), 1, 0, _OP_MSG) + body)
            length, _, _, opcode = _HEADER.unpack(_receive(connection, _HEADER.size))
            if opcode != _OP_MSG or not _HEADER.size + 5 < length < _MAX_REPLY:
                return False
            reply = bson.decode(_receive(connection, length - _HEADER.size)[5:])
            return bool(reply.get("isWritablePrimary"))
    except (OSError, bson.errors.BSONError):
        return False


def _receive(connection: socket.socket, size: int) -> bytes:
    octets = bytearray()
    while len(octets) < size:
        chunk = connection.recv(size - len(octets))
        if not chunk:
            raise ConnectionError("the database closed the connection")
        octets += chunk
    return bytes(octets)
