"""MAIL (RFC 5321 section 4.1.1.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiosmtpd.smtp import syntax

from correio.mail.identities import may_send_as
from protocols.smtp.commands.argument import path_argument, require_account, require_greeting, require_living_key
from protocols.smtp.core.envelope_address import NULL_SENDER, EnvelopeAddress
from protocols.smtp.core.parameters import mail_parameters
from protocols.smtp.core.policy import decide_key_sender, decide_sender, decide_size, decide_utf8
from protocols.smtp.core.reply import Refusal, Reply

if TYPE_CHECKING:
    from protocols.smtp.connection import MailConnection


@syntax("MAIL FROM:<address>", extended=" [parameters]")
async def mail(connection: MailConnection, argument: str | None) -> None:
    """Begin a transaction with its sender."""
    require_greeting(connection)
    require_account(connection)
    await require_living_key(connection)
    if connection.transaction.sender is not None:
        raise Refusal(Reply(503, "5.5.1", "A mail transaction has begun already."))
    sender, rest = path_argument(argument, "FROM:", "5.1.7")
    if not sender.domain and sender != NULL_SENDER:
        raise Refusal(Reply(501, "5.1.7", "The address has no domain."))
    parameters = mail_parameters(rest)
    refusal = (
        decide_utf8(sender, parameters, sender=True)
        or decide_size(parameters.size, connection.server.settings.limits.message_size)
        or decide_key_sender(
            connection.grant is None or sender == NULL_SENDER or connection.grant.may_send_as(str(sender))
        )
        or decide_sender(await _may_send_as(connection, sender))
    )
    if refusal is not None:
        raise Refusal(refusal)
    policies = connection.server.policies
    if policies is not None and (refusal := policies.begin_message(connection.remote)) is not None:
        raise Refusal(refusal)
    connection.client.begin()
    connection.transaction.begin(sender, parameters)
    await connection.push(Reply(250, "2.1.0", "Sender accepted."))


async def _may_send_as(connection: MailConnection, sender: EnvelopeAddress) -> bool:
    """Whether the envelope sender is the client's own; the null sender is everybody's (RFC 8098 section 3 needs it)."""
    if connection.account is None or sender == NULL_SENDER:
        return True
    return await may_send_as(connection.server.store, connection.account, str(sender))
