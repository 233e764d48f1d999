"""Content-Transfer-Encodings (RFC 2045 section 6, and x-uuencode), decoded leniently."""

from __future__ import annotations

import binascii
import re
from typing import Final

from correio.mime.base64_layout import decoded_range, encode_layout, encode_range, encoded_size

__all__ = [
    "UnknownEncodingError",
    "decode_base64",
    "decode_quoted_printable",
    "decode_transfer",
    "decode_uuencode",
    "decoded_range",
    "encode_layout",
    "encode_range",
    "encoded_size",
    "is_identity",
    "is_known_encoding",
]

_IDENTITY: Final = frozenset(
    ("", "7bit", "8bit", "binary", "7-bit", "8-bit", "7 bit", "8 bit", "none", "plain", "7bits", "8bits")
)
_UUENCODE: Final = frozenset(("x-uuencode", "uuencode", "x-uue", "uue"))
_PIECE: Final = 512 * 1024
"""Octets handled by one C call, so that no call holds the interpreter for long."""
_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64: Final = bytes(octet for octet in range(256) if octet not in _BASE64)
_PADDING: Final = re.compile(rb"=[^A-Za-z0-9+/]*")


class UnknownEncodingError(ValueError):
    """The Content-Transfer-Encoding is none of those known; RFC 2045 section 6.4: the octets are opaque."""


def is_identity(encoding: str) -> bool:
    """Tell whether the encoding leaves the octets as they are."""
    return encoding in _IDENTITY


def is_known_encoding(encoding: str) -> bool:
    """Tell whether :func:`decode_transfer` can decode it."""
    return encoding in ("base64", "quoted-printable") or encoding in _IDENTITY or encoding in _UUENCODE


def decode_transfer(encoded: bytes, encoding: str) -> bytes:
    """Decode octets by their Content-Transfer-Encoding (lower case). Damaged data gives what can be read.

    Raises UnknownEncodingError.
    """
    if encoding == "base64":
        return decode_base64(encoded)
    if encoding == "quoted-printable":
        return decode_quoted_printable(encoded)
    if encoding in _IDENTITY:
        return encoded
    if encoding in _UUENCODE:
        return decode_uuencode(encoded)
    raise UnknownEncodingError(encoding)


def decode_base64(encoded: bytes) -> bytes:
    """Decode base64 as RFC 2045 section 6.8 asks: characters outside the alphabet are ignored.

    A missing end is made good, and data after padding (pieces that were encoded on their own) is decoded too.
    """
    if len(encoded) > _PIECE:
        return _decode_large_base64(encoded)
    try:
        # Outside strict mode everything that is not of the alphabet is passed over.
        octets = binascii.a2b_base64(encoded)
    except binascii.Error:
        return _decode_damaged_base64(encoded)
    at = encoded.find(b"=")
    if at >= 0 and len(encoded) - at > 4 and encoded[at:].translate(None, _NOT_BASE64).strip(b"="):
        return _decode_damaged_base64(encoded)
    return octets


def _decode_large_base64(encoded: bytes) -> bytes:
    """Decode in pieces of whole groups; the groups are counted without the line ends."""
    out: list[bytes] = []
    rest = b""
    for at in range(0, len(encoded), _PIECE):
        text = rest + encoded[at : at + _PIECE].translate(None, _NOT_BASE64)
        keep = len(text) % 4
        rest = text[len(text) - keep :]
        out.append(_decode_groups(text[: len(text) - keep]))
    out.append(_decode_damaged_base64(rest))
    return b"".join(out)


def _decode_groups(text: bytes) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        return _decode_damaged_base64(text)


def _decode_damaged_base64(encoded: bytes) -> bytes:
    out: list[bytes] = []
    for run in _PADDING.sub(b"=", encoded.translate(None, _NOT_BASE64)).split(b"="):
        whole = run[:-1] if len(run) % 4 == 1 else run
        if whole:
            out.append(binascii.a2b_base64(whole + b"=" * (-len(whole) % 4)))
    return b"".join(out)


def decode_quoted_printable(encoded: bytes) -> bytes:
    """Decode quoted-printable (RFC 2045 section 6.7); what is no escape stays as it is."""
    if len(encoded) <= _PIECE:
        return binascii.a2b_qp(_strip_trailing_space(encoded))
    out: list[bytes] = []
    at = 0
    while at < len(encoded):
        end = min(at + _PIECE, len(encoded))
        if end < len(encoded):
            # A piece ends at a line end, which no escape spans but the soft break that ends with it.
            line_end = encoded.rfind(b"\n", at, end)
            if line_end < 0:
                # One very long line: at least no escape is cut.
                escape = encoded.find(b"=", end - 2, end)
                end = escape if escape >= 0 else end
            else:
                end = line_end + 1
        out.append(binascii.a2b_qp(_strip_trailing_space(encoded[at:end])))
        at = end
    return b"".join(out)


_TRAILING_SPACE: Final = re.compile(rb"(?<![ \t])[ \t]+(?=\r?\n)")


def _strip_trailing_space(encoded: bytes) -> bytes:
    """Rule 3 of RFC 2045 section 6.7: white space at the end of a line was added in transport."""
    if b" \r\n" in encoded or b" \n" in encoded or b"\t\r\n" in encoded or b"\t\n" in encoded:
        return _TRAILING_SPACE.sub(b"", encoded)
    return encoded


def decode_uuencode(encoded: bytes) -> bytes:
    """Decode the first uuencoded file; lines that are no data are passed over."""
    out: list[bytes] = []
    started = b"begin " not in encoded
    for line in encoded.splitlines():
        if not started:
            started = line.startswith(b"begin ")
            continue
        if line == b"end":
            break
        if not line:
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Wrong length or trailing garbage: take what the count character announces.
            count = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out.append(binascii.a2b_uu(line[:count]))
            except binascii.Error:
                continue
    return b"".join(out)
