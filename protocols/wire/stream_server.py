"""Listening sockets for line protocols: IMAP and POP3 are a StreamServer with a session of their own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from typing import Any, Final, Protocol

from correio.config import Endpoint, Limits
from protocols.wire.admission import Admission
from protocols.wire.connection import HANDSHAKE_TIMEOUT, Connection, Factory
from protocols.wire.session import Session

log = logging.getLogger("correio.wire")

BACKLOG: Final = 2048


class Server(Protocol):
    """The surface that every listener has for the composition root: IMAP, POP3, SMTP and LMTP alike."""

    async def listen(self, endpoint: Endpoint, *, implicit_tls: bool) -> Endpoint:
        """Accept connections there; return the actual address, where port 0 has become a free port. Raises OSError."""

    async def close(self, grace: float) -> None:
        """Stop accepting, let commands that run end within ``grace`` seconds, say goodbye, and close everything."""


class StreamServer:
    """Accepts connections on any number of addresses and runs a session for each.

    ``factory`` makes the session of a connection. ``tls_context`` is for implicit TLS and for STARTTLS; without one
    neither is offered. ``admission`` may be shared with other servers; by default the bounds are this server's own.
    """

    def __init__(
        self,
        protocol: str,
        limits: Limits,
        factory: Factory,
        tls_context: ssl.SSLContext | None = None,
        admission: Admission | None = None,
    ) -> None:
        self.protocol: Final = protocol
        self.limits: Final = limits
        self.tls_context = tls_context
        self.running = True
        """False once ``close`` has been called."""
        self._factory = factory
        self._admission = admission if admission is not None else Admission(limits)
        self._connections: set[Connection] = set()
        self._servers: list[asyncio.Server] = []
        self._empty = asyncio.Event()
        self._empty.set()

    async def listen(self, endpoint: Endpoint, *, implicit_tls: bool) -> Endpoint:
        """Accept connections there; return the actual address. Raises OSError, or ValueError without a certificate."""
        if implicit_tls and self.tls_context is None:
            raise ValueError(f"{self.protocol} with implicit TLS needs a certificate")
        arguments: dict[str, Any] = {}
        if implicit_tls:
            arguments = {"ssl": self.tls_context, "ssl_handshake_timeout": HANDSHAKE_TIMEOUT}
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self, secure=implicit_tls),
            endpoint.host or None,
            endpoint.port,
            backlog=BACKLOG,
            reuse_address=True,
            **arguments,
        )
        self._servers.append(server)
        port = int(server.sockets[0].getsockname()[1])
        return Endpoint(endpoint.host, port)

    async def close(self, grace: float) -> None:
        """Stop accepting, let commands that run end within ``grace`` seconds, say goodbye, and close everything."""
        self.running = False
        for server in self._servers:
            server.close()
        for connection in list(self._connections):
            connection.shut_down()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), grace)
        for connection in list(self._connections):
            connection.abort()
        # A cut connection is told of it in the next round of the loop.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), 1.0)
        if self._connections:
            log.warning("%s: %d connections did not close", self.protocol, len(self._connections))

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._connections)

    # What a connection calls.

    def session(self, connection: Connection) -> Session[Any]:
        """Make the session of a new connection."""
        return self._factory(connection)

    def entered(self, connection: Connection) -> bool:
        """Count a new connection; False when there is no room for it."""
        if not self.running or not self._admission.enter(connection.remote):
            log.warning("%s: no room for a connection from %s", self.protocol, connection.remote)
            return False
        self._connections.add(connection)
        self._empty.clear()
        return True

    def left(self, connection: Connection) -> None:
        """Forget a connection that entered."""
        if connection in self._connections:
            self._connections.discard(connection)
            self._admission.leave(connection.remote)
            if not self._connections:
                self._empty.set()
