"""RETR and TOP (RFC 1939 sections 5 and 7)."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Final, TypeVar

from correio.errors import MailError
from correio.mail.fetch import StoredMessage
from correio.mime.downgrade import MAX_HEADER, Downgrader, downgrade_header, is_internationalised
from protocols.pop3.core.command import Command, number
from protocols.pop3.core.dot_stuffing import DotStuffer
from protocols.pop3.core.response import Refusal, ok
from protocols.pop3.core.top import TopCutter

if TYPE_CHECKING:
    from protocols.pop3.session import Pop3Session

log = logging.getLogger("correio.pop3")

T = TypeVar("T")

WHOLE: Final = 256 * 1024
"""Octets up to which a message is sent in one piece."""
QUICK: Final = 4096
"""Octets of a header that may be looked into on the event loop."""
_MOST_LINES: Final = (1 << 63) - 1


async def retr(session: Pop3Session, command: Command) -> None:
    """Send a message, octet for octet."""
    position = session.maildrop.position(command.words(1, 1)[0])
    message = await _message(session, position)
    whole = await message.read() if message.size <= WHOLE else None
    if await _needs_surrogate(session, message, whole):
        # A surrogate may be longer or shorter than LIST has said, which RFC 6856 section 2.1 would rather not have.
        await _send(session, ok("A surrogate, as UTF8 was not said."), _downgraded(message))
        return
    status = ok(f"{message.size} octets.")
    if whole is None:
        await _send(session, status, message.stream())
    else:
        stuffer = DotStuffer()
        await session.send(status + stuffer.feed(whole) + stuffer.end())


async def top(session: Pop3Session, command: Command) -> None:
    """Send the header of a message and the first lines of its body."""
    words = command.words(2, 2)
    position = session.maildrop.position(words[0])
    lines = number(words[1], _MOST_LINES)
    message = await _message(session, position)
    if await _needs_surrogate(session, message, None):
        header = await _in_worker(message, downgrade_header, await _header(message))
        cutter = TopCutter(len(header), lines)
        await _send(session, ok("The top of a surrogate, as UTF8 was not said."), _cut(_downgraded(message), cutter))
        return
    cutter = TopCutter(message.parsed.parts[0].body_start, lines)
    await _send(session, ok("The top of the message."), _cut(message.stream(), cutter))


async def _message(session: Pop3Session, position: int) -> StoredMessage:
    opened = session.opened_maildrop
    assert opened is not None
    message = await opened.read_ahead.message(position)
    if message is None:
        raise Refusal("The message has been removed by another program.")
    return message


async def _header(message: StoredMessage) -> bytes:
    """Return the header of a message, or its beginning where it is longer than any that is ever rewritten."""
    return await message.read(0, min(message.parsed.parts[0].body_start, MAX_HEADER))


def _header_of(whole: bytes) -> bytes:
    end = whole.find(b"\r\n\r\n")
    return whole[: MAX_HEADER if end < 0 else end + 2]


async def _needs_surrogate(session: Pop3Session, message: StoredMessage, whole: bytes | None) -> bool:
    """Whether the client may not be sent the message as it is (RFC 6856 section 2.1). ``whole`` are its octets if at hand."""
    if session.utf8:
        return False
    header = await _header(message) if whole is None else _header_of(whole)
    if header.isascii():
        return False
    if len(header) <= QUICK:
        return is_internationalised(header)
    return await _in_worker(message, is_internationalised, header)


async def _downgraded(message: StoredMessage) -> AsyncIterator[bytes]:
    downgrader = Downgrader(message.parsed)
    async for piece in message.stream():
        yield await _in_worker(message, downgrader.feed, piece)
    yield downgrader.end()


async def _in_worker(message: StoredMessage, function: Callable[[bytes], T], octets: bytes) -> T:
    """A header may have ten thousand addresses: not on the loop."""
    return await message.account.store.in_worker(function, octets)


async def _cut(pieces: AsyncIterator[bytes], cutter: TopCutter) -> AsyncIterator[bytes]:
    async for piece in pieces:
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
