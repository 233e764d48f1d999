"""VRFY, EXPN and HELP (RFC 5321 sections 4.1.1.6 to 4.1.1.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiosmtpd.smtp import syntax

from protocols.smtp.commands.argument import plain
from protocols.smtp.core.reply import Refusal, Reply

if TYPE_CHECKING:
    from protocols.smtp.connection import MailConnection


@syntax("VRFY address")
async def vrfy(connection: MailConnection, argument: str | None) -> None:
    """Say nothing about who is here: RCPT answers for one recipient at a time (RFC 5321 section 7.3)."""
    if not plain(argument):
        raise Refusal(Reply(501, "5.5.4", "VRFY takes an address."))
    await connection.push(Reply(252, "2.0.0", "Not verified; send to it, and RCPT will tell."))


async def expn(connection: MailConnection, argument: str | None) -> None:  # noqa: ARG001 - refused whatever it is
    """Refuse: there are no lists to expand here."""
    raise Refusal(Reply(502, "5.5.1", "EXPN is not available."))


@syntax("HELP [command]")
async def help_(connection: MailConnection, argument: str | None) -> None:
    """Name the commands, or the syntax of one."""
    syntaxes = connection.help_texts()
    wanted = plain(argument).upper()
    if not wanted:
        await connection.push(Reply(214, "2.0.0", "Commands: " + " ".join(sorted(syntaxes))))
    elif wanted in syntaxes:
        await connection.push(Reply(214, "2.0.0", syntaxes[wanted]))
    else:
        raise Refusal(Reply(504, "5.5.4", "There is no help on that."))
