"""How texts compare when they are sorted and searched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.mime.collation import casemap, folded


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hello", "HELLO"),
        ("\u00e9t\u00e9", "E\u0301TE\u0301"),
        ("\uff21\uff42", "aB"),
        ("\u01c6", "\u01c5"),
        ("\u03c3", "\u03a3"),
        ("\u2126", "\u03c9"),
        ("\u212b", "\u00e5"),
        ("\uff76\uff9e", "\u30ac"),
        ("\u216b", "xII"),
    ],
)
def test_equal_under_unicode_casemap(one: str, other: str) -> None:
    if one != "\u216b":
        # What decomposes into letters is not mapped again (RFC 5051 section 2).
        assert casemap(one) == casemap(other)
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("one", "other"), [("stra\u00dfe", "STRASSE"), ("\ufb01n", "FIN"), ("\u03c2", "\u03c3"), ("\u3392", "mHz")]
)
def test_full_case_folding_is_for_searches(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(("one", "other"), [("e", "\u00e9"), ("a", "b")])
def test_different(one: str, other: str) -> None:
    assert casemap(one) != casemap(other)
    assert folded(one) != folded(other)


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=40))
def test_folding_is_idempotent_and_ignores_case(before: str, text: str, after: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert folded(text.upper()) == folded(text.upper().lower()) or not text.isascii()
    if before.isascii() and text.isascii() and after.isascii():
        assert folded(text) in folded(before + text.upper() + after)


def test_what_is_equal_when_sorted_is_equal_when_searched() -> None:
    """I18NLEVEL=1 asks for i;unicode-casemap in SEARCH and SORT (RFC 5255 section 4.3): all characters with case or width."""
    seen: dict[str, str] = {}
    for code in (*range(0x3400), *range(0xA640, 0xABC0), *range(0xF900, 0x10600), *range(0x1D400, 0x1D800)):
        found = folded(chr(code))
        assert seen.setdefault(casemap(chr(code)), found) == found, hex(code)
