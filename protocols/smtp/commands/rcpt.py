"""RCPT (RFC 5321 section 4.1.1.3)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiosmtpd.smtp import syntax

from correio.errors import ForbiddenError, MailError
from correio.mail.recipient import Recipient
from correio.mail.routing import resolve_recipient
from protocols.smtp.commands.argument import path_argument, require_account, require_greeting
from protocols.smtp.core.envelope_address import NULL_SENDER, EnvelopeAddress
from protocols.smtp.core.parameters import RecipientParameters, recipient_parameters
from protocols.smtp.core.policy import decide_count, decide_room, decide_utf8, refuse_recipient
from protocols.smtp.core.reply import Refusal, Reply
from protocols.smtp.core.transaction import AcceptedRecipient

if TYPE_CHECKING:
    from protocols.smtp.connection import MailConnection


@syntax("RCPT TO:<address>", extended=" [parameters]")
async def rcpt(connection: MailConnection, argument: str | None) -> None:
    """Add a recipient, if there is one of that name here and room in the mailbox."""
    require_greeting(connection)
    require_account(connection)
    transaction = connection.transaction
    if transaction.sender is None or transaction.chunked:
        raise Refusal(Reply(503, "5.5.1", "Not now: RCPT follows MAIL and precedes the message."))
    address, rest = path_argument(argument, "TO:", "5.1.3")
    if address == NULL_SENDER:
        raise Refusal(Reply(501, "5.1.3", "A recipient has an address."))
    parameters = recipient_parameters(rest)
    limits = connection.server.settings.limits
    refusal = decide_utf8(address, transaction.parameters, sender=False) or decide_count(
        len(transaction.recipients), limits.recipients
    )
    if refusal is None:
        refusal = await _accept(connection, address, parameters)
    if refusal is not None:
        raise Refusal(refusal)
    await connection.push(Reply(250, "2.1.5", "Recipient accepted."))


async def _accept(
    connection: MailConnection, address: EnvelopeAddress, parameters: RecipientParameters
) -> Reply | None:
    """Add the recipient, or return the refusal."""
    store = connection.server.store
    transaction = connection.transaction
    try:
        address, resolved = await _resolved(connection, address)
        accounts = await asyncio.gather(*(store.account(account_id) for account_id in resolved.accounts))
    except MailError as error:
        return refuse_recipient(error)
    server, sender, size = connection.server, str(transaction.sender), transaction.parameters.size
    expected = server.no_room.expected(sender, str(address), size, connection.loop.time())
    for account in accounts:
        full = decide_room(account.used, account.quota, size, account.messages, account.message_quota, expected)
        if full is not None:
            return full
    policies = server.policies
    if policies is not None:
        refused = await policies.recipient(connection.client, connection.remote, sender, str(address), address.local)
        if refused is not None:
            return refused
    transaction.recipients.append(AcceptedRecipient(address, resolved, parameters))
    return None


async def _resolved(connection: MailConnection, address: EnvelopeAddress) -> tuple[EnvelopeAddress, Recipient]:
    """Return the whole address of a recipient, and where its mail goes. Raises MailError."""
    meant = [address] if address.domain else _own_domains(address.local, connection.hostname)
    for one in meant:
        try:
            return one, await resolve_recipient(connection.server.store, str(one))
        except ForbiddenError:
            # Somebody else's domain: our own people's mail goes there through the queue, and nobody else's.
            if one is meant[-1] and not connection.server.role.submission:
                raise
    return meant[0], Recipient(str(meant[0]))


def _own_domains(local: str, hostname: str) -> list[EnvelopeAddress]:
    """Return what ``<Postmaster>`` without a domain may mean (RFC 5321 section 4.5.1): the one of this server's name, or of
    the domain that it is in.
    """
    labels = hostname.split(".")
    return [EnvelopeAddress(local, ".".join(labels[at:])) for at in range(max(1, len(labels) - 1))]
