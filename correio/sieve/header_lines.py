"""Header fields of the messages that rules make: folded, and in US-ASCII but for addresses that are not (RFC 5322, RFC 2047)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from correio.mime.encoded_words import encode_words
from correio.mime.model import Address
from correio.sieve.comparator import octets_of

_LINE: Final = 76
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~ ]+")
_MOST_WORD: Final = 900


def clean(text: str, most: int = 2000) -> str:
    """Return text on one line, valid Unicode, and at most so long."""
    valid = octets_of(text).decode("utf-8", "replace")
    return _CONTROL.sub(" ", valid).strip()[:most]


def folded(name: str, words: Iterable[bytes]) -> bytes:
    """Return a field of words, folded between them, with its CRLF."""
    lines: list[bytes] = []
    line = name.encode("ascii") + b":"
    for at, word in enumerate(words):
        if at and len(line) + 1 + len(word) > _LINE:
            lines.append(line)
            line = b""
        line += b" " + word
    return b"\r\n".join([*lines, line]) + b"\r\n"


def text_field(name: str, text: str) -> bytes:
    """Return a field of unstructured text, in encoded words where it must be."""
    shown = clean(text)
    if shown.isascii() and "=?" not in shown and max(map(len, shown.split(" "))) < _MOST_WORD:
        return folded(name, [word.encode("ascii") for word in shown.split()])
    return folded(name, encode_words(shown).split(b" "))


def address_field(name: str, addresses: Sequence[Address]) -> bytes:
    """Return a field of addresses with their names."""
    words: list[bytes] = []
    for address in addresses:
        if words:
            words[-1] += b","
        shown = clean(address.name or "", 200)
        if shown and not _ATOMS.fullmatch(shown) and shown.isascii():
            quoted = shown.replace("\\", "\\\\").replace('"', '\\"')
            words += f'"{quoted}"'.encode("ascii").split(b" ")
        elif shown:
            words += shown.encode("ascii").split() if shown.isascii() else encode_words(shown).split(b" ")
        words.append(f"<{address.email}>".encode())
    return folded(name, words)
