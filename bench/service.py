"""Correio under test: `correio serve` as a child, on a data directory of its own, with the embedded database."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from argon2 import PasswordHasher

from correio.config import Settings
from correio.mail.directory import add_domain, add_user, set_password
from correio.opening import open_store
from correio.store.keeper_files import KeeperFiles

NAMES = ("http", "smtp", "lmtp", "imap", "pop3", "imaps")
SINK = "sink"
"""The server that mail for others is sent to: the benchmark's own."""
OFF = ("submission", "submissions", "pop3s")
DOMAIN = "bench.test"
PASSWORD = "a bench password"


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class Service:
    """Start, stop and ask the server."""

    def __init__(self) -> None:
        self.data = Path(tempfile.mkdtemp(prefix="correio-bench-"))
        self.ports = dict(zip((*NAMES, SINK), free_ports(len(NAMES) + 1), strict=True))
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CORREIO_")},
            "CORREIO_DATA": str(self.data),
            **{f"CORREIO_{name.upper()}": f"127.0.0.1:{self.ports[name]}" for name in NAMES},
            "CORREIO_SMARTHOST": f"smtp://127.0.0.1:{self.ports[SINK]}",
            **{f"CORREIO_{name.upper()}": "" for name in OFF},
            "CORREIO_HOSTNAME": "mx.bench.test",
        }
        self.log = self.data / "bench.log"
        self._process: subprocess.Popen[bytes] | None = None

    def address(self, name: str) -> tuple[str, int]:
        return "127.0.0.1", self.ports[name]

    def start(self) -> float:
        """Start and wait for the ready line; returns the seconds it took."""
        started = time.perf_counter()
        before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = self._spawn(self.environment, log)
        self._until_ready(self._process, self.log, before)
        return time.perf_counter() - started

    @contextmanager
    def helped(self) -> Iterator[None]:
        """Another process on the same database for a while, with no listener but HTTP: it works on the queue too."""
        [port] = free_ports(1)
        off = {f"CORREIO_{name.upper()}": "" for name in NAMES}
        environment = self.environment | off | {"CORREIO_HTTP": f"127.0.0.1:{port}"}
        with (self.data / "helper.log").open("ab") as log:
            helper = self._spawn(environment, log)
        try:
            self._until_ready(helper, self.data / "helper.log", 0)
            yield
        finally:
            helper.send_signal(signal.SIGTERM)
            helper.wait(20)

    @staticmethod
    def _spawn(environment: dict[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "correio", "serve"],
            env=environment,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )

    @staticmethod
    def _until_ready(process: subprocess.Popen[bytes], log: Path, before: int) -> None:
        started = time.perf_counter()
        while time.perf_counter() - started < 60:
            if b"ready" in log.read_bytes()[before:]:
                return
            if process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"correio serve did not start:\n{log.read_text()[-4000:]}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(20)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)

    async def users(self, *addresses: str) -> None:
        """Make the domain and the accounts: what `correio user add` does, without a process each."""
        settings = Settings(data=self.data)
        async with open_store(settings) as store:
            await add_domain(store, DOMAIN)
            hashed = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
            for address in addresses:
                await add_user(store, address, hashed)

    async def rehash(self, address: str, hasher: PasswordHasher) -> None:
        """Keep an account's password, hashed otherwise."""
        async with open_store(Settings(data=self.data)) as store:
            await set_password(store, address, hasher.hash(PASSWORD))

    def database(self) -> tuple[str, str]:
        """URI and name of the database the server uses."""
        endpoint = KeeperFiles(self.data).read_endpoint()
        if endpoint is None:
            raise RuntimeError("the embedded database is not running")
        return f"mongodb://127.0.0.1:{endpoint.port}/?directConnection=true", Settings().database

    def resident(self) -> int:
        """Octets of memory the server process has resident; its database is a process of its own."""
        if self._process is None:
            raise RuntimeError("the server does not run")
        pages = Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def round_trips(self) -> float:
        """How often the server has asked the database so far for somebody who waits."""
        return self.metric("correio_database_round_trips_total") - self.metric(
            "correio_database_background_round_trips_total"
        )

    def metric(self, name: str) -> float:
        """Read a series of /metrics, summed over its labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['http']}/metrics") as answer:
            rows = answer.read().decode().splitlines()
        values = [float(row.rsplit(" ", 1)[1]) for row in rows if row.split("{")[0].split(" ")[0] == name]
        if not values:
            raise RuntimeError(f"/metrics has no {name}")
        return sum(values)
