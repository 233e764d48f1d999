"""A message without octets above 127, for servers that know neither 8BITMIME (RFC 6152) nor SMTPUTF8 (RFC 6531). Pure.

Text becomes quoted-printable and everything else base64; what a reader decodes stays the same, octet for octet. Header fields
become encoded words (RFC 2047) and parameters RFC 2231's form. Three things cannot be done: an address beyond US-ASCII that
somebody is meant to answer to, content that a signature covers, and octets whose encoding nobody knows.
"""

from __future__ import annotations

import binascii
from typing import Final

from correio.mime.addresses import parse_addresses
from correio.mime.base64_layout import encode_layout
from correio.mime.downgrade import ADDRESS_FIELDS, ascii_addr_spec, downgrade_header
from correio.mime.header_fields import header_fields
from correio.mime.model import ParsedMessage, Part
from correio.mime.parse import parse_message
from correio.mime.transfer import UnknownEncodingError, decode_transfer, is_identity


class CannotDowngradeError(Exception):
    """The message cannot be sent to a server without 8BITMIME or SMTPUTF8. The text is a sentence for the report."""


_PIECE: Final = 256 * 1024
"""Octets handled by one C call, so that no call holds the interpreter for long."""
_LINE: Final = 76
_TRACE: Final = frozenset({"return-path", "delivered-to"})
"""Fields with addresses that nobody answers to."""
_ENCODING: Final = "content-transfer-encoding"
_TO_ASCII: Final = bytes(octet if octet < 128 else 0x3F for octet in range(256))

_Edit = tuple[int, int, bytes]
"""From, to, and what stands there instead."""


def to_seven_bit(raw: bytes) -> bytes:
    """Return the message in US-ASCII, the same object where it is so already. Lines end with CRLF.

    Takes its time with large messages: off the event loop. Raises CannotDowngradeError.
    """
    if raw.isascii():
        return raw
    parsed = parse_message(raw)
    if parsed.truncated:
        raise CannotDowngradeError("The message is nested too deeply to be rewritten in 7 bits.")
    _check_addresses(raw[: parsed.parts[0].body_start])
    _check_signed(raw, parsed)
    pieces: list[bytes] = []
    at = 0
    for start, end, new in _edits(raw, parsed):
        # What lies between the parts of a multipart is read by nobody.
        pieces += (raw[at:start].translate(_TO_ASCII), new)
        at = end
    pieces.append(raw[at:].translate(_TO_ASCII))
    return b"".join(pieces)


def _check_addresses(header: bytes) -> None:
    if header.isascii():
        return
    for field in header_fields(header):
        name = field.name.lower()
        if field.value.isascii() or name not in ADDRESS_FIELDS or name in _TRACE:
            continue
        for one in parse_addresses(field.unfolded):
            if one.local and not ascii_addr_spec(one):
                raise CannotDowngradeError(
                    f"The field {field.name} has an address that needs SMTPUTF8, which the server does not offer."
                )


def _check_signed(raw: bytes, parsed: ParsedMessage) -> None:
    """RFC 1847 section 2.1: the first part is signed as it stands."""
    signed = {at for at, part in enumerate(parsed.parts) if part.media_type == "multipart/signed"}
    for part in parsed.parts:
        if part.parent in signed:
            signed.discard(part.parent)
            if not raw[part.header_start : part.end].isascii():
                raise CannotDowngradeError(
                    "The message is signed and has octets above 127, which the server does not take."
                )


def _edits(raw: bytes, parsed: ParsedMessage) -> list[_Edit]:
    """Return what is to be rewritten, in order, no two overlapping."""
    edits: list[_Edit] = []
    done = 0
    parents = {part.parent for part in parsed.parts}
    for at, part in enumerate(parsed.parts):
        if part.header_start < done or raw[part.header_start : part.end].isascii():
            continue
        around = parsed.parts[part.parent] if part.parent >= 0 else None
        root = around is None or around.message == at
        # RFC 6532 section 3.7: a message/global may have any encoding; its fields need not be touched then.
        whole = at not in parents or part.media_type == "message/global"
        header = raw[part.header_start : part.body_start]
        _check_boundary(part)
        if not whole or raw[part.body_start : part.end].isascii():
            edits.append((part.header_start, part.body_start, _outer_header(header, part)))
            continue
        encoding, body = _encode(part, raw[part.body_start : part.end])
        guess = _guess(part, body, encoding) if root and around is None else b""
        edits.append((part.header_start, part.end, _with_encoding(downgrade_header(header), encoding, guess) + body))
        done = part.end
    return edits


def _check_boundary(part: Part) -> None:
    if any(name == "boundary" and not value.isascii() for name, value in part.parameters):
        raise CannotDowngradeError("A boundary of the message has octets above 127.")


def _outer_header(header: bytes, part: Part) -> bytes:
    """The header of an entity whose parts are rewritten, not its body: 8bit and binary are no longer true of it."""
    header = downgrade_header(header)
    return _with_encoding(header, "7bit", b"") if part.encoding in ("8bit", "binary") else header


def _encode(part: Part, body: bytes) -> tuple[str, bytes]:
    """Return the encoding and the body in it."""
    if part.media_type == "message/partial":
        raise CannotDowngradeError("A part of a larger message (message/partial) has octets above 127.")
    try:
        content = body if is_identity(part.encoding) else decode_transfer(body, part.encoding)
    except UnknownEncodingError as error:
        raise CannotDowngradeError(f"Nobody knows the encoding {part.encoding[:40]} of a part.") from error
    if part.media_type.partition("/")[0] in ("text", "message") and part.media_type != "message/global":
        quoted = _quoted_printable(content)
        if quoted is not None:
            return "quoted-printable", quoted
    return "base64", encode_layout(content, _LINE, b"\r\n" if body.endswith(b"\n") else b"")


def _quoted_printable(content: bytes) -> bytes | None:
    """Return text in quoted-printable (RFC 2045 section 6.7); None where it has no lines."""
    lines = content.count(b"\r\n")
    if b"\0" in content or content.count(b"\r") != lines or content.count(b"\n") != lines:
        return None
    pieces: list[bytes] = []
    at = 0
    while at < len(content):
        end = min(at + _PIECE, len(content))
        if end < len(content):
            end = content.rfind(b"\r\n", at, end) + 2
            if end < 2:
                return None
        piece = content[at:end]
        quoted = binascii.b2a_qp(piece, istext=True)
        # Without a line end to go by, soft line breaks are made with LF alone.
        pieces.append(quoted if b"\r\n" in piece else quoted.replace(b"\n", b"\r\n"))
        at = end
    return b"".join(pieces)


def _guess(part: Part, body: bytes, encoding: str) -> bytes:
    """Fields for a message that says nothing of its charset: UTF-8 where it is, else RFC 1428's name for the unknown."""
    if part.media_type != "text/plain" or part.charset not in (None, "us-ascii"):
        return b""
    try:
        decode_transfer(body, encoding).decode("utf-8")
    except UnicodeDecodeError:
        return b"Content-Type: text/plain; charset=unknown-8bit\r\n"
    return b"Content-Type: text/plain; charset=utf-8\r\n"


def _with_encoding(header: bytes, encoding: str, content_type: bytes) -> bytes:
    """Return a header with this Content-Transfer-Encoding, and with a Content-Type where it has none."""
    kept: list[bytes] = []
    at = 0
    names: set[str] = set()
    for field in header_fields(header):
        name = field.name.lower()
        names.add(name)
        kept.append(header[at : field.start])
        if name != _ENCODING:
            kept.append(header[field.start : field.end])
        at = field.end
    rest = header[at:]
    fields = b"".join(kept)
    if fields and not fields.endswith(b"\n"):
        fields += b"\r\n"
    added = f"Content-Transfer-Encoding: {encoding}\r\n".encode("ascii")
    if content_type and "content-type" not in names:
        added = content_type + added
    if content_type and "mime-version" not in names:
        added = b"MIME-Version: 1.0\r\n" + added
    # A body part may begin without a header, and a header may end without its empty line.
    return fields + added + (rest if rest.strip(b"\r\n") == b"" and rest else rest + b"\r\n")
