"""The Content-* fields of one MIME entity (RFC 2045, RFC 2183, RFC 3282), read into a Part."""

from __future__ import annotations

import re
from typing import Final

from correio.mime.header_fields import decode_value, unfold
from correio.mime.model import Part
from correio.mime.parameters import parse_media_type, parse_parameters

MAX_BOUNDARY: Final = 998
"""RFC 2046 allows 70; a boundary that does not fit on a line can never be found."""
_LANGUAGE: Final = re.compile(r"[A-Za-z0-9\-]{1,64}")
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+")
_SEPARATORS: Final = re.compile(r"[\s\-_]+")
_ENCODINGS: Final = {
    "7bit": "7bit",
    "7bits": "7bit",
    "8bit": "8bit",
    "8bits": "8bit",
    "binary": "binary",
    "base64": "base64",
    "quotedprintable": "quoted-printable",
}
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]+")
_MAX_LANGUAGES: Final = 100
MESSAGE_TYPES: Final = frozenset(("message/rfc822", "message/global"))
OPAQUE_TYPE: Final = "application/octet-stream"
_DEFAULT_PARAMETERS: Final = (("charset", "us-ascii"),)


def describe(part: Part, fields: list[tuple[bytes, bytes]], default_type: str) -> bytes | None:
    """Fill in ``part`` from its header, and return the boundary of a multipart, None for everything else.

    Of a field given twice the first counts. A multipart without a boundary, like any other Content-Type that cannot be
    read, is text (RFC 2045 section 5.2).
    """
    content: dict[bytes, bytes] = {}
    for name, value in fields:
        if name[:8] == b"content-" and name not in content:
            content[name] = value
    boundary = _describe_type(part, content.get(b"content-type"), default_type)
    if not content:
        return boundary
    encoding = content.get(b"content-transfer-encoding")
    if encoding is not None:
        part.encoding = _transfer_encoding(unfold(encoding))
    disposition = content.get(b"content-disposition")
    if disposition is not None:
        _describe_disposition(part, unfold(disposition))
    if part.filename is None:
        part.filename = _filename(part.parameters, "name")
    if len(content) > 1:
        _describe_rest(part, content)
    return boundary


def _describe_type(part: Part, value: bytes | None, default_type: str) -> bytes | None:
    if value is None:
        part.media_type = default_type
        if default_type == "text/plain":
            part.parameters = list(_DEFAULT_PARAMETERS)
        return None
    text = unfold(value)
    parsed = parse_media_type(text)
    if parsed is None:
        part.parameters = parse_parameters(text)
        named = any(name == "name" for name, _ in part.parameters)
        part.media_type = OPAQUE_TYPE if named else default_type
        return None
    type_, subtype, rest = parsed
    part.media_type = f"{type_}/{subtype}"
    part.parameters = parse_parameters(rest)
    if type_ != "multipart":
        return None
    boundary = next((value for name, value in part.parameters if name == "boundary"), "").rstrip()
    octets = _boundary_octets(boundary, value)
    if not octets or len(octets) > MAX_BOUNDARY:
        make_text(part)
        return None
    return octets


def _boundary_octets(boundary: str, value: bytes) -> bytes:
    """Return the boundary as it stands in the octets, whatever its charset was taken for."""
    if boundary.isascii():
        return boundary.encode("ascii")
    for codec in ("utf-8", "cp1252", "latin-1"):
        try:
            octets = boundary.encode(codec)
        except UnicodeEncodeError:
            continue
        if octets in value:
            return octets
    return b""


def make_text(part: Part) -> None:
    """Make a multipart that has no parts what RFC 2045 section 5.2 makes of an unreadable type: plain text."""
    part.media_type = "text/plain"
    part.parameters = list(_DEFAULT_PARAMETERS)


def _transfer_encoding(text: str) -> str:
    """Return the encoding's name; the usual misspellings ("quoted printable", "8-bit") are put right."""
    words = re.split(r"[;(,]", text, maxsplit=1)[0].strip(" \t\"'").lower()
    name = _ENCODINGS.get(_SEPARATORS.sub("", words))
    if name is not None:
        return name
    token = _TOKEN.search(words)
    return token[0] if token else "7bit"


def _describe_disposition(part: Part, text: str) -> None:
    token = _TOKEN.match(text)
    if token and text[token.end() : token.end() + 1] != "=":
        part.disposition = token[0].lower()
        rest = text[token.end() :]
    else:
        # RFC 2183 section 2.8: what is not recognised is an attachment.
        part.disposition = "attachment"
        rest = text
    part.disposition_parameters = parse_parameters(rest)
    part.filename = _filename(part.disposition_parameters, "filename")


def _filename(parameters: list[tuple[str, str]], wanted: str) -> str | None:
    for name, value in parameters:
        if name == wanted:
            return _UNPRINTABLE.sub(" ", value).strip() or None
    return None


def _describe_rest(part: Part, content: dict[bytes, bytes]) -> None:
    for name, value in content.items():
        if name == b"content-id":
            part.content_id = unfold(value).strip("<> \t") or None
        elif name == b"content-description":
            part.description = decode_value(value) or None
        elif name == b"content-location":
            part.location = "".join(decode_value(value).split()) or None
        elif name == b"content-md5":
            part.md5 = unfold(value) or None
        elif name == b"content-language":
            part.language = _LANGUAGE.findall(unfold(value))[:_MAX_LANGUAGES]
