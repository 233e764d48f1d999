"""Lines and runs of octets out of arbitrary pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.wire.input_buffer import InputBuffer, LineTooLongError


def test_a_line_ends_with_crlf_or_a_bare_lf() -> None:
    buffer = InputBuffer()
    buffer.append(b"one\r\ntwo\n\r\nrest")
    assert [buffer.take_line(100) for _ in range(4)] == [b"one", b"two", b"", None]
    assert len(buffer) == 4


@given(st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line and not line.endswith(b"\r"))), st.data())
def test_lines_survive_any_split(lines: list[bytes], data: st.DataObject) -> None:
    wire = b"".join(line + b"\r\n" for line in lines)
    buffer = InputBuffer()
    found: list[bytes] = []
    at = 0
    while at < len(wire):
        step = data.draw(st.integers(1, 7))
        buffer.append(wire[at : at + step])
        at += step
        while (line := buffer.take_line(100)) is not None:
            found.append(line)
    assert found == lines
    assert len(buffer) == 0


@pytest.mark.parametrize("tail", [b"", b"\r\n", b"\n"])
def test_a_line_over_its_bound_is_refused_whole_or_not(tail: bytes) -> None:
    buffer = InputBuffer()
    buffer.append(b"x" * 12 + tail)
    with pytest.raises(LineTooLongError):
        buffer.take_line(10)
    assert buffer.skip_line() is bool(tail)
    assert len(buffer) == 0


def test_a_line_of_exactly_its_bound_is_taken() -> None:
    buffer = InputBuffer()
    buffer.append(b"x" * 10 + b"\r")
    assert buffer.take_line(10) is None
    buffer.append(b"\n")
    assert buffer.take_line(10) == b"x" * 10


def test_take_gives_at_most_what_is_there() -> None:
    buffer = InputBuffer()
    buffer.append(b"abcdef")
    assert (buffer.take(4), buffer.take(10), buffer.take(1)) == (b"abcd", b"ef", b"")


def test_clear_forgets_a_half_searched_line() -> None:
    buffer = InputBuffer()
    buffer.append(b"injected")
    assert buffer.take_line(100) is None
    assert buffer.clear() == 8
    buffer.append(b"a\r\n")
    assert buffer.take_line(100) == b"a"
