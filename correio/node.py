"""The composition root: opens the store, starts the listeners, and ends them in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

import msgspec

from api.server import HttpServer
from correio.auth.authenticator import Authenticator
from correio.bind_error import explain_bind
from correio.config import Endpoint, Settings
from correio.config_sources import listeners
from correio.dns.resolver import Resolver
from correio.mail.message_store import MessageStore
from correio.mail.retention import Retention
from correio.mail.signing import DomainSigner
from correio.opening import open_store
from correio.queue.worker import Worker
from correio.tls import server_context
from protocols.imap.server import ImapServer
from protocols.lmtp import LmtpServer
from protocols.pop3.server import Pop3Server
from protocols.smtp.client.courier import SmtpCourier
from protocols.smtp.server import SmtpServer, SubmissionServer
from protocols.wire.listener import server_name

_log = logging.getLogger("correio.node")
_GRACE: Final = 5.0
_STOP: Final = 9.0
"""A second less than the ten that a stop may take."""


class StartError(Exception):
    """The server cannot start. The text says why and what to do."""


class _Server(Protocol):
    async def close(self, grace: float) -> None: ...


class Node:
    """One Correio server. ``async with Node(settings) as node`` starts it; ``endpoints`` has the actual addresses.

    ``prepare`` runs when the store is open and nothing listens yet.
    """

    def __init__(self, settings: Settings, prepare: Callable[[MessageStore], Awaitable[None]] | None = None) -> None:
        self.settings: Final = settings
        self.endpoints: Final[dict[str, Endpoint]] = {}
        self.hostname: Final = server_name(settings)
        self.clean = True
        """False when something did not end in time at the stop, and threads may still run."""
        self._prepare = prepare
        self._stopping_at: float | None = None
        self._resources = contextlib.AsyncExitStack()
        self._servers: list[_Server] = []
        self._retention: Retention | None = None
        self._worker: Worker | None = None
        self._tls: ssl.SSLContext | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Return when every listener accepts. Raises StartError, ConfigError, MailError; nothing runs then."""
        try:
            await self._start()
        except BaseException:
            await self.stop(0.5)
            raise
        _log.info("ready", extra={name: str(endpoint) for name, endpoint in self.endpoints.items()})

    async def stop(self, grace: float = _GRACE) -> None:
        """Stop accepting, let what runs end within ``grace`` seconds, and close the store. May be called twice."""
        self._stopping_at = time.monotonic()
        if self._retention is not None:
            await self._retention.stop()
            self._retention = None
        servers, self._servers = self._servers, []
        closing = [server.close(grace) for server in servers]
        if self._worker is not None:
            closing.append(self._worker.stop(grace))
            self._worker = None
        for outcome in await asyncio.gather(*closing, return_exceptions=True):
            if isinstance(outcome, BaseException):
                _log.error("a listener or the queue did not close", exc_info=outcome)
        self._forget_ready()
        await self._resources.aclose()
        self.endpoints.clear()

    def reload_certificate(self) -> None:
        """Read the configured certificate again, for connections from now on."""
        settings = self.settings
        if self._tls is not None and settings.tls_certificate is not None and settings.tls_key is not None:
            try:
                self._tls.load_cert_chain(settings.tls_certificate, settings.tls_key)
            except (OSError, ssl.SSLError):
                _log.exception("the certificate was not read again; the old one stays in use")
            else:
                _log.info("the certificate was read again")

    async def _start(self) -> None:
        settings = self.settings
        try:
            settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StartError(f"Cannot make the data directory {settings.data}: {error.strerror}.") from error
        self._tls = server_context(settings, self.hostname)
        store = await self._resources.enter_async_context(
            open_store(settings, patience=self._patience, on_stuck=self._stuck)
        )
        if self._prepare is not None:
            await self._prepare(store)
        authenticator = Authenticator(store)
        self._resources.callback(authenticator.close)
        self._retention = Retention(store)
        self._retention.start()
        mail = (store, authenticator, settings, self._tls)
        resolver = Resolver(settings.dns, trusted=settings.dns_trusted)
        self._resources.push_async_callback(resolver.close)
        smtp = SmtpServer(*mail, resolver=resolver)
        submission, lmtp = SubmissionServer(*mail, resolver=resolver), LmtpServer(*mail, resolver=resolver)
        imap, pop3 = ImapServer(*mail), Pop3Server(*mail)
        http = HttpServer(store, authenticator, settings)
        self._servers = [smtp, submission, lmtp, imap, pop3, http]
        listen: dict[str, Callable[[Endpoint], Awaitable[Endpoint]]] = {
            "http": http.listen,
            "smtp": lambda endpoint: smtp.listen(endpoint, implicit_tls=False),
            "submission": lambda endpoint: submission.listen(endpoint, implicit_tls=False),
            "submissions": lambda endpoint: submission.listen(endpoint, implicit_tls=True),
            "lmtp": lambda endpoint: lmtp.listen(endpoint, implicit_tls=False),
            "imap": lambda endpoint: imap.listen(endpoint, implicit_tls=False),
            "imaps": lambda endpoint: imap.listen(endpoint, implicit_tls=True),
            "pop3": lambda endpoint: pop3.listen(endpoint, implicit_tls=False),
            "pop3s": lambda endpoint: pop3.listen(endpoint, implicit_tls=True),
        }
        for name in listeners(settings):
            wanted: Endpoint = getattr(settings, name)
            try:
                self.endpoints[name] = await listen[name](wanted)
            except OSError as error:
                raise StartError(explain_bind(name, wanted, error)) from error
        self._start_queue(store, resolver)
        self._write_ready()

    def _start_queue(self, store: MessageStore, resolver: Resolver) -> None:
        settings = self.settings
        if not settings.outbound:
            return
        courier = SmtpCourier(settings, resolver)
        signer = DomainSigner(store, self.hostname)
        self._worker = Worker(store, courier, signer, self.hostname, settings.queue_connections)
        self._worker.start()

    def _patience(self) -> float:
        """Return the seconds that are left for the database to close."""
        return max(0.5, (self._stopping_at or 0.0) + _STOP - time.monotonic())

    def _stuck(self) -> None:
        self.clean = False

    @property
    def _ready_file(self) -> Path:
        return self.settings.data / "run" / "ready.json"

    def _write_ready(self) -> None:
        """Say in a file what the log line ``ready`` says, for programs."""
        self._ready_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        ready = {"pid": os.getpid(), "endpoints": {name: str(where) for name, where in self.endpoints.items()}}
        draft = self._ready_file.with_suffix(f".{os.getpid()}")
        draft.write_bytes(msgspec.json.encode(ready))
        draft.replace(self._ready_file)

    def _forget_ready(self) -> None:
        with contextlib.suppress(OSError, msgspec.DecodeError):
            ready: dict[str, Any] = msgspec.json.decode(self._ready_file.read_bytes(), type=dict[str, Any])
            if ready.get("pid") == os.getpid():
                self._ready_file.unlink()
