"""Listeners for protocols of the shared stream shell: IMAP and POP3 are a StreamServer with a session of their own."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from correio.config import Limits
from protocols.wire.admission import Admission
from protocols.wire.connection import Connection, Factory
from protocols.wire.listener import Listener
from protocols.wire.session import Session


class StreamServer(Listener):
    """Runs a session, which ``factory`` makes, for each connection. See Listener for the rest."""

    def __init__(
        self,
        protocol: str,
        limits: Limits,
        factory: Factory,
        tls_context: ssl.SSLContext | None = None,
        admission: Admission | None = None,
    ) -> None:
        super().__init__(protocol, limits, tls_context, admission)
        self._factory = factory

    def connect(self, *, secure: bool) -> asyncio.BaseProtocol:
        """Make the socket side of a session."""
        return Connection(self, secure=secure)

    def session(self, connection: Connection) -> Session[Any]:
        """Make the session of a new connection."""
        return self._factory(connection)
