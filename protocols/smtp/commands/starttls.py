"""STARTTLS (RFC 3207)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiosmtpd.smtp import syntax

from protocols.smtp.commands.argument import none_allowed
from protocols.smtp.core.reply import Refusal, Reply

if TYPE_CHECKING:
    from protocols.smtp.connection import MailConnection


@syntax("STARTTLS", when="tls_context")
async def starttls(connection: MailConnection, argument: str | None) -> None:
    """Go on under TLS; whatever came in plain text behind the command is dropped unread."""
    none_allowed(argument, "STARTTLS")
    if connection.secure:
        raise Refusal(Reply(503, "5.5.1", "TLS is on already."))
    if connection.server.tls_context is None:
        raise Refusal(Reply(502, "5.5.1", "TLS is not available."))
    await connection.upgrade(Reply(220, "2.0.0", "Ready to start TLS."))
