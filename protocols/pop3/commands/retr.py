"""RETR and TOP (RFC 1939 sections 5 and 7)."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

from correio.errors import MailError
from correio.mail.fetch import StoredMessage
from protocols.pop3.core.command import Command, number
from protocols.pop3.core.dot_stuffing import DotStuffer
from protocols.pop3.core.response import Refusal, ok
from protocols.pop3.core.top import TopCutter

if TYPE_CHECKING:
    from protocols.pop3.session import Pop3Session

log = logging.getLogger("correio.pop3")

WHOLE: Final = 256 * 1024
"""Octets up to which a message is sent in one piece."""
_MOST_LINES: Final = (1 << 63) - 1


async def retr(session: Pop3Session, command: Command) -> None:
    """Send a message, octet for octet."""
    position = session.maildrop.position(command.words(1, 1)[0])
    message = await _message(session, position)
    status = ok(f"{message.size} octets.")
    if message.size <= WHOLE:
        stuffer = DotStuffer()
        text = stuffer.feed(await message.read())
        await session.send(status + text + stuffer.end())
    else:
        await _send(session, status, message.stream())


async def top(session: Pop3Session, command: Command) -> None:
    """Send the header of a message and the first lines of its body."""
    words = command.words(2, 2)
    position = session.maildrop.position(words[0])
    lines = number(words[1], _MOST_LINES)
    message = await _message(session, position)
    cutter = TopCutter(message.parsed.parts[0].body_start, lines)
    await _send(session, ok("The top of the message."), _cut(message, cutter))


async def _message(session: Pop3Session, position: int) -> StoredMessage:
    opened = session.opened_maildrop
    assert opened is not None
    message = await opened.read_ahead.message(position)
    if message is None:
        raise Refusal("The message has been removed by another program.")
    return message


async def _cut(message: StoredMessage, cutter: TopCutter) -> AsyncIterator[bytes]:
    async for piece in message.stream():
        yield cutter.feed(piece)
        if cutter.done:
            return


async def _send(session: Pop3Session, status: bytes, pieces: AsyncIterator[bytes]) -> None:
    """Send a multi-line response. Once it has begun, a failure can only be shown by cutting the connection."""
    stuffer = DotStuffer()
    begun = False
    try:
        async for piece in pieces:
            text = stuffer.feed(piece)
            await session.send(text if begun else status + text)
            begun = True
    except MailError:
        if not begun:
            raise
        log.warning("%s: a message could not be read to its end", session.name())
        session.connection.abort()
        return
    await session.send(stuffer.end() if begun else status + stuffer.end())
