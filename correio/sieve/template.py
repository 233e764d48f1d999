"""Strings with references to variables (RFC 5229 section 3)."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from correio.sieve.errors import Mistake, Position

_NAME: Final = r"(?:[0-9]+|[a-z_][a-z0-9_]*)"
_REFERENCE: Final = re.compile(rf"\$\{{((?:[a-z_][a-z0-9_]*\.(?:{_NAME}\.)*)?)({_NAME})\}}", re.IGNORECASE | re.ASCII)
VARIABLE_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE | re.ASCII)


class Variable(msgspec.Struct, frozen=True):
    """``${name}``; the name is in lower case."""

    name: str


class Capture(msgspec.Struct, frozen=True):
    """``${1}``: what a wildcard of the last successful ``:matches`` stood for; 0: all that was matched."""

    number: int


class Template(msgspec.Struct, frozen=True):
    """A string of a script. ``source`` is as it was written, before variables are put in."""

    source: str
    pieces: tuple[str | Variable | Capture, ...] = ()
    """Empty: a constant, which is its source."""

    @property
    def constant(self) -> bool:
        """Whether no variables are put in."""
        return not self.pieces


def read_template(text: str, at: Position, captures: int) -> Template:
    """Return a string as a template. ``captures`` is the highest match variable.

    Raises Mistake for a namespace, as no extension here has one, and for a match variable that is out of range.
    """
    if "${" not in text:
        return Template(text)
    pieces: list[str | Variable | Capture] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        namespace, name = match[1], match[2].lower()
        if namespace:
            raise Mistake(
                f"{match[0][:80]} names a namespace, and no extension here has one; variables have plain names.", at
            )
        if match.start() > end:
            pieces.append(text[end : match.start()])
        end = match.end()
        if name[0] in "0123456789":
            digits = name.lstrip("0") or "0"
            if len(digits) > 4 or int(digits) > captures:
                raise Mistake(f"{match[0][:80]} is out of range: match variables go up to ${{{captures}}}.", at)
            pieces.append(Capture(int(digits)))
        else:
            pieces.append(Variable(name))
    if not pieces:
        return Template(text)
    if end < len(text):
        pieces.append(text[end:])
    return Template(text, tuple(pieces))
