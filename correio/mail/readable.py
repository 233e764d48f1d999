"""What a person reads of a message: its body as text and as HTML made safe, the same on every surface."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Final

import msgspec

from correio.mail.fetch import StoredMessage
from correio.mail.ingest import OFF_LOOP
from correio.mime.bodies import Bodies
from correio.mime.model import Part
from correio.mime.sanitise import sanitise_html
from correio.mime.text import html_to_text, part_text
from correio.mime.transfer import decode_transfer, is_known_encoding

MAX_BODY: Final = 1024 * 1024
"""Octets of the decoded text parts that are shown, together; the parts have all of it."""
_MAX_ENCODED: Final = 4 * MAX_BODY
"""Octets of the encoded text that are read; a part of more is not shown."""
MAX_PARTS: Final = 100
"""Parts that are shown as the body."""
_TEXT: Final = ("text/plain", "text/html")


class ReadableBody(msgspec.Struct, frozen=True):
    """A body in its two forms."""

    text: str | None
    """None: the message has no text at all."""
    html: str | None
    """Sanitised. None: no part of the body is HTML, or it was not asked for."""
    blocked_remote: int
    """References to other servers that were taken out of ``html``."""
    truncated: bool


class _Source(msgspec.Struct, frozen=True):
    """A part of the body, with its octets after transfer-decoding."""

    part: Part
    octets: bytes
    in_text: bool
    in_html: bool


async def read_body(
    message: StoredMessage, bodies: Bodies, part_urls: Mapping[str, str], *, with_html: bool = True
) -> ReadableBody:
    """Read a body of a stored message: its own, or that of a message within it. Raises UnavailableError.

    ``part_urls`` says by Content-ID where a picture that belongs to the HTML is.
    """
    parts = message.parsed.parts
    in_text, in_html = frozenset(bodies.text_body), frozenset(bodies.html_body if with_html else ())
    indexes = [
        index
        for index in sorted(in_text | in_html)
        if parts[index].media_type in _TEXT and is_known_encoding(parts[index].encoding)
    ]
    # A part that is too large is not even begun: it would be read as a whole.
    shown = [index for index in indexes[:MAX_PARTS] if parts[index].size <= _MAX_ENCODED]
    truncated = len(shown) < len(indexes)
    room = MAX_BODY
    sources: list[_Source] = []
    for index, octets in zip(shown, await _read_parts(message, [parts[index] for index in shown]), strict=True):
        truncated = truncated or len(octets) > room
        sources.append(_Source(parts[index], octets[:room], index in in_text, index in in_html))
        room -= min(room, len(octets))
    if MAX_BODY - room > OFF_LOOP // 4:
        return await message.account.store.in_worker(_compose, sources, part_urls, truncated)
    return _compose(sources, part_urls, truncated)


async def _read_parts(message: StoredMessage, parts: list[Part]) -> list[bytes]:
    """Return the decoded octets of parts, read together where they lie together: a round trip each would be many."""
    if not parts:
        return []
    start, end = min(part.body_start for part in parts), max(part.end for part in parts)
    if end - start > _MAX_ENCODED:
        return [await message.decoded(part) for part in parts]
    octets = await message.read(start, end)
    encoded = [(octets[part.body_start - start : part.end - start], part.encoding) for part in parts]
    if len(octets) > OFF_LOOP:
        return await message.account.store.in_worker(_decode, encoded)
    return _decode(encoded)


def _decode(encoded: list[tuple[bytes, str]]) -> list[bytes]:
    return [decode_transfer(octets, encoding) for octets, encoding in encoded]


def _compose(sources: list[_Source], part_urls: Mapping[str, str], truncated: bool) -> ReadableBody:
    """Put the parts together in order. Plain text is made from HTML where there is none."""
    texts: list[str] = []
    pieces: list[str] = []
    blocked = 0
    has_html = False
    for one in sources:
        text = part_text(one.part, one.octets)
        is_html = one.part.media_type == "text/html"
        if one.in_text:
            texts.append(html_to_text(text) if is_html else text)
        if one.in_html and is_html:
            has_html = True
            clean = sanitise_html(text, part_urls=part_urls)
            blocked += clean.blocked_remote
            truncated = truncated or clean.truncated
            pieces.append(clean.html)
        elif one.in_html:
            pieces.append(f'<div style="white-space: pre-wrap">{html.escape(text)}</div>')
    return ReadableBody(
        "\n".join(texts) if texts else None, "\n".join(pieces) if has_html else None, blocked, truncated
    )
