"""Transfer encodings of what is sent: 7bit where the content is so already, else quoted-printable or base64, the shorter.

Everything is 7-bit that way, so that it crosses servers without 8BITMIME and no signature is broken on the way.
"""

from __future__ import annotations

import binascii
from typing import Final

import msgspec

from correio.mime.normalise import to_crlf
from correio.mime.transfer import encode_layout

LONGEST_LINE: Final = 998
"""Octets of a line without its CRLF (RFC 5322 section 2.1.1)."""
BASE64_LINE: Final = 76
_PIECE: Final = 256 * 1024
_BASE64_PIECE: Final = _PIECE // 57 * 57
"""Octets that make whole lines of base64."""
_SAFE: Final = bytes([9, 10, 13, *range(32, 61), *range(62, 127)])
"""Octets that quoted-printable leaves as they are."""


class EncodedBody(msgspec.Struct, frozen=True):
    """A body, in pieces, and the name of its transfer encoding."""

    encoding: str
    pieces: list[bytes]


def encode_text(text: str) -> EncodedBody:
    """Return text in UTF-8, its lines ended with CRLF, in the encoding that suits it. Linear in its length."""
    octets = to_crlf(text.encode("utf-8"))
    if not octets.endswith(b"\r\n"):
        octets += b"\r\n"
    if octets.isascii() and not has_long_lines(octets) and b"\x00" not in octets:
        return EncodedBody("7bit", [octets])
    escaped = sum(len(octets[at : at + _PIECE].translate(None, _SAFE)) for at in range(0, len(octets), _PIECE))
    # An escape costs two more octets, base64 one more for every three, and a few for its line ends.
    pieces = None if 2 * escaped > len(octets) // 3 else _quoted_printable(octets)
    if pieces is None:
        return EncodedBody("base64", encode_base64(octets))
    return EncodedBody("quoted-printable", pieces)


def encode_base64(octets: bytes) -> list[bytes]:
    """Return base64 in lines of 76 characters (RFC 2045 section 6.8), the last one ended too, in pieces."""
    return [
        encode_layout(octets[at : at + _BASE64_PIECE], BASE64_LINE, b"\r\n")
        for at in range(0, len(octets), _BASE64_PIECE)
    ]


def has_long_lines(octets: bytes) -> bool:
    """Tell whether a line has more than 998 octets."""
    at = 0
    while at + LONGEST_LINE < len(octets):
        # Lines that end within reach of the last are jumped over, so that most of the octets are looked at once, in C.
        end = octets.rfind(b"\n", at, at + LONGEST_LINE + 2)
        if end < 0:
            return True
        at = end + 1
    return False


def _quoted_printable(octets: bytes) -> list[bytes] | None:
    """Encode text that ends with CRLF, in pieces of whole lines; None where a line is longer than a piece."""
    pieces: list[bytes] = []
    at = 0
    while at < len(octets):
        end = octets.rfind(b"\n", at, at + _PIECE) + 1
        if end == 0:
            return None
        pieces.append(binascii.b2a_qp(octets[at:end], istext=True))
        at = end
    return pieces
