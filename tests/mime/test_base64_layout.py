"""Base64 kept decoded gives back the very octets."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.mime.base64_layout import (
    base64_layout,
    decode_layout,
    decoded_range,
    encode_layout,
    encode_range,
    encoded_size,
)


def layout_of(encoded: bytes) -> tuple[bytes, int, bytes] | None:
    """(decoded, line_length, ending), read from the middle of a message, and the same when it is decoded again."""
    pieces: list[bytes] = []
    raw = b"AAAA" + encoded + b"BBBB"
    facts = base64_layout(raw, 4, 4 + len(encoded), pieces.append)
    if facts is None:
        return None
    line_length, ending = facts
    decoded = b"".join(pieces)
    assert b"".join(decode_layout(raw, 4, 4 + len(encoded) - len(ending), line_length)) == decoded
    return decoded, line_length, ending


def test_the_usual() -> None:
    data = bytes(range(256))
    encoded = base64.encodebytes(data).replace(b"\n", b"\r\n")
    assert layout_of(encoded) == (data, 76, b"\r\n")
    assert layout_of(encoded[:-2]) == (data, 76, b"")
    assert layout_of(encoded + b"\r\n") == (data, 76, b"\r\n\r\n")
    assert layout_of(base64.b64encode(data)) == (data, 0, b"")
    assert layout_of(b"QQ==\r\n") == (b"A", 0, b"\r\n")


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"\r\n",
        b"\r\nQQ==",
        b"QQ==\n",
        b"QR==",  # the unused bits are not zero
        b"QQ=",
        b"QQ",
        b"Q Q==",
        b"QUJD\r\nQQ==\r\nQUJD",
        b"QUJD\r\nQUJDQUJD",
        b"QUJDQUJD\r\nQUJD\r\nQUJD",
        b"QUJD\r\nQUJD\nQUJD",
        b"QQ==QQ==",
        b"QUJD\r\n\r\nQUJD",
        b"QUJD" + b"\r\n" * 40,
        b"QUJD" * 300 + b"\r\nQUJD",
    ],
)
def test_anything_else_is_kept_as_it_is(encoded: bytes) -> None:
    assert layout_of(encoded) is None


def test_large_content() -> None:
    data = bytes(range(251)) * 12_000
    for line in (76, 64, 0, 75):
        encoded = encode_layout(data, line, b"\r\n")
        assert layout_of(encoded) == (data, line, b"\r\n")
        assert layout_of(encoded[:2_000_000] + b"!" + encoded[2_000_001:]) is None


LINES = st.sampled_from([0, 1, 2, 3, 4, 5, 60, 64, 72, 75, 76, 998])
ENDINGS = st.sampled_from([b"", b"\r\n", b"\r\n\r\n"])


@given(st.binary(min_size=1, max_size=400), LINES, ENDINGS)
def test_round_trip(data: bytes, line: int, ending: bytes) -> None:
    encoded = encode_layout(data, line, ending)
    assert len(encoded) == encoded_size(len(data), line, ending)
    assert encoded.replace(b"\r\n", b"") == base64.b64encode(data)
    found = layout_of(encoded)
    assert found is not None
    assert found[0] == data
    assert encode_layout(*found) == encoded


@given(st.binary(max_size=300))
def test_never_wrong(encoded: bytes) -> None:
    found = layout_of(encoded)
    assert found is None or encode_layout(*found) == encoded


@given(st.text("AQg=\r\n", max_size=60))
def test_never_wrong_near_base64(text: str) -> None:
    found = layout_of(text.encode())
    assert found is None or encode_layout(*found) == text.encode()


@given(st.binary(min_size=1, max_size=400), LINES, ENDINGS, st.data())
def test_ranges(data: bytes, line: int, ending: bytes, draw: st.DataObject) -> None:
    encoded = encode_layout(data, line, ending)
    start = draw.draw(st.integers(0, len(encoded)))
    end = draw.draw(st.integers(start, len(encoded)))
    first, last = decoded_range(start, end, line)
    assert encode_range(data[first:last], start, end, line, ending, len(data)) == encoded[start:end]
