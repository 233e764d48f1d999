"""Messages made ready to be searched: their octets at hand, few round trips for many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from correio.mail.layout import INLINE
from correio.mail.searchable import Searchable, text_ranges
from correio.store.parts import CHUNK, chunk_id, get_parts

if TYPE_CHECKING:
    from correio.mail.fetch import StoredMessage
    from correio.mime.model import ParsedMessage

_AT_ONCE: Final = 8 * 1024 * 1024
"""Octets of large text parts that are read for one batch of messages."""


async def searchables(messages: Sequence[StoredMessage], *, texts: bool) -> list[Searchable]:
    """Return the messages with their headers at hand, and with ``texts`` their text parts. Raises UnavailableError.

    Large text parts lie apart from their messages: those of all messages are read together.
    """
    apart = [message for message in messages if message.inline is None]
    ranges = {id(message): _ranges(message, texts=texts) for message in apart}
    await _read_together(apart, ranges)
    found: list[Searchable] = []
    for message in messages:
        whole = message.inline
        if whole is not None:
            found.append(Searchable(_parser(message), whole))
            continue
        read = {(start, end): await message.read(start, end) for start, end in ranges[id(message)]}
        message.hold({})
        found.append(Searchable(_parser(message), None, read))
        # Putting a part together again takes a while, and the others shall have a turn.
        await asyncio.sleep(0)
    return found


def _parser(message: StoredMessage) -> Callable[[], ParsedMessage]:
    return lambda: message.parsed


def _ranges(message: StoredMessage, *, texts: bool) -> list[tuple[int, int]]:
    if texts:
        return text_ranges(message.parsed)
    root = message.parsed.parts[0]
    return [(root.header_start, root.body_start)]


async def _read_together(messages: Sequence[StoredMessage], ranges: dict[int, list[tuple[int, int]]]) -> None:
    wanted: dict[bytes, None] = {}
    octets = 0
    for message in messages:
        for digest, size in _contents(message, ranges[id(message)]):
            if octets + size <= _AT_ONCE:
                octets += size
                wanted[chunk_id(digest, 0)] = None
    if len(wanted) > 1:
        chunks = await get_parts(messages[0].account.store.database, list(wanted))
        for message in messages:
            message.hold(chunks)


def _contents(message: StoredMessage, ranges: list[tuple[int, int]]) -> list[tuple[bytes, int]]:
    """Return the contents of one chunk that the ranges lie in, with their sizes."""
    found: list[tuple[bytes, int]] = []
    start = 0
    for segment in message.segments:
        end = start + segment.length
        if segment.part != INLINE and segment.length <= CHUNK and any(a < end and b > start for a, b in ranges):
            found.append((message.document.content[segment.part], segment.length))
        start = end
    return found
