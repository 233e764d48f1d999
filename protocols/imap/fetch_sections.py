"""FETCH of what stands in the message itself: BODY[…], RFC822…, BINARY… and the structure without extensions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from correio.mail.fetch import StoredMessage
from correio.mime.body_structure import render_body_structure
from correio.mime.model import Part
from correio.mime.sections import Specifier, part_at, section_range, select_header_fields
from correio.mime.transfer import UnknownEncodingError
from protocols.imap.core.fetch_items import (
    BinarySection,
    BinarySize,
    BodySection,
    Datum,
    FetchItem,
    Partial,
    Preview,
    Text,
)
from protocols.imap.core.responses import quoted, string
from protocols.imap.core.syntax_error import CommandRefusedError

WHOLE: Final = 1024 * 1024
"""Octets up to which a section is read as a whole; a larger one streams."""
_SPECIFIERS: Final[dict[Text, Specifier | None]] = {
    Text.CONTENT: None,
    Text.HEADER: "HEADER",
    Text.FIELDS: "HEADER",
    Text.FIELDS_NOT: "HEADER",
    Text.TEXT: "TEXT",
    Text.MIME: "MIME",
}


def _path(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("."))) if text else ()


def _origin(partial: Partial | None) -> bytes:
    return b"" if partial is None else b"<%d>" % partial.start


def _cut(partial: Partial | None, start: int, end: int) -> tuple[int, int]:
    """Narrow a range of octets to a partial fetch; beyond the end there is nothing (RFC 9051 section 6.4.5)."""
    if partial is None:
        return start, end
    first = min(start + partial.start, end)
    return first, min(first + partial.length, end)


async def render_item(message: StoredMessage, item: FetchItem) -> AsyncIterator[bytes]:
    """Yield the name and the value of one item in pieces. Raises CommandRefusedError with UNKNOWN-CTE, UnavailableError."""
    match item:
        case BodySection():
            async for piece in _body(message, item):
                yield piece
        case BinarySection():
            octets = await _decoded(message, item.path, item.partial)
            name = b"BINARY[" + item.path.encode("ascii") + b"]" + _origin(item.partial) + b" "
            if octets is None:
                yield name + b"NIL"
                return
            # A literal8 is needed for NUL alone (RFC 3516 section 4.2).
            yield name + (b"~" if b"\0" in octets else b"") + b"{%d}\r\n" % len(octets)
            yield octets
        case BinarySize():
            octets = await _decoded(message, item.path, None)
            yield b"BINARY.SIZE[%b] %d" % (item.path.encode("ascii"), len(octets or b""))
        case Datum.BODY:
            yield b"BODY " + render_body_structure(message.parsed, extensible=False)
        case Datum.EMAILID:
            yield b"EMAILID (%b)" % message.email.encode("ascii")
        case Datum.THREADID:
            yield b"THREADID (%b)" % message.thread.encode("ascii")
        case Preview():
            # Made when the message came in, so that LAZY never has to be answered with NIL.
            yield b"PREVIEW " + string(message.summary.preview)
        case _:
            raise AssertionError(item)


async def _body(message: StoredMessage, item: BodySection) -> AsyncIterator[bytes]:
    name = item.label + _origin(item.partial) + b" "
    if not item.path and item.text is Text.CONTENT:
        span: tuple[int, int] | None = (0, message.size)
    else:
        span = section_range(message.parsed, _path(item.path), _SPECIFIERS[item.text])
    if span is None:
        # There is no such section: NIL (RFC 9051 section 6.4.5.1 leaves it to the server; clients read it as absent).
        yield name + b"NIL"
        return
    if item.text in (Text.FIELDS, Text.FIELDS_NOT):
        header = await message.read(*span)
        wanted = [field.decode("ascii") for field in item.fields]
        octets = select_header_fields(header, wanted, exclude=item.text is Text.FIELDS_NOT)
        first, last = _cut(item.partial, 0, len(octets))
        yield name + b"{%d}\r\n" % (last - first)
        yield octets[first:last]
        return
    start, end = _cut(item.partial, *span)
    yield name + b"{%d}\r\n" % (end - start)
    if end - start <= WHOLE:
        if start < end:
            yield await message.read(start, end)
        return
    async for piece in message.stream(start, end):
        yield piece


async def _decoded(message: StoredMessage, path: str, partial: Partial | None) -> bytes | None:
    """Return a part without its transfer encoding (RFC 3516 section 4.2), None where there is no such part."""
    if not path:
        octets = await message.read()
    else:
        part = part_at(message.parsed, _path(path))
        if part is None:
            return None
        octets = await _leaf(message, part)
    if partial is None:
        return octets
    return octets[partial.start : partial.start + partial.length]


async def _leaf(message: StoredMessage, part: Part) -> bytes:
    if part.media_type.startswith("multipart/"):
        return await message.read(part.body_start, part.end)
    try:
        return await message.decoded(part)
    except UnknownEncodingError:
        raise CommandRefusedError(
            f"The transfer encoding of part {quoted(part.path).decode('ascii')} is not known.", "UNKNOWN-CTE"
        ) from None
