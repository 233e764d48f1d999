"""Comparators (RFC 4790 section 9, RFC 5051): what a value is compared as."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

import msgspec

from correio.mime.collation import casemap

Value = str | bytes
"""Text, octets that are no text as surrogate escapes; or octets themselves."""
Key = str | tuple[int, int, str]
"""What is compared and ordered. For comparators of octets each character of a ``str`` stands for an octet."""

_DIGITS: Final = re.compile(r"[0-9]+")
_INFINITE: Final = (1, 0, "")


def octets_of(value: Value) -> bytes:
    """Return a value as octets: text in UTF-8."""
    if isinstance(value, bytes):
        return value
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # A lone surrogate, which broken mail can decode to.
        return value.encode("utf-8", "replace")


def text_of(octets: bytes) -> str:
    """Return octets as text; those that are no UTF-8 become surrogate escapes."""
    return octets.decode("utf-8", "surrogateescape")


def _octet(value: Value) -> str:
    return octets_of(value).decode("latin-1")


def _ascii_casemap(value: Value) -> str:
    return octets_of(value).upper().decode("latin-1")


def _unicode_casemap(value: Value) -> str:
    return casemap(value if isinstance(value, str) else value.decode("utf-8", "replace"))


def _ascii_numeric(value: Value) -> tuple[int, int, str]:
    text = value if isinstance(value, str) else value[:4096].decode("latin-1")
    digits = _DIGITS.match(text)
    if digits is None:
        # RFC 4790 section 9.1.1: positive infinity, which is equal to itself.
        return _INFINITE
    significant = digits[0].lstrip("0")
    # As text: numbers of any length are ordered by their length, then by their digits.
    return (0, len(significant), significant)


class Comparator(msgspec.Struct, frozen=True):
    """One comparator. ``substrings`` tells whether it can be used with ``:contains`` and ``:matches``."""

    name: str
    key: Callable[[Value], Key]
    substrings: bool = True
    octets: bool = True
    """Whether ``?`` stands for one octet, and not for one character."""


DEFAULT: Final = Comparator("i;ascii-casemap", _ascii_casemap)
COMPARATORS: Final = {
    one.name: one
    for one in (
        Comparator("i;octet", _octet),
        DEFAULT,
        Comparator("i;unicode-casemap", _unicode_casemap, octets=False),
        Comparator("i;ascii-numeric", _ascii_numeric, substrings=False),
    )
}
ALWAYS: Final = frozenset(("i;octet", "i;ascii-casemap"))
"""May be used without ``require`` (RFC 5228 section 2.7.3)."""


def plain_form(comparator: Comparator, value: Value) -> str:
    """Return a value as a string of what the comparator takes for a character: octets, or composed characters."""
    if comparator.octets:
        return _octet(value)
    return unicodedata.normalize("NFC", value if isinstance(value, str) else value.decode("utf-8", "replace"))


def folded_form(comparator: Comparator, plain: str) -> str:
    """Return what ``:matches`` compares of a plain form."""
    if not comparator.octets:
        # Composed, so that a character with its accents is one character.
        return unicodedata.normalize("NFC", casemap(plain))
    key = comparator.key(plain.encode("latin-1"))
    assert isinstance(key, str)
    return key


def captured(comparator: Comparator, plain: str) -> str:
    """Return a piece of a plain form as text."""
    return text_of(plain.encode("latin-1")) if comparator.octets else plain
