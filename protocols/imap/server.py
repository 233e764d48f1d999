"""The IMAP listener."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from correio.config import Endpoint, Settings
from protocols.imap.commands import HANDLERS
from protocols.imap.core.commands.arguments import Arguments
from protocols.imap.core.responses import Completion
from protocols.imap.session import ImapSession
from protocols.wire.admission import Admission
from protocols.wire.listener import server_name
from protocols.wire.stream_server import StreamServer

if TYPE_CHECKING:
    from correio.auth.authenticator import Authenticator
    from correio.mail.message_store import MessageStore

Handler = Callable[[ImapSession, Any, bytes], Awaitable[Completion | None]]


class ImapServer:
    """Serves IMAP4rev1 (RFC 3501), IMAP4rev2 (RFC 9051) and the extensions that CAPABILITY names."""

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
        self.tls_context: Final = tls_context
        self.hostname: Final = server_name(settings)
        self._streams: Final = StreamServer(
            "imap", settings.limits, lambda connection: ImapSession(connection, self), tls_context, admission
        )

    async def listen(self, endpoint: Endpoint, *, implicit_tls: bool) -> Endpoint:
        """Accept connections there; return the actual address. Raises OSError, or ValueError without a certificate."""
        return await self._streams.listen(endpoint, implicit_tls=implicit_tls)

    async def close(self, grace: float) -> None:
        """Stop accepting, let commands that run end within ``grace`` seconds, say BYE, and close everything."""
        await self._streams.close(grace)

    @property
    def connections(self) -> int:
        """Connections open now."""
        return self._streams.connections

    @staticmethod
    def handler(arguments: Arguments) -> Handler:
        """Return what answers a command."""
        return HANDLERS[type(arguments)]
