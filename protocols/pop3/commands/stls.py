"""STLS (RFC 2595 section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocols.pop3.core.command import Command
from protocols.pop3.core.response import Refusal

if TYPE_CHECKING:
    from protocols.pop3.session import Pop3Session


async def stls(session: Pop3Session, command: Command) -> None:
    """Go on under TLS; whatever came in plain text behind the command is dropped unread."""
    command.words(0, 0)
    if session.connection.secure:
        raise Refusal("TLS is on already.")
    if session.utf8:
        # RFC 6856 section 2.1: the client must not.
        raise Refusal("STLS comes before UTF8.")
    if session.server.tls_context is None:
        raise Refusal("TLS is not available.")
    await session.start_tls()
