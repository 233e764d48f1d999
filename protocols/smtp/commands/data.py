"""DATA (RFC 5321 section 4.1.1.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiosmtpd.smtp import syntax

from protocols.smtp.commands.argument import none_allowed, require_account, require_greeting
from protocols.smtp.core.data import DataDecoder
from protocols.smtp.core.policy import DISCARDED, NO_MEMORY, too_large
from protocols.smtp.core.reply import Refusal, Reply
from protocols.smtp.end_of_data import accept_message, refuse_transaction

if TYPE_CHECKING:
    from protocols.smtp.connection import MailConnection


@syntax("DATA")
async def data(connection: MailConnection, argument: str | None) -> None:
    """Take the message up to CRLF.CRLF and deliver it."""
    require_greeting(connection)
    require_account(connection)
    none_allowed(argument, "DATA")
    transaction = connection.transaction
    if transaction.chunked:
        raise Refusal(Reply(503, "5.5.1", "Not now: the message has begun with BDAT."))
    if not transaction.recipients:
        raise Refusal(Reply(503, "5.5.1", "There is no recipient yet."))
    if transaction.parameters.body == "BINARYMIME":
        # RFC 3030 section 3: there would be no telling where it ends.
        raise Refusal(Reply(503, "5.5.1", "A message in BINARYMIME comes by BDAT."))
    await connection.push(Reply(354, "", "Send the message; end it with CRLF.CRLF"))
    limit = connection.server.settings.limits.message_size
    decoder = DataDecoder(limit, connection.reserve)
    await connection.reader.read_data(decoder, DISCARDED * limit)
    if decoder.overflowed:
        await refuse_transaction(connection, too_large(limit))
    elif decoder.starved:
        await refuse_transaction(connection, NO_MEMORY)
    else:
        await accept_message(connection, decoder.content())
