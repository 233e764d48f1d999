"""Octets to whole commands: literals, their limits, and what is dropped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.imap.core.framer import (
    Command,
    CommandFramer,
    ContinuationDue,
    FrameEvent,
    Line,
    Literal,
    LiteralLimit,
    Refused,
)

LINE, MESSAGE = 200, 1000


def limit(name: bytes, first: bool) -> LiteralLimit | None:
    return LiteralLimit(MESSAGE, 2 * MESSAGE, "too large") if name == b"APPEND" and not first else None


def framer() -> CommandFramer:
    return CommandFramer(LINE, 2 * MESSAGE, limit)


def take(core: CommandFramer, octets: bytes) -> list[FrameEvent]:
    core.receive(octets)
    events: list[FrameEvent] = []
    while (event := core.next_event()) is not None:
        events.append(event)
    return events


def feed(octets: bytes, size: int = 1 << 30) -> list[FrameEvent]:
    core = framer()
    events: list[FrameEvent] = []
    for at in range(0, len(octets), size):
        events += take(core, octets[at : at + size])
    assert core.pending == 0 or not octets.endswith(b"\n")
    return events


TRANSCRIPT = (
    b"a LOGIN {3}\r\nbob {4+}\r\np{1}\r\n"
    b"b APPEND INBOX (\\Seen) {5+}\r\nHi\r\n! ~{2+}\r\n\0x\r\n"
    b"\r\nc NOOP\r\n"
    b"d SEARCH SUBJECT {0}\r\n ALL\r\n"
    b"e APPEND INBOX {1001+}\r\n" + b"x" * 1001 + b" {2+}\r\nyy\r\n"
    b"f NOOP " + b"x" * 300 + b"\r\ng NOOP\n"
)


def test_every_split_gives_the_same_events() -> None:
    whole = feed(TRANSCRIPT)
    assert [type(event).__name__ for event in whole] == [
        "ContinuationDue", "Command", "Command", "Command", "ContinuationDue", "Command", "Refused", "Refused", "Command",
    ]  # fmt: skip
    assert whole[1] == Command([b"a LOGIN ", Literal(b"bob"), b" ", Literal(b"p{1}"), b""])
    assert whole[2] == Command(
        [b"b APPEND INBOX (\\Seen) ", Literal(b"Hi\r\n!"), b" ", Literal(b"\0x", binary=True), b""]
    )
    assert isinstance(whole[6], Refused)
    assert (whole[6].tag, whole[6].code, whole[6].bad, whole[6].fatal) == (b"e", "TOOBIG", False, False)
    for size in (1, 2, 3, 7, 64):
        assert feed(TRANSCRIPT, size) == whole
    for cut in range(len(TRANSCRIPT)):
        core = framer()
        assert take(core, TRANSCRIPT[:cut]) + take(core, TRANSCRIPT[cut:]) == whole


@pytest.mark.parametrize("announced", [b"{1001}", b"{4294967296}", b"{99999999999999999999}"])
def test_a_literal_over_the_limit_is_refused_before_it_is_sent(announced: bytes) -> None:
    events = feed(b"a APPEND INBOX " + announced + b"\r\nb NOOP\r\n")
    assert isinstance(events[0], Refused)
    assert not events[0].fatal
    assert events[1] == Command([b"b NOOP"])


def test_a_large_literal_that_comes_unasked_ends_the_connection() -> None:
    (event,) = feed(b"a APPEND INBOX {4294967296+}\r\n")
    assert isinstance(event, Refused)
    assert event.fatal


def test_what_comes_unasked_can_be_bounded() -> None:
    # RFC 7888 section 5: the literal is dropped, and the connection goes on.
    octets = b"a APPEND INBOX {10+}\r\n" + b"x" * 10 + b"\r\nb APPEND INBOX {11+}\r\n" + b"x" * 11 + b"\r\nc NOOP\r\n"
    for size in (1 << 20, 1, 7):
        core = framer()
        core.largest_unasked = 10
        events = [event for at in range(0, len(octets), size) for event in take(core, octets[at : at + size])]
        assert events[0] == Command([b"a APPEND INBOX ", Literal(b"x" * 10), b""])
        assert isinstance(events[1], Refused)
        assert (events[1].tag, events[1].code, events[1].bad, events[1].fatal) == (b"b", "TOOBIG", True, False)
        assert events[2:] == [Command([b"c NOOP"])]
    core = framer()
    core.largest_unasked = 10
    assert [type(event) for event in take(core, b"a APPEND INBOX {11}\r\n")] == [ContinuationDue]


@pytest.mark.parametrize(
    "octets",
    [
        b"a LOGIN {201}\r\n",
        b"a LOGIN {201+}\r\n" + b"x" * 201 + b" y\r\n",
        b"a LOGIN {120+}\r\n" + b"x" * 120 + b" {120}\r\n",
        b"a APPEND {201}\r\n",
        b"a FROBNICATE {1000}\r\n",
        b"a SEARCH" + b" {20+}\r\n".join([b""] + [b"x" * 20] * 12) + b"\r\n",
    ],
)
def test_other_literals_count_with_the_line(octets: bytes) -> None:
    events = feed(octets + b"b NOOP\r\n")
    assert isinstance(events[-2], Refused), events
    assert events[-1] == Command([b"b NOOP"])


def test_the_messages_of_one_append_are_bounded_together() -> None:
    message = b" {900+}\r\n" + b"x" * 900
    events = feed(b"a APPEND INBOX" + message * 2 + b"\r\nb APPEND INBOX" + message * 3 + b"\r\nc NOOP\r\n")
    assert [type(event) for event in events] == [Command, Refused, Command]


def test_the_literal_of_a_line_that_is_too_long_is_dropped_with_it() -> None:
    octets = b"a SEARCH " + b"x" * 300 + b" {8+}\r\nb LOGOUT\r\nc NOOP\r\n"
    for size in (1 << 20, 1, 5):
        events = feed(octets, size)
        assert [type(event) for event in events] == [Refused, Command]
        assert events[1] == Command([b"c NOOP"])


def test_literals_without_a_command_are_refused() -> None:
    (event,) = feed(b"{3}\r\n")
    assert isinstance(event, Refused)
    assert event.tag == b"*"


def test_lines_are_lines_while_idle_or_signing_in() -> None:
    core = framer()
    core.lines = True
    assert take(core, b"DO") == []
    core.receive(b"NE\r\na NOOP\r\n")
    assert core.next_event() == Line(b"DONE")
    core.lines = False
    assert core.next_event() == Command([b"a NOOP"])


def test_what_was_sent_ahead_can_be_dropped() -> None:
    core = framer()
    core.receive(b"a STARTTLS\r\nb INJECTED\r\nc HALF")
    assert core.next_event() == Command([b"a STARTTLS"])
    assert core.discard() == len(b"b INJECTED\r\nc HALF")
    assert take(core, b"d NOOP\r\n") == [Command([b"d NOOP"])]


PIECES = [
    b"a ",
    b"APPEND ",
    b"x ",
    b"{3}",
    b"{3+}",
    b"~{2+}",
    b"\r\n",
    b"\n",
    b"\0",
    b"(",
    b'"',
    b"{999999}",
    b"y" * 201,
]


@given(st.lists(st.sampled_from(PIECES), max_size=40), st.integers(1, 5))
def test_nothing_makes_it_raise_or_stop(pieces: list[bytes], size: int) -> None:
    core = framer()
    wire = b"".join(pieces)
    for at in range(0, len(wire), size):
        for event in take(core, wire[at : at + size]):
            assert isinstance(event, Command | Refused | ContinuationDue)
