"""Attachments as MIME entities (RFC 2046, RFC 2183, RFC 2392)."""

from __future__ import annotations

import re
from typing import Final

from correio.errors import InvalidInputError
from correio.mime.compose.body import EncodedBody, encode_base64, has_long_lines
from correio.mime.compose.clean_text import require_clean
from correio.mime.compose.entity import Entity
from correio.mime.compose.letter import Attachment
from correio.mime.compose.parameters import read_media_type, with_parameters
from correio.mime.media_types import UNKNOWN, media_type_of
from correio.mime.normalise import to_crlf

MAX_FILENAME: Final = 255
MAX_CONTENT_ID: Final = 255
# RFC 2392 takes addr-specs; what people write after "cid:" is often less, and is found all the same.
_CONTENT_ID: Final = re.compile(r"[!#$%&'*+\-./0-9=?@A-Z^_`a-z{|}~]+")


def attachment_entity(attachment: Attachment, field: str) -> Entity:
    """Return an attachment as an entity. Raises InvalidInputError that names a field below ``field``."""
    require_clean(attachment.filename, f"{field}/filename", MAX_FILENAME)
    filename = attachment.filename.strip()
    media_type, parameters = read_media_type(attachment.media_type or media_type_of(filename), f"{field}/content_type")
    content_id = _content_id(attachment.content_id, f"{field}/content_id")
    main = media_type.partition("/")[0]
    if main == "multipart" or (main == "message" and media_type not in ("message/rfc822", "message/global")):
        raise InvalidInputError("An attachment cannot be of this type.", f"{field}/content_type")
    body = _message_body(attachment.content) if main == "message" else None
    if body is None:
        # A message must not be encoded (RFC 2046 section 5.2.1); one that has to be is only octets.
        media_type = UNKNOWN if main == "message" else media_type
        body = EncodedBody("base64", encode_base64(attachment.content))
    parameters = [(name, value) for name, value in parameters if name != "name"]
    named = [("filename", filename)] if filename else []
    header = with_parameters("Content-Type", media_type, [*parameters, *((("name", filename),) if filename else ())])
    header += with_parameters("Content-Disposition", "inline" if content_id else "attachment", named)
    if content_id:
        header += f"Content-ID: <{content_id}>\r\n".encode("ascii")
    return Entity(header, body.encoding, body.pieces)


def _content_id(text: str, field: str) -> str:
    require_clean(text, field, MAX_CONTENT_ID)
    bare = text.strip()
    if bare.startswith("<") and bare.endswith(">"):
        bare = bare[1:-1]
    if text and not _CONTENT_ID.fullmatch(bare):
        raise InvalidInputError("A content id is letters, digits and some signs, such as logo@example.org.", field)
    return bare


def _message_body(content: bytes) -> EncodedBody | None:
    octets = to_crlf(content)
    if b"\x00" in octets or has_long_lines(octets):
        return None
    return EncodedBody("7bit" if octets.isascii() else "8bit", [octets])
