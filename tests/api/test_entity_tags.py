"""Conditions, RFC 9110 section 13.1."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.rest.entity_tags import none_match, parse_tags, require_match
from api.rest.problems import ProblemError


@pytest.mark.parametrize(
    ("field", "full"),
    [
        (None, True),
        ('"7"', False),
        ('W/"7"', False),
        ('"6"', True),
        ('"6", "7"', False),
        ('"6" , W/"8"', True),
        ("*", False),
    ],
)
def test_if_none_match_compares_weakly(field: str | None, full: bool) -> None:
    assert none_match(field, "7") is full


@pytest.mark.parametrize(("field", "bound"), [(None, False), ("*", False), ('"7"', True), ('"6","7"', True)])
def test_if_match_that_holds(field: str | None, bound: bool) -> None:
    assert require_match(field, "7") is bound


@pytest.mark.parametrize("field", ['"6"', 'W/"7"', ""])
def test_if_match_that_does_not_hold_is_412(field: str) -> None:
    with pytest.raises(ProblemError) as caught:
        require_match(field, "7")
    assert caught.value.status == 412


@pytest.mark.parametrize("field", ["7", '"7', '"7" "8"', 'w/"7"', '"a b"'])
def test_what_is_no_list_of_tags_is_400(field: str) -> None:
    with pytest.raises(ProblemError) as caught:
        parse_tags(field, "If-Match")
    assert caught.value.status == 400


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(field: str) -> None:
    tags: list[tuple[bool, str]] | None = []
    with contextlib.suppress(ProblemError):
        tags = parse_tags(field, "If-Match")
    assert all('"' not in opaque for _, opaque in tags or ())
