"""BDAT (RFC 3030 section 2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from aiosmtpd.smtp import syntax

from protocols.smtp.commands.argument import plain, require_account
from protocols.smtp.core.policy import DISCARDED, NO_MEMORY, decide_size
from protocols.smtp.core.reply import Refusal, Reply
from protocols.smtp.end_of_data import accept_message, refuse_transaction

if TYPE_CHECKING:
    from protocols.smtp.connection import MailConnection

_CHUNK: Final = re.compile(r"(\d{1,20})( LAST)?", re.IGNORECASE | re.ASCII)


@syntax("BDAT octets [LAST]")
async def bdat(connection: MailConnection, argument: str | None) -> None:
    """Take one chunk of the message, and deliver the message with the last one."""
    match = _CHUNK.fullmatch(plain(argument))
    if match is None:
        # Where the chunk ends is unknown, so that nothing after it can be understood.
        raise Refusal(Reply(501, "5.5.4", "BDAT takes a number of octets, and LAST or nothing.", closes=True))
    size, last = int(match[1]), match[2] is not None
    transaction = connection.transaction
    refusal = _decide_chunk(connection, size)
    if refusal is None:
        transaction.chunked = True
        refusal = await _take(connection, size)
    elif size > DISCARDED * connection.server.settings.limits.message_size:
        raise Refusal(Reply(refusal.code, refusal.enhanced, refusal.text, closes=True))
    else:
        await connection.reader.read_exactly(size, len)
    if refusal is None:
        if last:
            await accept_message(connection, bytes(transaction.chunks))
        else:
            await connection.push(Reply(250, "2.0.0", f"{size} octets received."))
        return
    in_order = transaction.sender is not None and bool(transaction.recipients)
    transaction.failed = in_order
    transaction.chunked = in_order
    transaction.chunks = bytearray()
    if last and in_order:
        await refuse_transaction(connection, refusal)
    else:
        await connection.push(refusal)


async def _take(connection: MailConnection, size: int) -> Reply | None:
    """Take the octets of a chunk as they come: what is announced and not sent takes no memory from others."""
    starved = False

    def take(octets: bytes) -> None:
        nonlocal starved
        starved = starved or not connection.reserve(len(octets))
        if not starved:
            connection.transaction.chunks += octets

    await connection.reader.read_exactly(size, take)
    return NO_MEMORY if starved else None


def _decide_chunk(connection: MailConnection, size: int) -> Reply | None:
    transaction = connection.transaction
    try:
        require_account(connection)
    except Refusal as refusal:
        return refusal.reply
    if not connection.greeted or transaction.sender is None or not transaction.recipients:
        return Reply(503, "5.5.1", "There is no recipient yet.")
    if transaction.failed:
        return Reply(503, "5.5.1", "A chunk was refused before; RSET begins anew.")
    return decide_size(len(transaction.chunks) + size, connection.server.settings.limits.message_size)
