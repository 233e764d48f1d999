"""Base64 bodies kept decoded, and given back octet for octet.

What nearly every sender writes is described by two facts: the characters of a line, and what follows the last line. Where
encoding by these gives exactly the octets that came, the decoded content is all that need be kept.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterator
from math import gcd
from typing import Final

MAX_LINE: Final = 998
MAX_ENDING: Final = 64
_PIECE: Final = 512 * 1024


def base64_layout(raw: bytes, start: int, end: int, take: Callable[[bytes], object]) -> tuple[int, bytes] | None:
    """Return (line_length, ending) of a base64 body from ``start`` to ``end``, or None where it is written in any other way.

    ``line_length`` is the number of characters of every line but the last, 0: all on one line. Lines end with CRLF, and
    ``ending`` is what follows the last: nothing, or CRLF any number of times. ``take`` gets the decoded octets piece by
    piece, each once it is proved that ``encode_layout`` gives back the very octets; it has had some of them for nothing
    where the result is None.
    """
    last = end
    while last - start > 1 and raw[last - 2 : last] == b"\r\n":
        last -= 2
        if end - last > MAX_ENDING:
            return None
    first_line = raw.find(b"\r\n", start, min(last, start + MAX_LINE + 2)) - start
    line_length = max(first_line, 0)
    if last == start or first_line == 0:
        return None
    unit_encoded, unit_decoded = _units(line_length)
    step = _step(line_length)
    for at in range(start, last, step):
        text = raw[at : min(at + step, last)]
        try:
            piece = _decode(text, line_length)
        except binascii.Error:
            return None
        is_last = at + step >= last
        if encode_layout(piece, line_length, b"" if is_last or not line_length else b"\r\n") != text:
            return None
        if not is_last and len(piece) != step // unit_encoded * unit_decoded:
            return None
        take(piece)
    return line_length, raw[last:end]


def decode_layout(raw: bytes, start: int, last: int, line_length: int) -> Iterator[bytes]:
    """Yield the decoded octets of a body that :func:`base64_layout` has proved, ``last`` being where its ending begins."""
    step = _step(line_length)
    for at in range(start, last, step):
        yield _decode(raw[at : min(at + step, last)], line_length)


def _step(line_length: int) -> int:
    """Return how many encoded octets, whole lines of whole groups, make a piece."""
    unit_encoded = _units(line_length)[0]
    return max(_PIECE // unit_encoded, 1) * unit_encoded


def _decode(text: bytes, line_length: int) -> bytes:
    return binascii.a2b_base64(text.replace(b"\r\n", b"") if line_length else text, strict_mode=True)


def encode_layout(decoded: bytes, line_length: int, ending: bytes) -> bytes:
    """Return the base64 body of this layout."""
    if len(decoded) <= _PIECE:
        return _encode(decoded, line_length) + ending
    unit_decoded = _units(line_length)[1]
    step = max(_PIECE // unit_decoded, 1) * unit_decoded
    pieces = [_encode(decoded[at : at + step], line_length) for at in range(0, len(decoded), step)]
    return (b"\r\n" if line_length else b"").join(pieces) + ending


def _encode(decoded: bytes, line_length: int) -> bytes:
    text = binascii.b2a_base64(decoded, newline=False)
    if not line_length or len(text) <= line_length:
        return text
    return b"\r\n".join([text[at : at + line_length] for at in range(0, len(text), line_length)])


def _units(line_length: int) -> tuple[int, int]:
    """Return (encoded, decoded) octets of the fewest whole lines that hold whole groups of three octets."""
    if not line_length:
        return 4, 3
    lines = 4 // gcd(line_length, 4)
    return lines * (line_length + 2), lines * line_length * 3 // 4


def encoded_size(decoded_size: int, line_length: int, ending: bytes) -> int:
    """Return the octets that :func:`encode_layout` gives for so many decoded ones."""
    characters = (decoded_size + 2) // 3 * 4
    breaks = (characters - 1) // line_length if line_length and characters else 0
    return characters + 2 * breaks + len(ending)


def decoded_range(start: int, end: int, line_length: int) -> tuple[int, int]:
    """Return the (start, end) of the decoded octets that encode to the encoded range, whole lines at both sides.

    The end may be past the end of the content: slicing takes care of that. :func:`encode_range` makes the octets of it.
    """
    unit_encoded, unit_decoded = _units(line_length)
    return start // unit_encoded * unit_decoded, -(-end // unit_encoded) * unit_decoded


def encode_range(piece: bytes, start: int, end: int, line_length: int, ending: bytes, decoded_size: int) -> bytes:
    """Return the octets ``start`` to ``end`` of the encoded body.

    ``piece`` is the content sliced by ``decoded_range(start, end, line_length)``, ``decoded_size`` the size of all of it.
    """
    unit_encoded, unit_decoded = _units(line_length)
    first = start // unit_encoded
    if not piece:
        # The range begins behind the text, in what follows it.
        text_size = encoded_size(decoded_size, line_length, b"")
        return ending[max(start - text_size, 0) : max(end - text_size, 0)]
    is_last = first * unit_decoded + len(piece) >= decoded_size
    after = ending if is_last else b"\r\n" if line_length else b""
    skip = start - first * unit_encoded
    return encode_layout(piece, line_length, after)[skip : skip + end - start]
