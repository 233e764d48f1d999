"""The pure parts of POP3."""

from __future__ import annotations

import itertools
import re
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.pop3.commands import COMMANDS
from protocols.pop3.core.capabilities import capabilities
from protocols.pop3.core.command import parse_command
from protocols.pop3.core.dot_stuffing import DotStuffer
from protocols.pop3.core.maildrop import Maildrop
from protocols.pop3.core.response import Refusal, err, ok
from protocols.pop3.core.state import LEGAL, State
from protocols.pop3.core.top import TopCutter
from tests.peers.smtp import stuffed

TEXT = st.lists(st.sampled_from([b"\r", b"\n", b".", b"a", b"\r\n", b"\r\n."]), max_size=40).map(b"".join)


def pieces(octets: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cuts), len(octets)]
    return [octets[start:end] for start, end in itertools.pairwise(edges)]


@given(TEXT, st.data())
def test_dot_stuffing_in_any_pieces(text: bytes, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=6))
    stuffer = DotStuffer()
    sent = b"".join(stuffer.feed(piece) for piece in pieces(text, cuts)) + stuffer.end()
    assert sent == stuffed(text)


@given(TEXT, st.integers(0, 5), st.data())
def test_top_in_any_pieces(body: bytes, lines: int, data: st.DataObject) -> None:
    header = b"A: b\r\n\r\n"
    text = header + body
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=6))
    cutter = TopCutter(len(header), lines)
    found = re.match(rb"(?:[^\n]*\n){%d}" % lines, body)
    assert b"".join(cutter.feed(piece) for piece in pieces(text, cuts)) == header + (found[0] if found else body)


@given(st.binary(max_size=300))
def test_nothing_but_refusals(line: bytes) -> None:
    try:
        command = parse_command(line)
    except Refusal:
        return
    assert command.keyword.isalnum()


def test_commands() -> None:
    assert parse_command(b"pass a  b ").argument == "a  b "
    assert parse_command("USER josé".encode()).words(1, 1) == ["josé"]
    for line in (b"", b" STAT", b"STAT-1", b"NOOP\x00", b"USER \xff", b"USER a\x00", b"LIST " + b"1" * 300):
        with pytest.raises(Refusal):
            parse_command(line)


def test_every_command_has_states_and_a_function() -> None:
    assert LEGAL.keys() == COMMANDS.keys()


def test_responses() -> None:
    assert ok("fine") == b"+OK fine\r\n"
    assert err("no", "AUTH") == b"-ERR [AUTH] no\r\n"
    sneaky = err("a\r\n+OK é" + "x" * 1000)
    assert sneaky.count(b"\n") == 1
    assert sneaky.isascii()
    assert len(sneaky) <= 512


def test_capabilities() -> None:
    outside = capabilities(State.AUTHORIZATION, starttls=True, private=False, mechanisms=("SCRAM",), version="1")
    assert {"STLS", "SASL SCRAM"} <= set(outside)
    assert not any(line.startswith("USER") for line in outside)
    inside = capabilities(State.TRANSACTION, starttls=True, private=True, mechanisms=("PLAIN", "LOGIN"), version="1")
    assert "STLS" not in inside
    assert {"USER", "SASL PLAIN LOGIN", "IMPLEMENTATION Correio 1"} <= set(inside)


def test_maildrop() -> None:
    maildrop = Maildrop(7, array("I", [3, 5, 9]), array("Q", [10, 20, 30]))
    assert (maildrop.count, maildrop.octets, list(maildrop)) == (3, 60, [0, 1, 2])
    assert maildrop.unique_id(1) == "7.5"
    maildrop.delete(maildrop.position("2"))
    assert (maildrop.count, maildrop.octets, list(maildrop), maildrop.deleted_uids) == (2, 40, [0, 2], [5])
    for word in ("0", "4", "2", "-1", "x", "1" * 30, "", "+1", "²"):
        with pytest.raises(Refusal):
            maildrop.position(word)
    assert maildrop.following(0, octets=100, most=10) == [3, 9]
    assert maildrop.following(0, octets=15, most=10) == [3]
    assert maildrop.following(2, octets=1, most=10) == [9]
    assert maildrop.following(0, octets=100, most=1) == [3]
    maildrop.undelete()
    assert (maildrop.count, maildrop.octets) == (3, 60)
