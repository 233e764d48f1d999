"""The listening sockets of SMTP, submission and LMTP, and what their connections share."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from correio.config import Endpoint, Settings
from protocols.smtp.connection import MailConnection
from protocols.smtp.role import Role
from protocols.wire.admission import Admission
from protocols.wire.connection import HANDSHAKE_TIMEOUT
from protocols.wire.stream_server import BACKLOG

if TYPE_CHECKING:
    from correio.auth.authenticator import Authenticator
    from correio.mail.message_store import MessageStore

log = logging.getLogger("correio.smtp")

MESSAGES_IN_MEMORY: Final = 10
"""How many messages of the largest size may be coming in at once, in octets together."""

Result = TypeVar("Result")


class MailServer:
    """A mail listener. See its three subclasses.

    ``hostname`` stands in greetings and trace headers. ``admission`` may be shared with other servers; by default the
    bounds on connections are this server's own.
    """

    role: ClassVar[Role]

    def __init__(
        self,
        store: MessageStore,
        authenticator: Authenticator,
        settings: Settings,
        tls_context: ssl.SSLContext | None = None,
        admission: Admission | None = None,
    ) -> None:
        self.store: Final = store
        self.authenticator: Final = authenticator
        self.settings: Final = settings
        self.tls_context = tls_context
        self.hostname: Final = server_name(settings)
        self.handshake_timeout = HANDSHAKE_TIMEOUT
        self.incoming = 0
        """Octets of messages that are coming in now."""
        self.incoming_limit = MESSAGES_IN_MEMORY * settings.limits.message_size
        self._admission = admission if admission is not None else Admission(settings.limits)
        self._connections: set[MailConnection] = set()
        self._deliveries: set[asyncio.Task[Any]] = set()
        self._servers: list[asyncio.Server] = []
        self._running = True

    async def listen(self, endpoint: Endpoint, *, implicit_tls: bool = False) -> Endpoint:
        """Accept connections there; return the actual address. Raises OSError, and ValueError for TLS without a
        certificate.
        """
        if implicit_tls and self.tls_context is None:
            raise ValueError(f"{self.role.name} with implicit TLS needs a certificate")
        arguments: dict[str, Any] = {}
        if implicit_tls:
            arguments = {"ssl": self.tls_context, "ssl_handshake_timeout": self.handshake_timeout}
        server = await asyncio.get_running_loop().create_server(
            lambda: MailConnection(self, implicit_tls=implicit_tls),
            endpoint.host or None,
            endpoint.port,
            backlog=BACKLOG,
            reuse_address=True,
            **arguments,
        )
        self._servers.append(server)
        return Endpoint(endpoint.host, int(server.sockets[0].getsockname()[1]))

    async def close(self, grace: float) -> None:
        """Stop accepting; let commands and deliveries that run end within ``grace`` seconds; say 421, and close
        everything.
        """
        self._running = False
        for server in self._servers:
            server.close()
        for connection in list(self._connections):
            connection.shut_down()
        clock = asyncio.get_running_loop().time
        end = clock() + grace
        while (self._connections or self._deliveries) and clock() < end:
            await asyncio.sleep(0.01)
        for connection in list(self._connections):
            connection.abort()
        # A cut connection is told of it in the next round of the loop.
        end = clock() + 1.0
        while self._connections and clock() < end:
            await asyncio.sleep(0.01)
        if self._connections or self._deliveries:
            log.warning(
                "%s: %d connections and %d deliveries did not end",
                self.role.name,
                len(self._connections),
                len(self._deliveries),
            )

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._connections)

    # What a connection uses.

    def entered(self, connection: MailConnection) -> bool:
        """Count a new connection; False when there is no room for it."""
        if not self._running or not self._admission.enter(connection.remote):
            log.warning("%s: no room for a connection from %s", self.role.name, connection.remote)
            return False
        self._connections.add(connection)
        return True

    def left(self, connection: MailConnection) -> None:
        """Forget a connection that entered."""
        self._connections.discard(connection)
        self._admission.leave(connection.remote)

    async def finish(self, delivery: Coroutine[Any, Any, Result]) -> Result:
        """Run a delivery to its end, whatever becomes of the connection."""
        task = asyncio.get_running_loop().create_task(delivery)
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)
        return await asyncio.shield(task)


def server_name(settings: Settings) -> str:
    """Return the name this server gives itself."""
    return settings.hostname or socket.gethostname() or "localhost"
