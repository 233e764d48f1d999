"""CAPA (RFC 2449 section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import correio
from protocols.pop3.core.capabilities import capabilities
from protocols.pop3.core.command import Command
from protocols.pop3.core.response import ok
from protocols.wire.sasl.offer import mechanisms

if TYPE_CHECKING:
    from protocols.pop3.session import Pop3Session


async def capa(session: Pop3Session, command: Command) -> None:
    """Say what can be had on the connection as it is now."""
    command.words(0, 0)
    lines = capabilities(
        session.state,
        starttls=session.server.tls_context is not None and not session.connection.secure,
        private=session.connection.private,
        mechanisms=mechanisms(session.connection.channel),
        version=correio.__version__,
    )
    await session.send(ok("Capabilities:") + "".join(f"{line}\r\n" for line in lines).encode() + b".\r\n")
