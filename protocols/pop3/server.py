"""The POP3 listener."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final

from correio.config import Endpoint, Settings
from protocols.pop3.maildrop_locks import MaildropLocks
from protocols.pop3.session import Pop3Session
from protocols.smtp.mail_server import server_name
from protocols.wire.admission import Admission
from protocols.wire.stream_server import StreamServer

if TYPE_CHECKING:
    from correio.auth.authenticator import Authenticator
    from correio.mail.message_store import MessageStore


class Pop3Server:
    """Serves the inbox of each account (RFC 1939 and the extensions that CAPA names)."""

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
        self.hostname: Final = server_name(settings)
        self.locks: Final = MaildropLocks()
        self.streams: Final = StreamServer(
            "pop3", settings.limits, lambda connection: Pop3Session(connection, self), tls_context, admission
        )

    async def listen(self, endpoint: Endpoint, *, implicit_tls: bool = False) -> Endpoint:
        """Accept connections there; return the actual address. Raises OSError, and ValueError for TLS without a
        certificate.
        """
        return await self.streams.listen(endpoint, implicit_tls=implicit_tls)

    async def close(self, grace: float) -> None:
        """Stop accepting, let commands that run end within ``grace`` seconds, say goodbye, and close everything."""
        await self.streams.close(grace)

    @property
    def connections(self) -> int:
        """Connections open now."""
        return self.streams.connections
