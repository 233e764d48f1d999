"""`correio serve` as a child process, as an operator runs it: start, stop, kill, and connect to it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.peers.imap import ImapClient
from tests.peers.pop3 import Pop3Client
from tests.peers.smtp import SmtpClient

LISTENERS = ("http", "smtp", "submission", "lmtp", "imap", "pop3", "submissions", "imaps", "pop3s")
CORREIO = (sys.executable, "-m", "correio")
START = 60.0
_given: set[int] = set()


@dataclass(frozen=True)
class Person:
    """Somebody with an account."""

    id: str
    address: str
    password: str


def free_port() -> int:
    """A port nobody listens on, below the range from which outgoing connections take theirs. Never the same again.

    Test processes that run at once have ranges of their own: what one has been given it may not listen on yet.
    """
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    own = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    span = 10_000 // count
    while True:
        port = 10_000 + own * span + random.randrange(span)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            _given.add(port)
            return port


@dataclass
class Served:
    """One server process on a data directory, which it may share with others."""

    data: Path
    name: str = "server"
    settings: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in LISTENERS})
    process: subprocess.Popen[bytes] | None = None
    host: str = "127.0.0.1"
    """Where it listens; any address of 127.0.0.0/8."""

    @property
    def log(self) -> Path:
        return self.data / f"{self.name}.log"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("CORREIO_")},
            "CORREIO_DATA": str(self.data),
            **{f"CORREIO_{name.upper()}": f"{self.host}:{port}" for name, port in self.ports.items()},
            "CORREIO_HOSTNAME": "mx.correio.test",
            **self.settings,
        }

    def address(self, listener: str) -> tuple[str, int]:
        return self.host, self.ports[listener]

    async def start(self) -> None:
        """Start and wait until it says it is ready."""
        self.data.mkdir(parents=True, exist_ok=True)
        before = self.log.stat().st_size if self.log.exists() else 0
        self.process = self._spawn()
        deadline = time.monotonic() + START
        while time.monotonic() < deadline and self.process.poll() is None:
            if b"ready" in self.log.read_bytes()[before:]:
                return
            await asyncio.sleep(0.02)
        self.kill()
        raise AssertionError(f"correio serve is not ready:\n{self.log.read_text(errors='replace')[-6000:]}")

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*CORREIO, "serve"], env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    async def stop(self) -> int:
        """SIGTERM; returns the exit code. Fails where it takes more than the ten seconds it has."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.to_thread(self.process.wait, 15)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("correio serve did not end within 15 s of SIGTERM") from None
        finally:
            self.process = None

    def kill(self) -> None:
        """SIGKILL: nothing is told."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    async def command(self, *arguments: str, stdin: bytes = b"") -> tuple[int, str]:
        """Run a `correio` command on the same data; its exit code and everything it said."""
        child = await asyncio.create_subprocess_exec(
            *CORREIO,
            *arguments,
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await child.communicate(stdin)
        return child.returncode or 0, out.decode(errors="replace")

    async def imap(self, person: Person | None = None) -> ImapClient:
        """A connection, signed in where a person is given."""
        client = await ImapClient.connect(self.address("imap"))
        return await client.signed_in(person.address, person.password) if person else client

    async def pop3(self, person: Person | None = None) -> Pop3Client:
        """A connection, signed in where a person is given."""
        client = await Pop3Client.connect(self.address("pop3"))
        return await client.signed_in(person.address, person.password) if person else client

    async def smtp(self, listener: str = "smtp", *, hello: bool = True) -> SmtpClient:
        """A connection to an SMTP or LMTP listener, after EHLO or LHLO."""
        tls = trusting() if listener == "submissions" else None
        return await SmtpClient.connect(self.address(listener), lmtp=listener == "lmtp", tls=tls, hello=hello)

    def http(self, token: str | None = None) -> httpx.AsyncClient:
        """An HTTP client; paths are from the root."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(
            base_url=f"http://{self.host}:{self.ports['http']}", headers=headers, timeout=60, trust_env=False
        )

    async def rest(self, person: Person) -> httpx.AsyncClient:
        """An HTTP client with a bearer token."""
        async with self.http() as client:
            answer = await client.post("/v1/tokens", json={"address": person.address, "password": person.password})
        assert answer.status_code in (200, 201), answer.text
        return self.http(answer.json()["token"])

    def tracebacks(self) -> list[str]:
        """What the log holds of exceptions nobody expected."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return ["Traceback" + part[:3000] for part in text.split("Traceback")[1:]]


def trusting() -> ssl.SSLContext:
    """TLS to a server whose certificate it made itself."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
