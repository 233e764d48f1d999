"""SASLprep (RFC 4013): the one form of a name or a password, however it was typed. Pure."""

from __future__ import annotations

import stringprep
import unicodedata
from collections.abc import Callable
from typing import Final

_PROHIBITED: Final[tuple[Callable[[str], bool], ...]] = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def saslprep(text: str, *, unassigned: bool = False) -> str | None:
    """Return the prepared form, which may be empty, or None for a text that has none.

    ``unassigned``: code points that Unicode 3.2 does not have are let through, as a "query" may have them and a
    "stored string" not (RFC 3454 section 7).
    """
    if text.isascii() and text.isprintable():
        return text
    mapped = "".join(
        " " if stringprep.in_table_c12(character) else character
        for character in text
        if not stringprep.in_table_b1(character)
    )
    prepared = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    if any(table(character) for character in prepared for table in _PROHIBITED):
        return None
    if not unassigned and any(map(stringprep.in_table_a1, prepared)):
        return None
    return prepared if _is_one_way(prepared) else None


def _is_one_way(text: str) -> bool:
    """RFC 3454 section 6: a text with a right-to-left character has no left-to-right one, and begins and ends so."""
    if not any(map(stringprep.in_table_d1, text)):
        return True
    return (
        not any(map(stringprep.in_table_d2, text))
        and stringprep.in_table_d1(text[0])
        and stringprep.in_table_d1(text[-1])
    )
