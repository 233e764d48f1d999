"""What a person reads of a message: its header fields decoded, and its text, plain and as sanitised HTML."""

from __future__ import annotations

from typing import Final

from api.rest.message_json import BodyJson, HeaderJson
from api.rest.octets import may_be_inline
from api.rest.stored_part import part_url
from correio.mail import readable
from correio.mail.fetch import StoredMessage
from correio.mail.ingest import OFF_LOOP
from correio.mime.bodies import choose_bodies
from correio.mime.header_fields import header_fields

MAX_HEADER: Final = 256 * 1024
"""Octets of the header that are shown."""
MAX_FIELDS: Final = 1000


def headers_json(header: bytes) -> list[HeaderJson]:
    """Return the fields of a header, in order, decoded."""
    shown: list[HeaderJson] = []
    for field in header_fields(header):
        shown.append(HeaderJson(field.name, field.decoded))
        if len(shown) == MAX_FIELDS:
            break
    return shown


async def read_body(message: StoredMessage) -> BodyJson:
    """Return the body of a stored message. Raises UnavailableError."""
    parsed = message.parsed
    many = len(parsed.parts) > readable.MAX_PARTS
    bodies = await message.account.store.in_worker(choose_bodies, parsed) if many else choose_bodies(parsed)
    part_urls = {
        part.content_id: f"{part_url(message.id, part.path)}?disposition=inline"
        for part in parsed.parts
        if part.content_id is not None and may_be_inline(part.media_type)
    }
    body = await readable.read_body(message, bodies, part_urls)
    return BodyJson(body.text, body.html, body.blocked_remote, body.truncated)


async def read_headers(message: StoredMessage) -> list[HeaderJson]:
    """Return the header fields of a stored message. Raises UnavailableError."""
    header = await message.read(0, min(message.parsed.parts[0].body_start, MAX_HEADER))
    if len(header) > OFF_LOOP:
        return await message.account.store.in_worker(headers_json, header)
    return headers_json(header)
