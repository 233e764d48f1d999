"""``${hex:...}`` and ``${unicode:...}`` in strings (RFC 5228 section 2.4.2.4)."""

from __future__ import annotations

import re
from typing import Final

from correio.sieve.errors import Mistake, Position

_BLANK: Final = r"(?:[ \t]|\r\n)"
_ENCODED: Final = re.compile(
    rf"\$\{{(?:hex:{_BLANK}*([0-9a-f]{{1,2}}(?:{_BLANK}+[0-9a-f]{{1,2}})*){_BLANK}*"
    rf"|unicode:{_BLANK}*([0-9a-f]+(?:{_BLANK}+[0-9a-f]+)*){_BLANK}*)\}}",
    re.IGNORECASE | re.ASCII,
)


def decode_characters(text: str, at: Position) -> str:
    """Return a string with its encoded characters decoded. Raises Mistake for a number that is no Unicode character."""
    if "${" not in text:
        return text

    def decoded(match: re.Match[str]) -> str:
        if match[1] is not None:
            return bytes(int(pair, 16) for pair in match[1].split()).decode("latin-1")
        return "".join(_character(number, at) for number in match[2].split()).encode("utf-8").decode("latin-1")

    # By octets, so that a character may be given in several pieces.
    octets = text.encode("utf-8", "surrogateescape").decode("latin-1")
    return _ENCODED.sub(decoded, octets).encode("latin-1").decode("utf-8", "surrogateescape")


def _character(number: str, at: Position) -> str:
    digits = number.lstrip("0") or "0"
    code = int(digits, 16) if len(digits) <= 6 else 0x110000
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise Mistake(f"{number[:20]} is no Unicode character.", at)
    return chr(code)
