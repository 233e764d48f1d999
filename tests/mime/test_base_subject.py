"""Base subjects, by the steps of RFC 5256 section 2.1."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.mime.base_subject import base_subject


@pytest.mark.parametrize(
    ("subject", "base", "is_reply"),
    [
        ("", "", False),
        ("hello", "hello", False),
        ("Re: hello", "hello", True),
        ("re: RE: Fw: fwd: hello", "hello", True),
        ("Re:hello", "hello", True),
        ("re : hello", "hello", True),
        ("Reply: hello", "Reply: hello", False),
        ("fwdd: hello", "fwdd: hello", False),
        ("  hello \t there  ", "hello there", False),
        ("hello (fwd)", "hello", True),
        ("hello (FWD) (fwd) ", "hello", True),
        ("hello (fwd) there", "hello (fwd) there", False),
        ("(fwd)", "", True),
        ("re:", "", True),
        ("[list] hello", "hello", False),
        ("[list] re: [other] hello", "hello", True),
        ("re [7]: hello", "hello", True),
        ("re [7] [8]: hello", "re [7] [8]: hello", False),
        ("[a][b] [c]Re: hello", "hello", True),
        ("[list]", "[list]", False),
        ("[a] [b]", "[b]", False),
        ("re: [list]", "[list]", True),
        ("[un[closed] hello", "[un[closed] hello", False),
        ("[] hello", "hello", False),
        ("[fwd: hello]", "hello", True),
        ("[Fwd: Re: hello (fwd)]", "hello", True),
        ("[fwd: [fwd: hello]]", "hello", True),
        ("re: [fwd: [list] re: hello] (fwd)", "hello", True),
        ("[fwd: hello] there", "there", False),
        ("[fwd:]", "", True),
        ("[fwd: ]", "", True),
        ("hello]", "hello]", False),
        ("AW: \u00fcber", "AW: \u00fcber", False),
        ("RE: \u00dcber", "\u00dcber", True),
        ("a\r\n b", "a b", False),
    ],
)
def test_base_subjects(subject: str, base: str, is_reply: bool) -> None:
    assert base_subject(subject) == (base, is_reply)


@given(
    st.lists(
        st.sampled_from(
            ["re:", "Fwd :", "[x]", "[fwd:", "]", "(fwd)", " ", "word", "[", "\t", "re [y]:", "(", "\u00e9"]
        ),
        max_size=14,
    ).map("".join)
)
def test_a_base_subject_is_its_own(subject: str) -> None:
    base = base_subject(subject).text
    assert base == base.strip()
    assert base_subject(base).text == base


@pytest.mark.parametrize("piece", ["[a]", "re:", "[fwd:", "(fwd)", "[a] re: ", "re [a]", "["])
def test_long_subjects_are_read_once(piece: str) -> None:
    """Quadratic time would be minutes here."""
    subject = piece * (60_000 // len(piece))
    for end in ("", "x", "]" * 10_000):
        found = base_subject(subject + end)
        assert base_subject(found.text).text == found.text
