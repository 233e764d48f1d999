"""Byte ranges, RFC 9110 section 14."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.rest.problems import ProblemError
from api.rest.ranges import ByteRange, requested_range


@pytest.mark.parametrize(
    ("field", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-499", 0, 500),
        ("bytes=500-999", 500, 1000),
        ("bytes=500-", 500, 1000),
        ("bytes=-1", 999, 1000),
        ("bytes=-5000", 0, 1000),
        ("bytes=999-99999", 999, 1000),
        ("Bytes = 1-2 ", 1, 3),
    ],
)
def test_one_range(field: str, start: int, end: int) -> None:
    assert requested_range(field, None, "tag", 1000) == ByteRange(start, end, 1000)


@pytest.mark.parametrize(
    "field", ["bytes=", "bytes=-", "bytes=5-4", "bytes=0-1,3-4", "lines=0-1", "bytes=a-b", "bytes=٣-٤", ""]
)
def test_what_is_not_one_byte_range_is_ignored(field: str) -> None:
    assert requested_range(field, None, "tag", 1000) is None


@pytest.mark.parametrize(
    ("field", "size"), [("bytes=1000-", 1000), ("bytes=-0", 1000), ("bytes=0-", 0), ("bytes=-1", 0)]
)
def test_a_range_behind_the_end_is_416_and_tells_the_size(field: str, size: int) -> None:
    with pytest.raises(ProblemError) as caught:
        requested_range(field, None, "tag", size)
    assert caught.value.status == 416
    assert caught.value.headers == {"Content-Range": f"bytes */{size}"}


@pytest.mark.parametrize(
    ("if_range", "whole"),
    [('"tag"', False), ('"other"', True), ('W/"tag"', True), ("Mon, 23 Nov 2026 15:00:00 GMT", True)],
)
def test_if_range_is_a_strong_comparison(if_range: str, whole: bool) -> None:
    assert (requested_range("bytes=0-1", if_range, "tag", 10) is None) is whole


@given(st.text(max_size=30), st.integers(0, 2000))
def test_any_field_gives_a_range_inside_or_none_or_a_problem(field: str, size: int) -> None:
    found = None
    with contextlib.suppress(ProblemError):
        found = requested_range("bytes=" + field, None, "tag", size)
    assert found is None or 0 <= found.start < found.end <= size
