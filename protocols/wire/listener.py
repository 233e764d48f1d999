"""Listening sockets, counted connections and a graceful end: what every listener for a line protocol is made of."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from abc import ABC, abstractmethod
from typing import Any, Final, Protocol

from correio.config import Endpoint, Limits, Settings
from correio.metrics import ACCEPTED, CONNECTIONS
from protocols.wire.admission import Admission

log = logging.getLogger("correio.wire")

BACKLOG: Final = 2048
HANDSHAKE_TIMEOUT: Final = 30.0
"""Seconds for a TLS handshake."""


def server_name(settings: Settings) -> str:
    """Return the name this server gives itself in greetings and trace headers."""
    return settings.hostname or socket.gethostname() or "localhost"


class Client(Protocol):
    """What a listener asks of a connection."""

    remote: str
    """The client's numeric address."""

    def shut_down(self) -> None:
        """Say goodbye and close: at once when nothing runs, else after the command that runs."""

    def abort(self) -> None:
        """Cut the connection without a word."""


class Listener(ABC):
    """Accepts connections on any number of addresses.

    ``tls_context`` is for implicit TLS and for STARTTLS; without one neither is offered. ``admission`` may be
    shared with other listeners; by default the bounds are this one's own.
    """

    def __init__(
        self, protocol: str, limits: Limits, tls_context: ssl.SSLContext | None, admission: Admission | None
    ) -> None:
        self.protocol: Final = protocol
        self.limits: Final = limits
        self.tls_context = tls_context
        self.running = True
        """False once ``close`` has been called."""
        self._admission = admission if admission is not None else Admission(limits)
        self._connections: set[Client] = set()
        self._servers: list[asyncio.Server] = []
        self._empty = asyncio.Event()
        self._empty.set()

    @abstractmethod
    def connect(self, *, secure: bool) -> asyncio.BaseProtocol:
        """Make the protocol of a new connection; ``secure``: it is under TLS from the start."""

    async def listen(self, endpoint: Endpoint, *, implicit_tls: bool = False) -> Endpoint:
        """Accept connections there; return the actual address. Raises OSError, or ValueError without a certificate."""
        if implicit_tls and self.tls_context is None:
            raise ValueError(f"{self.protocol} with implicit TLS needs a certificate")
        arguments: dict[str, Any] = {}
        if implicit_tls:
            arguments = {"ssl": self.tls_context, "ssl_handshake_timeout": HANDSHAKE_TIMEOUT}
        server = await asyncio.get_running_loop().create_server(
            lambda: self.connect(secure=implicit_tls),
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

    def entered(self, connection: Client) -> bool:
        """Count a new connection; False when there is no room for it."""
        if not self.running or not self._admission.enter(connection.remote):
            log.warning("%s: no room for a connection from %s", self.protocol, connection.remote)
            return False
        self._connections.add(connection)
        self._empty.clear()
        ACCEPTED.add(self.protocol)
        CONNECTIONS.add(self.protocol)
        return True

    def left(self, connection: Client) -> None:
        """Forget a connection that entered."""
        if connection in self._connections:
            self._connections.discard(connection)
            self._admission.leave(connection.remote)
            CONNECTIONS.add(self.protocol, amount=-1)
            if not self._connections:
                self._empty.set()
