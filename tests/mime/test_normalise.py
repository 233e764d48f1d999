"""Line ends."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.mime.normalise import to_crlf


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"a\nb\r\nc\rd", b"a\r\nb\r\nc\r\nd"),
        (b"\r\r\n\n", b"\r\n\r\n\r\n"),
        (b"\n\r", b"\r\n\r\n"),
        (b"\r", b"\r\n"),
    ],
)
def test_to_crlf(raw: bytes, expected: bytes) -> None:
    assert to_crlf(raw) == expected


def test_the_same_object_when_nothing_changes() -> None:
    for raw in (b"", b"abc", b"a\r\nb\r\n", b"x\r\n" * 1_000_000):
        assert to_crlf(raw) is raw


def test_across_the_window() -> None:
    for shift in range(-3, 4):
        head = b"x" * (1024 * 1024 + shift)
        assert to_crlf(head + b"\r\n" + b"\n") == head + b"\r\n\r\n"
        assert to_crlf(head + b"\r\r") == head + b"\r\n\r\n"


@given(st.text("a\r\n").map(str.encode))
def test_idempotent_and_exact(raw: bytes) -> None:
    normal = to_crlf(raw)
    assert normal == re.sub(rb"\r\n|\r|\n", b"\r\n", raw)
    assert to_crlf(normal) is normal
