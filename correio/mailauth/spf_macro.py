"""Macros of SPF (RFC 7208 section 7): parsed once, expanded for a client."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

import msgspec

MAX_DOMAIN: Final = 253
"""Octets of an expanded name; labels go from its left until it fits (RFC 7208 section 7.3)."""

_PIECE: Final = re.compile(r"%\{([a-zA-Z])(\d{0,3})([rR]?)([.\-+,/_=]*+)\}|%([%_\-])|([!-$&-~]++)")
_SPACED_PIECE: Final = re.compile(r"%\{([a-zA-Z])(\d{0,3})([rR]?)([.\-+,/_=]*+)\}|%([%_\-])|([ -$&-~]++)")
_TOP_LABEL: Final = re.compile(r"[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*|[A-Za-z0-9]+-[A-Za-z0-9-]*[A-Za-z0-9]")
_ESCAPED: Final = {"%": "%", "_": " ", "-": "%20"}
_LETTERS: Final = frozenset("slodiphv")
_EXPLANATION_LETTERS: Final = _LETTERS | frozenset("crt")


class MacroError(ValueError):
    """The text breaks the grammar of RFC 7208 section 7.1."""


class Expansion(msgspec.Struct, frozen=True):
    """``%{letter digits r delimiters}``."""

    letter: str
    """In lower case."""
    count: int
    """How many parts from the right; 0: all."""
    reverse: bool
    delimiters: str
    escape: bool
    """The letter was a capital: the value is URL-encoded."""


MacroString = tuple[str | Expansion, ...]


def parse_macro(text: str, *, explanation: bool = False) -> MacroString:
    """Return the pieces of a macro-string, or with ``explanation`` of an explain-string. Raises MacroError."""
    pieces: list[str | Expansion] = []
    letters = _EXPLANATION_LETTERS if explanation else _LETTERS
    pattern = _SPACED_PIECE if explanation else _PIECE
    at = 0
    while at < len(text):
        match = pattern.match(text, at)
        if match is None:
            raise MacroError(f"no macro: {text[at : at + 20]!r}")
        letter, digits, reverse, delimiters, escaped, literal = match.groups()
        if literal is not None:
            pieces.append(literal)
        elif escaped is not None:
            pieces.append(_ESCAPED[escaped])
        else:
            if letter.lower() not in letters or (digits and int(digits) == 0):
                raise MacroError(f"no macro: {match[0]!r}")
            pieces.append(
                Expansion(letter.lower(), int(digits or 0), bool(reverse), delimiters or ".", letter.isupper())
            )
        at = match.end()
    return tuple(pieces)


def parse_domain_spec(text: str) -> MacroString:
    """Return the pieces of a domain-spec: a macro-string that ends in a top label or a macro. Raises MacroError."""
    pieces = parse_macro(text)
    if not pieces:
        raise MacroError("a domain is missing")
    last = pieces[-1]
    if isinstance(last, str):
        # The escapes %% %_ %- are macros too (macro-expand), though they make no sense here.
        name = text.removesuffix(".")
        _, dot, top = name.rpartition(".")
        if not text.endswith(("%%", "%_", "%-")) and not (dot and _TOP_LABEL.fullmatch(top)):
            raise MacroError(f"no domain: {text[:80]!r}")
    return pieces


def expand(pieces: MacroString, values: dict[str, str]) -> str:
    """Return the text with the value of each letter in its place."""
    return "".join(piece if isinstance(piece, str) else _value(piece, values[piece.letter]) for piece in pieces)


def letters_of(pieces: MacroString) -> set[str]:
    """Return the letters a text needs."""
    return {piece.letter for piece in pieces if isinstance(piece, Expansion)}


def fit_domain(name: str) -> str:
    """Return a name cut from the left, at dots, to the length a name may have."""
    name = name.removesuffix(".")
    if len(name) <= MAX_DOMAIN:
        return name
    dot = name.find(".", len(name) - MAX_DOMAIN - 1)
    return name[dot + 1 :] if dot >= 0 else name[-MAX_DOMAIN:]


def _value(expansion: Expansion, value: str) -> str:
    if expansion.count or expansion.reverse or expansion.delimiters != ".":
        for other in expansion.delimiters:
            value = value.replace(other, "\x00")
        parts = value.split("\x00")
        if expansion.reverse:
            parts.reverse()
        if expansion.count:
            parts = parts[-expansion.count :]
        value = ".".join(parts)
    return quote(value, safe="-._~", errors="replace") if expansion.escape else value
