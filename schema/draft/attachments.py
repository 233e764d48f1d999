"""Attachments of a draft: octets from messages of the account, or from the request itself."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from correio.errors import InvalidInputError, NotFoundError, TooLargeError
from correio.mail.fetch import StoredMessage
from correio.mime.compose.letter import Attachment
from correio.mime.compose.message import MAX_ATTACHMENTS
from correio.mime.media_types import UNKNOWN
from correio.mime.model import Part
from schema.context import OperationContext
from schema.draft.inputs import AttachmentInput
from schema.part.part_id import find_part, split_part_id

_PLAIN_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}")
_PLAIN_VALUE: Final = re.compile(r"[A-Za-z0-9!#$&+\-.^_]{1,100}")
_SENDABLE_MESSAGES: Final = frozenset({"message/rfc822", "message/global"})


class MissingBlobError(NotFoundError):
    """An attachment names a blob that is none of the account's."""

    def __init__(self, number: int, blob_id: str) -> None:
        super().__init__("There is no such blob.")
        self.number = number
        self.blob_id = blob_id


class _Blob(msgspec.Struct, frozen=True):
    """A message, or one part of it."""

    message: StoredMessage
    part: Part | None

    @property
    def octets(self) -> int:
        """About how many there are, transfer encoding included."""
        return self.message.size if self.part is None else self.part.size


async def read_attachments(context: OperationContext, given: Sequence[AttachmentInput]) -> list[Attachment]:
    """Return the attachments with their octets. The messages they come from are found by one round trip.

    Raises InvalidInputError, MissingBlobError, TooLargeError where they do not fit into one message, UnavailableError.
    """
    if len(given) > MAX_ATTACHMENTS:
        raise InvalidInputError(f"There are more than {MAX_ATTACHMENTS} attachments.", "attachments")
    for number, one in enumerate(given):
        if (one.blob_id is None) == (one.content is None):
            raise InvalidInputError("Give blobId or content, one of them.", f"attachments/{number}")
    blobs = await asyncio.gather(
        *(_find(context, number, one.blob_id) for number, one in enumerate(given) if one.blob_id is not None)
    )
    limit = context.limits.message_size
    if sum(blob.octets for blob in blobs) > limit:
        raise TooLargeError(f"The attachments are larger than a message may be; at most {limit} octets.", limit)
    found = iter(blobs)
    return [
        await _from_blob(context, one, next(found)) if one.blob_id is not None else _from_request(one, number)
        for number, one in enumerate(given)
    ]


async def _find(context: OperationContext, number: int, blob_id: str) -> _Blob:
    message_id, section = split_part_id(blob_id) or (blob_id, None)
    message = await context.messages.load(message_id)
    if message is not None and section is None:
        return _Blob(message, None)
    index = find_part(message.parsed, section) if message is not None and section is not None else None
    if message is None or index is None:
        raise MissingBlobError(number, blob_id)
    part = message.parsed.parts[index]
    if part.media_type.startswith("multipart/"):
        raise InvalidInputError("A multipart has no octets of its own.", f"attachments/{number}/blobId")
    return _Blob(message, part)


async def _from_blob(context: OperationContext, given: AttachmentInput, blob: _Blob) -> Attachment:
    message, part = blob.message, blob.part
    async with context.budget.turn():
        content = await (message.read() if part is None else context.octets.decoded(message, part))
    name = (part.filename if part is not None else f"{message.summary.subject[:100].strip() or 'message'}.eml") or ""
    return Attachment(
        content=content,
        filename=_clean(name) if given.filename is None else given.filename,
        media_type=given.type or ("message/rfc822" if part is None else _type_of(part)),
        content_id=given.content_id or "",
    )


def _from_request(given: AttachmentInput, number: int) -> Attachment:
    try:
        content = base64.b64decode((given.content or "").encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise InvalidInputError("It is not base64 (RFC 4648 section 4).", f"attachments/{number}/content") from error
    return Attachment(content, given.filename or "", given.type or "", given.content_id or "")


def _type_of(part: Part) -> str:
    """Return a part's media type as it can be written again, with the parameters that say how its octets are read."""
    kind = part.media_type
    if not _PLAIN_TYPE.fullmatch(kind) or (kind.startswith("message/") and kind not in _SENDABLE_MESSAGES):
        return UNKNOWN
    parameters = [
        f"{name}={value}"
        for name, value in part.parameters
        if name != "name" and _PLAIN_VALUE.fullmatch(name) and _PLAIN_VALUE.fullmatch(value)
    ]
    return "; ".join([kind, *parameters])


def _clean(name: str) -> str:
    """Return a name that somebody else chose as one that can be written."""
    return "".join(one for one in name if one.isprintable())[:200]
