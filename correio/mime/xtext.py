"""How a parameter carries text that its grammar has no room for (RFC 3461 section 4, RFC 6533 section 3)."""

from __future__ import annotations

import re
from typing import Final

_XTEXT: Final = re.compile(r"(?:[\x21-\x2a\x2c-\x7e]|\+[0-9A-F]{2})*")
_HEX: Final = re.compile(r"\+([0-9A-F]{2})")
_UNICODE: Final = re.compile(r"\\x\{([0-9A-F]{1,6})\}")


def decode_xtext(text: str) -> str:
    """Return decoded xtext. Raises ValueError when it is not xtext or holds a control character."""
    if not _XTEXT.fullmatch(text):
        raise ValueError("not xtext")
    return _without_controls(_HEX.sub(lambda match: chr(int(match[1], 16)), text))


def decode_utf8_address(text: str) -> str:
    """Return a decoded utf-8-addr-xtext or utf-8-addr-unitext (RFC 6533 section 3). Raises ValueError."""

    def character(match: re.Match[str]) -> str:
        point = int(match[1], 16)
        if point > 0x10FFFF or 0xD800 <= point <= 0xDFFF:
            raise ValueError("not a character")
        return chr(point)

    return _without_controls(_UNICODE.sub(character, text))


def encode_xtext(text: str) -> str:
    """Return text that is within eight bits as xtext. Raises ValueError for other text."""
    if any(ord(letter) > 0xFF for letter in text):
        raise ValueError("xtext is for octets")
    return "".join(letter if "!" <= letter <= "~" and letter not in "+=" else f"+{ord(letter):02X}" for letter in text)


def encode_utf8_address(text: str) -> str:
    """Return an address as utf-8-addr-xtext, which is in US-ASCII (RFC 6533 section 3)."""
    return "".join(
        letter if "!" <= letter <= "~" and letter not in "+=\\" else f"\\x{{{ord(letter):X}}}" for letter in text
    )


def _without_controls(text: str) -> str:
    if any(letter < " " or letter == "\x7f" for letter in text):
        raise ValueError("a control character")
    return text
