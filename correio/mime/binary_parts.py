"""Messages with parts in the encoding ``binary`` (RFC 2045 section 6.2, RFC 3030), in a form that is made of lines. Pure.

POP3, DATA and everything between them are made of lines: what came by BINARYMIME is rewritten when it arrives (RFC 3030 section 3),
and what a reader decodes stays the same, octet for octet.
"""

from __future__ import annotations

import re
from typing import Final

from correio.mime.base64_layout import encode_layout
from correio.mime.header_fields import header_fields
from correio.mime.model import ParsedMessage, Part
from correio.mime.normalise import to_crlf
from correio.mime.parse import parse_message

_LINE: Final = 76
_CONTAINERS: Final = ("message/", "multipart/")
_ENCODING: Final = "content-transfer-encoding"
_LONG: Final = re.compile(rb"[^\n]{1000}")
"""More than 998 octets and a CR."""
_BINARY: Final = re.compile(rb"binary", re.IGNORECASE)


def text_form(raw: bytes) -> bytes:
    """Return the message in lines that end with CRLF, without the encoding ``binary``.

    A part in that encoding becomes 8bit where it is made of lines as it is, else base64; bare CR and LF elsewhere become CRLF.
    Takes its time with large messages: off the event loop.
    """
    parsed = parse_message(raw)
    parents = {part.parent for part in parsed.parts}
    pieces: list[bytes] = []
    at = 0
    for number, part in enumerate(parsed.parts):
        if part.encoding != "binary" or part.header_start < at:
            continue
        # A message or a multipart is never encoded itself (RFC 2045 section 6.4): what is within it is.
        leaf = number not in parents and not part.media_type.startswith(_CONTAINERS)
        body = raw[part.body_start : part.end] if leaf else b""
        encoded = leaf and not _is_lines(body)
        header = _relabelled(raw[part.header_start : part.body_start], b"base64" if encoded else b"8bit")
        pieces += (raw[at : part.header_start], header)
        at = part.body_start
        if encoded:
            pieces.append(encode_layout(body, _LINE, _ending(parsed, part)))
            at = part.end
    return to_crlf(b"".join([*pieces, raw[at:]]))


def _is_lines(body: bytes) -> bool:
    """Tell whether a body may be called 8bit (RFC 2045 section 2.8)."""
    return to_crlf(body) is body and b"\0" not in body and _LONG.search(body) is None


def _ending(parsed: ParsedMessage, part: Part) -> bytes:
    """The line end before a boundary is the boundary's; the last line of a message has its own."""
    return b"\r\n" if part.end == parsed.size else b""


def _relabelled(header: bytes, encoding: bytes) -> bytes:
    pieces: list[bytes] = []
    at = 0
    for field in header_fields(header):
        if field.name.lower() == _ENCODING:
            pieces += (header[at : field.start], _BINARY.sub(encoding, header[field.start : field.end], count=1))
            at = field.end
    return b"".join([*pieces, header[at:]])
