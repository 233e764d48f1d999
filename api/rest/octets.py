"""Responses of octets: whole or in a range, streamed, conditional, and never run by a browser."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from typing import Final, Literal
from urllib.parse import quote

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.rest.entity_tags import entity_tag, none_match, not_modified
from api.rest.ranges import ByteRange, requested_range

SANDBOX: Final = "sandbox; default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
REVALIDATE: Final = "private, no-cache"
"""Octets never change, but the right to read them may end: a cache asks each time."""

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CHARSET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,63}")
_INLINE: Final = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp", "text/plain"}
)
"""With audio and video, what a browser shows in place without running anything."""

Disposition = Literal["attachment", "inline"]


class OctetConditions(msgspec.Struct, frozen=True):
    """The request fields that decide what is sent."""

    range: str | None = None
    if_range: str | None = None
    if_none_match: str | None = None


class Octets(msgspec.Struct, frozen=True):
    """What can be sent: its size, its tag, and how to read a stretch of it."""

    size: int
    tag: str
    content_type: str
    disposition: str
    """The value of Content-Disposition."""
    read: Callable[[int, int], AsyncIterator[bytes]]
    """The octets from a start up to but not including an end, in pieces."""


class OctetResponse(Response):
    """Streams a stretch of octets with its length announced.

    A failure on the way ends in a cut connection: what arrived is never taken for the whole.
    """

    def __init__(self, pieces: AsyncIterator[bytes], length: int, status: int, headers: dict[str, str]) -> None:
        super().__init__(status_code=status, headers={**headers, "Content-Length": str(length)})
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send the head and, unless HEAD asked for no more, the pieces.

        The first piece is read before the head is sent, so that what cannot be read at all is still a proper problem.
        """
        whole = scope["method"] != "HEAD"
        first = await anext(self._pieces, b"") if whole else b""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if whole:
            await send({"type": "http.response.body", "body": first, "more_body": True})
            async for piece in self._pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def octet_response(octets: Octets, conditions: OctetConditions) -> Response:
    """Return 200, 206 or 304. Raises a 416 problem, or a 400 problem for a bad condition."""
    caching = {"Cache-Control": REVALIDATE, "Vary": "Authorization"}
    if not none_match(conditions.if_none_match, octets.tag):
        return not_modified(octets.tag, caching)
    headers = {
        "Content-Type": octets.content_type,
        "Content-Disposition": octets.disposition,
        "ETag": entity_tag(octets.tag),
        "Accept-Ranges": "bytes",
        "Content-Security-Policy": SANDBOX,
        **caching,
    }
    part = requested_range(conditions.range, conditions.if_range, octets.tag, octets.size)
    if part is None:
        part = ByteRange(0, octets.size, octets.size)
        status = 200
    else:
        headers["Content-Range"] = part.content_range
        status = 206
    return OctetResponse(octets.read(part.start, part.end), part.end - part.start, status, headers)


def content_type(media_type: str, charset: str | None) -> str:
    """Return a Content-Type that is safe to send: what is no media type of a leaf is application/octet-stream."""
    main, slash, sub = media_type.partition("/")
    if not slash or not _TOKEN.fullmatch(main) or not _TOKEN.fullmatch(sub) or main == "multipart":
        return "application/octet-stream"
    if charset and _CHARSET.fullmatch(charset):
        return f"{media_type}; charset={charset}"
    return media_type


def may_be_inline(media_type: str) -> bool:
    """Tell whether a browser may show the octets in place."""
    return media_type in _INLINE or media_type.startswith(("audio/", "video/"))


def content_disposition(disposition: Disposition, filename: str | None) -> str:
    """Return Content-Disposition for HTTP (RFC 6266), with an ASCII name for old clients and the whole in RFC 8187 form."""
    if not filename:
        return disposition
    # A name is never a path, and never holds what ends a header field or hides an extension.
    name = re.split(r"[/\\]", filename)[-1]
    name = re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", name).strip(". ")[:180]
    name = name.encode("utf-8", "replace").decode("utf-8")
    if not name:
        return disposition
    plain = re.sub(r"[^ !#-$&-\[\]-~]", "_", name)
    if plain == name:
        return f'{disposition}; filename="{plain}"'
    return f"{disposition}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
