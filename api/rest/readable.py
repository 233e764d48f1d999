"""What a person reads of a message: its header fields decoded, and its text, plain and as sanitised HTML."""

from __future__ import annotations

import html
from typing import Final

import msgspec

from api.rest.message_json import BodyJson, HeaderJson
from api.rest.octets import may_be_inline
from api.rest.stored_part import part_url
from correio.mail.fetch import StoredMessage
from correio.mail.ingest import OFF_LOOP
from correio.mime.bodies import choose_bodies
from correio.mime.header_fields import header_fields
from correio.mime.model import Part
from correio.mime.sanitise import sanitise_html
from correio.mime.text import html_to_text, part_text
from correio.mime.transfer import decode_transfer, is_known_encoding

MAX_TEXT: Final = 1024 * 1024
"""Octets of the decoded text parts that are shown, together; the parts have all of it."""
MAX_ENCODED: Final = 4 * MAX_TEXT
"""Octets of the encoded text that are read; a part of more is not shown."""
MAX_PARTS: Final = 100
"""Parts that are shown as the body."""
MAX_HEADER: Final = 256 * 1024
"""Octets of the header that are shown."""
MAX_FIELDS: Final = 1000
_TEXT: Final = ("text/plain", "text/html")


class TextPart(msgspec.Struct, frozen=True):
    """A part that is part of the body, with its octets after transfer-decoding."""

    part: Part
    octets: bytes
    in_text: bool
    in_html: bool


def headers_json(header: bytes) -> list[HeaderJson]:
    """Return the fields of a header, in order, decoded."""
    shown: list[HeaderJson] = []
    for field in header_fields(header):
        shown.append(HeaderJson(field.name, field.decoded))
        if len(shown) == MAX_FIELDS:
            break
    return shown


def body_json(parts: list[TextPart], part_urls: dict[str, str], truncated: bool) -> BodyJson:
    """Return the body in both forms. Pure, and slow for much HTML.

    ``part_urls`` says by Content-ID where a picture that belongs to the HTML is. Plain text is made from HTML where there is
    none. ``html`` is None unless some part of the body is HTML.
    """
    texts: list[str] = []
    pieces: list[str] = []
    blocked = 0
    for one in parts:
        text = part_text(one.part, one.octets)
        is_html = one.part.media_type == "text/html"
        if one.in_text:
            texts.append(html_to_text(text) if is_html else text)
        if one.in_html and is_html:
            clean = sanitise_html(text, part_urls=part_urls)
            blocked += clean.blocked_remote
            truncated = truncated or clean.truncated
            pieces.append(clean.html)
        elif one.in_html:
            pieces.append(f'<div style="white-space: pre-wrap">{html.escape(text)}</div>')
    has_html = any(one.in_html and one.part.media_type == "text/html" for one in parts)
    return BodyJson("\n".join(texts) if texts else None, "\n".join(pieces) if has_html else None, blocked, truncated)


async def read_body(message: StoredMessage) -> BodyJson:
    """Return the body of a stored message. Raises UnavailableError."""
    parsed = message.parsed
    store = message.account.store
    many = len(parsed.parts) > MAX_PARTS
    bodies = await store.in_worker(choose_bodies, parsed) if many else choose_bodies(parsed)
    in_text, in_html = frozenset(bodies.text_body), frozenset(bodies.html_body)
    indexes = [
        index
        for index in sorted(in_text | in_html)
        if parsed.parts[index].media_type in _TEXT and is_known_encoding(parsed.parts[index].encoding)
    ]
    # A part that is too large is not even begun: it would be read as a whole.
    shown = [index for index in indexes[:MAX_PARTS] if parsed.parts[index].size <= MAX_ENCODED]
    truncated = len(shown) < len(indexes)
    room = MAX_TEXT
    parts: list[TextPart] = []
    for index, octets in zip(shown, await _read_parts(message, [parsed.parts[index] for index in shown]), strict=True):
        truncated = truncated or len(octets) > room
        parts.append(TextPart(parsed.parts[index], octets[:room], index in in_text, index in in_html))
        room -= min(room, len(octets))
    part_urls = {
        part.content_id: f"{part_url(message.id, part.path)}?disposition=inline"
        for part in parsed.parts
        if part.content_id is not None and may_be_inline(part.media_type)
    }
    if MAX_TEXT - room > OFF_LOOP // 4:
        return await store.in_worker(body_json, parts, part_urls, truncated)
    return body_json(parts, part_urls, truncated)


async def _read_parts(message: StoredMessage, parts: list[Part]) -> list[bytes]:
    """Return the decoded octets of parts, read together where they lie together: a round trip each would be many."""
    if not parts:
        return []
    start, end = min(part.body_start for part in parts), max(part.end for part in parts)
    if end - start > MAX_ENCODED:
        return [await message.decoded(part) for part in parts]
    octets = await message.read(start, end)
    encoded = [(octets[part.body_start - start : part.end - start], part.encoding) for part in parts]
    if len(octets) > OFF_LOOP:
        return await message.account.store.in_worker(_decode, encoded)
    return _decode(encoded)


def _decode(encoded: list[tuple[bytes, str]]) -> list[bytes]:
    return [decode_transfer(octets, encoding) for octets, encoding in encoded]


async def read_headers(message: StoredMessage) -> list[HeaderJson]:
    """Return the header fields of a stored message. Raises UnavailableError."""
    header = await message.read(0, min(message.parsed.parts[0].body_start, MAX_HEADER))
    if len(header) > OFF_LOOP:
        return await message.account.store.in_worker(headers_json, header)
    return headers_json(header)
