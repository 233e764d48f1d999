"""Any octets into the framer and the parser: commands and refusals come out, and every refusal is a valid response."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.imap.core.command_table import State
from protocols.imap.core.framer import Command, CommandFramer, ContinuationDue, FrameEvent, LiteralLimit, Refused
from protocols.imap.core.parse_command import Request, parse_command
from protocols.imap.core.responses import status_line
from tests.fuzz.imap_lines import COMMANDS
from tests.fuzz.mutation import damaged
from tests.peers.imap_responses import check_response

LINE, MESSAGE = 65_536, 4096


def events(octets: bytes, size: int = 1 << 30) -> list[FrameEvent]:
    framer = CommandFramer(
        LINE, 2 * MESSAGE, lambda name, _: LiteralLimit(MESSAGE, MESSAGE) if name == b"APPEND" else None
    )
    found: list[FrameEvent] = []
    for at in range(0, len(octets), size):
        framer.receive(octets[at : at + size])
        while (event := framer.next_event()) is not None:
            found.append(event)
            if isinstance(event, Refused) and event.fatal:
                return found
    assert framer.pending <= LINE, "the framer keeps more than a line"
    return found


def answered(event: FrameEvent) -> None:
    """A refusal is a status response; what is parsed is a request."""
    if isinstance(event, Command):
        for state in State:
            for utf8 in (False, True):
                outcome = parse_command(event, state, utf8=utf8, utf8_accept=utf8)
                assert isinstance(outcome, Request | Refused)
                if isinstance(outcome, Refused):
                    answered(outcome)
    elif isinstance(event, Refused):
        line = status_line(event.tag, "BAD" if event.bad else "NO", event.message, event.code)
        check_response(line)
        assert len(line) < 2000
    else:
        assert isinstance(event, ContinuationDue)


@given(damaged(COMMANDS))
@settings(max_examples=400, deadline=None)
def test_damaged_commands(octets: bytes) -> None:
    for event in events(octets):
        answered(event)


@given(damaged(COMMANDS), st.integers(1, 40))
@settings(max_examples=200, deadline=None)
def test_pieces_make_no_difference(octets: bytes, size: int) -> None:
    assert events(octets, size) == events(octets)


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_octets(octets: bytes) -> None:
    for event in events(octets + b"\r\n"):
        answered(event)


@pytest.mark.parametrize(
    "octets",
    [
        b"a SEARCH " + b"(" * 60_000,
        b"a SEARCH " + b"NOT " * 15_000 + b"ALL",
        b"a SEARCH " + b"OR ALL " * 9_000 + b"ALL",
        b"a SEARCH " + b"ALL " * 16_000,
        b"a FETCH " + b"1," * 30_000 + b"1 FLAGS",
        b"a UID FETCH 1:4294967295 FLAGS",
        b"a FETCH 1 " + b"(" * 60_000,
        b"a FETCH 1 (" + b"FLAGS " * 10_000 + b")",
        b"a FETCH 1 BODY[" + b"1." * 30_000 + b"]",
        b"a STORE 1 FLAGS (" + b"x " * 30_000 + b")",
        b'a LIST "" ' + b"*" * 60_000,
        b'a LOGIN "' + b'\\"' * 30_000,
        b"a SELECT " + b"&" * 60_000,
        b"a " + b"\0" * 60_000,
        b"x" * 65_000,
    ],
    ids=lambda octets: octets[:18].decode("ascii").replace("\0", "0").strip(),
)  # fmt: skip
@pytest.mark.timeout(20)
def test_long_commands_cost_little(octets: bytes) -> None:
    for event in events(octets + b"\r\n"):
        answered(event)
