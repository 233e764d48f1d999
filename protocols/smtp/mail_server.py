"""The listening sockets of SMTP, submission and LMTP, and what their connections share."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from correio.config import Settings
from correio.dns.resolver import Resolver
from correio.queue.arrival_reports import arrival_reporter
from protocols.smtp.connection import MailConnection
from protocols.smtp.core.no_room import NoRoom
from protocols.smtp.policies.arrival import ArrivalPolicies
from protocols.smtp.role import Role
from protocols.wire.admission import Admission
from protocols.wire.listener import Listener, server_name

if TYPE_CHECKING:
    from correio.auth.authenticator import Authenticator
    from correio.mail.message_store import MessageStore

log = logging.getLogger("correio.smtp")

MESSAGES_IN_MEMORY: Final = 10
"""How many messages of the largest size may be coming in at once, in octets together."""

Result = TypeVar("Result")


class MailServer(Listener):
    """A mail listener. See its three subclasses, and Listener for what ``tls_context`` and ``admission`` are.

    ``resolver`` is the process's; without it the listener makes its own.
    """

    role: ClassVar[Role]

    def __init__(
        self,
        store: MessageStore,
        authenticator: Authenticator,
        settings: Settings,
        tls_context: ssl.SSLContext | None = None,
        admission: Admission | None = None,
        resolver: Resolver | None = None,
    ) -> None:
        super().__init__(self.role.name, settings.limits, tls_context, admission)
        self.store: Final = store
        self.authenticator: Final = authenticator
        self.settings: Final = settings
        self.hostname: Final = server_name(settings)
        self.resolver: Final = resolver or Resolver(settings.dns, trusted=settings.dns_trusted)
        self._owns_resolver: Final = resolver is None
        self.policies: Final = ArrivalPolicies(store, settings, self.resolver) if self.role.foreign else None
        """What mail from other servers has to pass; None: it is our own people's, or has passed a server beside this one."""
        self.reporter: Final = arrival_reporter(store, self.hostname)
        """Tells senders who asked for it that their message has arrived."""
        self.incoming = 0
        """Octets of messages that are coming in now."""
        self.incoming_limit = MESSAGES_IN_MEMORY * settings.limits.message_size
        self.no_room: Final = NoRoom()
        self._deliveries: set[asyncio.Task[Any]] = set()

    def connect(self, *, secure: bool) -> asyncio.BaseProtocol:
        """Make the dialogue of a new connection."""
        return MailConnection(self, secure=secure)

    async def close(self, grace: float) -> None:
        """Close as every listener does, and wait for deliveries whose client has gone, all within ``grace`` seconds."""
        clock = asyncio.get_running_loop().time
        end = clock() + grace
        await super().close(grace)
        if self._owns_resolver:
            await self.resolver.close()
        if self._deliveries:
            _, pending = await asyncio.wait(self._deliveries, timeout=max(0.0, end - clock()))
            if pending:
                log.warning("%s: %d deliveries did not end", self.protocol, len(pending))

    async def finish(self, delivery: Coroutine[Any, Any, Result]) -> Result:
        """Run a delivery to its end, whatever becomes of the connection."""
        task = asyncio.get_running_loop().create_task(delivery)
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)
        return await asyncio.shield(task)
