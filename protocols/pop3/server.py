"""The POP3 listener."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final

from correio.config import Settings
from protocols.pop3.session import Pop3Session
from protocols.wire.admission import Admission
from protocols.wire.listener import server_name
from protocols.wire.stream_server import StreamServer

if TYPE_CHECKING:
    from correio.auth.authenticator import Authenticator
    from correio.mail.message_store import MessageStore


class Pop3Server(StreamServer):
    """Serves the inbox of each account (RFC 1939 and the extensions that CAPA names)."""

    def __init__(
        self,
        store: MessageStore,
        authenticator: Authenticator,
        settings: Settings,
        tls_context: ssl.SSLContext | None = None,
        admission: Admission | None = None,
    ) -> None:
        super().__init__(
            "pop3", settings.limits, lambda connection: Pop3Session(connection, self), tls_context, admission
        )
        self.store: Final = store
        self.authenticator: Final = authenticator
        self.settings: Final = settings
        self.hostname: Final = server_name(settings)
