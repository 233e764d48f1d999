"""The parts of a stored message as the API shows and sends them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from api.rest.message_json import PartJson
from api.rest.octets import Disposition, Octets, content_disposition, content_type, may_be_inline
from correio.errors import NotFoundError
from correio.mail.fetch import StoredMessage
from correio.mail.ingest import OFF_LOOP
from correio.mime.model import ParsedMessage, Part
from correio.mime.transfer import UnknownEncodingError, is_identity

PIECE: Final = 256 * 1024


async def parsed_of(message: StoredMessage) -> ParsedMessage:
    """Return the structure of a message, unpacked in a worker where it is large."""
    if len(message.document.parsed) > OFF_LOOP:
        return await message.account.store.in_worker(getattr, message, "parsed")
    return message.parsed


def is_multipart(part: Part) -> bool:
    """Tell whether a part has parts instead of a content."""
    return part.media_type.startswith("multipart/")


def find_part(parsed: ParsedMessage, path: str) -> Part:
    """Return the part with a content at a section number. Raises NotFoundError.

    An embedded message that is a multipart has the number of the message/rfc822 part it is in; that one is meant.
    """
    for part in parsed.parts:
        if part.path == path and not is_multipart(part):
            return part
    raise NotFoundError("The message has no such part.")


def part_url(message_id: str, path: str) -> str:
    """Return where the content of a part is."""
    return f"/v1/messages/{message_id}/parts/{path}"


def parts_json(message: StoredMessage, decoded: dict[int, int]) -> list[PartJson]:
    """Return the parts, flat, in document order, each section number once; ``decoded`` are the decoded sizes by index."""
    parsed = message.parsed
    shown: list[PartJson] = []
    seen: set[str] = set()
    for index, part in enumerate(parsed.parts):
        if part.path in seen:
            continue
        seen.add(part.path)
        above = parsed.parts[part.parent] if part.parent >= 0 else None
        holds_parts = is_multipart(part)
        shown.append(
            PartJson(
                path=part.path,
                parent_path=above.path if above is not None else None,
                media_type=part.media_type,
                charset=part.charset,
                disposition=part.disposition,
                filename=part.filename,
                content_id=part.content_id,
                description=part.description,
                language=part.language,
                encoding=part.encoding,
                size=part.size,
                decoded_size=decoded.get(index),
                is_attachment=part.is_attachment,
                url=None if holds_parts else part_url(message.id, part.path),
            )
        )
    return shown


async def part_octets(message: StoredMessage, part: Part, wanted: Disposition) -> Octets:
    """Return the content of a part, ready to be sent. Raises UnavailableError.

    What has an encoding that nobody knows is opaque and sent as it is (RFC 2045 section 6.4).
    """
    media_type = content_type(part.media_type, part.charset)
    disposition = wanted if may_be_inline(part.media_type) else "attachment"
    filename = part.filename
    if filename is None and part.message >= 0:
        filename = "message.eml"
    tag = f"{message.email}-{part.path}"
    shown = content_disposition(disposition, filename)
    try:
        if not is_identity(part.encoding):
            return _decoded_octets(await message.decoded(part), tag, media_type, shown)
    except UnknownEncodingError:
        media_type = "application/octet-stream"

    def stored(start: int, end: int) -> AsyncIterator[bytes]:
        return message.stream(part.body_start + start, part.body_start + end)

    return Octets(part.size, tag, media_type, shown, stored)


def _decoded_octets(octets: bytes, tag: str, media_type: str, disposition: str) -> Octets:
    async def pieces(start: int, end: int) -> AsyncIterator[bytes]:
        for at in range(start, end, PIECE):
            yield octets[at : min(at + PIECE, end)]

    return Octets(len(octets), tag, media_type, disposition, pieces)


def raw_octets(message: StoredMessage) -> Octets:
    """Return the whole message, ready to be sent."""
    disposition = content_disposition("attachment", f"{message.id}.eml")
    return Octets(message.size, message.email, "message/rfc822", disposition, message.stream)
