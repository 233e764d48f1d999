"""DATA up to CRLF.CRLF, in any pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.smtp.core.data import DataDecoder
from tests.peers.smtp import stuffed

# Everything that some server somewhere has taken for the end of data, and that is not.
NOT_THE_END = [
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\r.\n", b"\n.\r", b"\r\n\x00.\r\n", b"\r\n.\x00\r\n",
    b"\r\n. \r\n", b"\r\r\n.\n\r\n", b"\r\n.\r\r\n", b"\n\n.\r\n", b"\r\n.\n\r\n", b"\n.\n.\n",
    b"\xe2\x80\xa8.\xe2\x80\xa8", b"\x85.\x85",
]  # fmt: skip


def decode(octets: bytes, pieces: list[int]) -> tuple[bytes, bytes]:
    """Feed the octets cut at these places; return the message and what follows it."""
    decoder = DataDecoder(1 << 30)
    at = 0
    for cut in [*pieces, len(octets)]:
        rest = decoder.feed(octets[at:cut])
        at = cut
        if rest is not None:
            return decoder.content(), rest + octets[at:]
    raise AssertionError("no end")


@pytest.mark.parametrize("trap", NOT_THE_END)
def test_smuggling(trap: bytes) -> None:
    text = b"Subject: x\r\n\r\none" + trap + b"MAIL FROM:<evil@example.test>\r\ntwo\r\n"
    message, rest = decode(text + b".\r\nQUIT\r\n", [])
    assert rest == b"QUIT\r\n"
    assert message.startswith(b"Subject: x\r\n\r\none")
    assert message.endswith(b"MAIL FROM:<evil@example.test>\r\ntwo\r\n")
    for cut in range(1, len(text) + 3):
        assert decode(text + b".\r\nQUIT\r\n", [cut]) == (message, rest)


def test_every_split() -> None:
    wire = b"..one\r\n...two\r\n.\nthree\r\n..\r\n\r\n.x\r\n.\r\nNOOP\r\n"
    expected = (b".one\r\n..two\r\n\nthree\r\n.\r\n\r\nx\r\n", b"NOOP\r\n")
    for first in range(len(wire) + 1):
        for second in range(first, len(wire) + 1):
            assert decode(wire, [first, second]) == expected


def test_empty_message() -> None:
    assert decode(b".\r\n", []) == (b"", b"")
    assert decode(b".\r\n", [1, 2]) == (b"", b"")


@given(st.lists(st.sampled_from([b"\r", b"\n", b".", b"a", b"\r\n", b"\x00"]), max_size=40), st.data())
def test_round_trip(parts: list[bytes], data: st.DataObject) -> None:
    message = b"".join(parts)
    wire = stuffed(message)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8)))
    ended = message if not message or message.endswith(b"\r\n") else message + b"\r\n"
    assert decode(wire + b"RSET\r\n", cuts) == (ended, b"RSET\r\n")


def test_overflow_is_read_to_the_end() -> None:
    decoder = DataDecoder(100)
    assert decoder.feed(b"x" * 101 + b"\r\n") is None
    assert decoder.overflowed
    assert decoder.feed(b"y" * 1000 + b"\r\n.\r") is None
    assert decoder.feed(b"\nQUIT") == b"QUIT"
    exact = DataDecoder(100)
    assert exact.feed(b"x" * 98 + b"\r\n.\r\n") == b""
    assert not exact.overflowed
    assert len(exact.content()) == 100


def test_no_memory() -> None:
    asked: list[int] = []

    def reserve(octets: int) -> bool:
        asked.append(octets)
        return sum(asked) < 50

    decoder = DataDecoder(1000, reserve)
    assert decoder.feed(b"x" * 40) is None
    assert not decoder.starved
    assert decoder.feed(b"x" * 40 + b"\r\n.\r\n") == b""
    assert decoder.starved
