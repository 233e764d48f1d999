"""HELO, EHLO (RFC 5321 section 4.1.1.1) and LHLO (RFC 2033 section 4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiosmtpd.smtp import syntax

from protocols.smtp.commands.argument import plain
from protocols.smtp.core.extensions import ehlo_lines
from protocols.smtp.core.reply import Refusal, Reply
from protocols.wire.sasl.offer import mechanisms

if TYPE_CHECKING:
    from protocols.smtp.connection import MailConnection


@syntax("HELO domain")
async def helo(connection: MailConnection, argument: str | None) -> None:
    """Greet without extensions."""
    _begin(connection, argument, extended=False)
    await connection.push(Reply(250, "", connection.hostname))


@syntax("EHLO domain")
async def ehlo(connection: MailConnection, argument: str | None) -> None:
    """Greet and say what can be had on the connection as it is now."""
    _begin(connection, argument, extended=True)
    server = connection.server
    offers_auth = server.role.submission and connection.account is None
    lines = ehlo_lines(
        size=server.settings.limits.message_size,
        recipients=server.settings.limits.recipients,
        starttls=server.tls_context is not None and not connection.secure,
        mechanisms=mechanisms(connection.channel) if offers_auth else (),
    )
    await connection.push(Reply(250, "", connection.hostname, more=lines))


@syntax("LHLO domain")
async def lhlo(connection: MailConnection, argument: str | None) -> None:
    """EHLO by the name it has in LMTP."""
    await ehlo(connection, argument)


def _begin(connection: MailConnection, argument: str | None, *, extended: bool) -> None:
    name = plain(argument)
    if not name or len(name) > 255 or " " in name:
        raise Refusal(Reply(501, "5.5.4", "The name of the client is missing or not acceptable."))
    connection.reset()
    connection.session.extended_smtp = extended
    connection.session.host_name = name
