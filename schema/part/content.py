"""Reading what the fields of a message and its parts show of its octets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

import msgspec
import strawberry

from correio.mail.fetch import StoredMessage
from correio.mail.ingest import OFF_LOOP
from correio.mime.model import Part
from correio.mime.text import part_text
from correio.mime.transfer import UnknownEncodingError, is_identity, is_known_encoding
from schema.message.header import Header, headers
from schema.part.blob import Blob
from schema.part.part_id import part_id
from schema.scalars import URL

MAX_HEADER: Final = 256 * 1024
"""Octets of a header that are shown."""
MAX_ENCODED_TEXT: Final = 8 * 1024 * 1024
"""Octets of a text part that are read."""


async def read_headers(core: StoredMessage, part: Part, names: Sequence[str] | None) -> list[Header]:
    """Return the header fields of an entity in order, only those of these names where given."""
    octets = await core.read(part.header_start, min(part.body_start, part.header_start + MAX_HEADER))
    if len(octets) > OFF_LOOP:
        return await core.account.store.in_worker(headers, octets, names)
    return headers(octets, names)


async def decoded_octets(core: StoredMessage, part: Part) -> bytes:
    """Return a part's octets as REST serves them: transfer-decoded, or as they are where the encoding is unknown."""
    try:
        return await core.decoded(part)
    except UnknownEncodingError:
        return await core.read(part.body_start, part.end)


async def text_of(core: StoredMessage, part: Part) -> str:
    """Return a text part as text, whatever its charset: of a very large one, the beginning."""
    if part.size > MAX_ENCODED_TEXT:
        part = msgspec.structs.replace(part, end=part.body_start + MAX_ENCODED_TEXT)
    octets = await decoded_octets(core, part)
    if len(octets) > OFF_LOOP:
        return await core.account.store.in_worker(part_text, part, octets)
    return part_text(part, octets)


def part_octets(core: StoredMessage, part: Part) -> Callable[[], AsyncIterator[bytes]]:
    """Return how to read a part's octets in pieces."""
    if is_identity(part.encoding):
        return lambda: core.stream(part.body_start, part.end)

    async def whole() -> AsyncIterator[bytes]:
        yield await decoded_octets(core, part)

    return whole


def part_url(message_id: str, part: Part) -> URL:
    """Return where REST serves a part's octets."""
    return URL(f"/v1/messages/{message_id}/parts/{part.path}")


def part_blob(core: StoredMessage, index: int) -> Blob | None:
    """Return where a part's octets are, None for a multipart, which has none of its own."""
    part = core.parsed.parts[index]
    if part.media_type.startswith("multipart/"):
        return None
    return Blob(
        id=strawberry.ID(part_id(core.id, core.parsed, index)),
        type=part.media_type,
        url=part_url(core.id, part),
        known_size=part.size if is_identity(part.encoding) or not is_known_encoding(part.encoding) else None,
        open=part_octets(core, part),
    )


def message_blob(core: StoredMessage) -> Blob:
    """Return where the octets of the whole message are."""
    return Blob(
        id=strawberry.ID(core.id),
        type="message/rfc822",
        url=URL(f"/v1/messages/{core.id}/raw"),
        known_size=core.size,
        open=core.stream,
    )
