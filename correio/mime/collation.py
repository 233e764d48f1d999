"""How texts are compared: i;unicode-casemap to sort by, and a folding of case and width to look for words in. Pure."""

from __future__ import annotations

import unicodedata
from typing import Final

_DOTLESS: Final = "\u0131"
"""Folds to nothing else, although its title case is that of i."""


def casemap(text: str) -> str:
    """Return what ``text`` is compared as under i;unicode-casemap (RFC 5051 section 2): by the code points of the result."""
    if text.isascii():
        return text.upper()
    return unicodedata.normalize("NFKD", "".join(map(_titlecase, text)))


def _titlecase(character: str) -> str:
    # The collation knows the simple mappings alone, of one character to one.
    title = character.title()
    return title if len(title) == 1 else character


def folded(text: str) -> str:
    """Return ``text`` for a search by substring, without differences of case, width and composition.

    All that is equal under i;unicode-casemap is equal here, and so is what full case folding makes equal ("ß" and "SS").
    """
    if text.isascii():
        return text.lower()
    # Some characters come apart into capitals, and some fold into what comes apart.
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return text.replace(_DOTLESS, "i")
