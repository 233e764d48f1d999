"""RSET, NOOP and QUIT (RFC 5321 sections 4.1.1.5, 4.1.1.9 and 4.1.1.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiosmtpd.smtp import syntax

from protocols.smtp.commands.argument import none_allowed
from protocols.smtp.core.reply import Reply

if TYPE_CHECKING:
    from protocols.smtp.connection import MailConnection


@syntax("RSET")
async def rset(connection: MailConnection, argument: str | None) -> None:
    """Forget the mail transaction."""
    none_allowed(argument, "RSET")
    connection.reset()
    await connection.push(Reply(250, "2.0.0", "Forgotten."))


@syntax("NOOP [ignored]")
async def noop(connection: MailConnection, argument: str | None) -> None:  # noqa: ARG001 - the RFC has it ignored
    """Say that the server is there."""
    await connection.push(Reply(250, "2.0.0", "Here."))


@syntax("QUIT")
async def quit_(connection: MailConnection, argument: str | None) -> None:
    """Say goodbye and close."""
    none_allowed(argument, "QUIT")
    await connection.push(Reply(221, "2.0.0", "Goodbye.", closes=True))
