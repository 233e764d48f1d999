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
from correio.mime.transfer import UnknownEncodingError

MAX_BODY: Final = 1024 * 1024
"""Octets of the decoded text parts that are shown, together; the parts have all of it."""
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
    room = MAX_BODY
    truncated = False
    sources: list[_Source] = []
    for index in sorted({*bodies.text_body, *(bodies.html_body if with_html else ())}):
        part = message.parsed.parts[index]
        if part.media_type not in _TEXT:
            continue
        if part.size > 4 * MAX_BODY:
            # Not even its beginning is shown: it would have to be read as a whole.
            truncated = True
            continue
        try:
            octets = await message.decoded(part)
        except UnknownEncodingError:
            continue
        truncated = truncated or len(octets) > room
        in_html = with_html and index in bodies.html_body
        sources.append(_Source(part, octets[:room], index in bodies.text_body, in_html))
        room -= min(room, len(octets))
    if MAX_BODY - room > OFF_LOOP // 4:
        return await message.account.store.in_worker(_compose, sources, part_urls, truncated)
    return _compose(sources, part_urls, truncated)


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
