"""What the fields of a message and its parts show of its octets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from correio.mail.fetch import StoredMessage
from correio.mail.ingest import OFF_LOOP
from correio.mime.header_fields import raw_fields
from correio.mime.message_header import MessageHeader
from correio.mime.model import Part, Summary
from correio.mime.text import part_text
from schema.context import OperationContext
from schema.message.header import Header, headers
from schema.scalars import URL

MAX_HEADER: Final = 256 * 1024
"""Octets of a header that are shown."""
MAX_ENCODED_TEXT: Final = 8 * 1024 * 1024
"""Octets of a text part that are read."""


async def _header(context: OperationContext, core: StoredMessage, part: Part) -> bytes:
    return await context.octets.read(core, part.header_start, min(part.body_start, part.header_start + MAX_HEADER))


async def read_headers(
    context: OperationContext, core: StoredMessage, part: Part, names: Sequence[str] | None
) -> list[Header]:
    """Return the header fields of an entity in order, only those of these names where given.

    Raises LimitError, UnavailableError.
    """
    async with context.budget.turn():
        octets = await _header(context, core, part)
        if len(octets) > OFF_LOOP:
            return await core.account.store.in_worker(headers, octets, names)
        return headers(octets, names)


async def read_summary(context: OperationContext, core: StoredMessage, root: Part) -> Summary:
    """Return the decoded fields of an embedded message's header. Raises LimitError, UnavailableError."""
    async with context.budget.turn():
        octets = await _header(context, core, root)
        if len(octets) > OFF_LOOP:
            return await core.account.store.in_worker(_summary, octets)
        return _summary(octets)


def _summary(octets: bytes) -> Summary:
    return MessageHeader(raw_fields(octets)).summary()


async def read_text(context: OperationContext, core: StoredMessage, part: Part) -> str:
    """Return a text part as text, whatever its charset: of a very large one, the beginning.

    Raises LimitError, UnavailableError.
    """
    if part.size > MAX_ENCODED_TEXT:
        part = msgspec.structs.replace(part, end=part.body_start + MAX_ENCODED_TEXT)
    async with context.budget.turn():
        octets = await context.octets.decoded(core, part)
        if len(octets) > OFF_LOOP:
            return await core.account.store.in_worker(part_text, part, octets)
        return part_text(part, octets)


def part_url(message_id: str, part: Part) -> URL:
    """Return where REST serves a part's octets."""
    return URL(f"/v1/messages/{message_id}/parts/{part.path}")
