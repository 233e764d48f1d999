"""The small values: sets, names, patterns, dates, responses."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.errors import (
    AuthenticationError,
    HasChildrenError,
    NotFoundError,
    QuotaExceededError,
    TooLargeError,
    UnavailableError,
)
from protocols.imap.core import responses
from protocols.imap.core.cursor import Cursor
from protocols.imap.core.date_time import format_date_time, parse_date_time
from protocols.imap.core.framer import Literal
from protocols.imap.core.mailbox_name import ListPattern, decode_path, decode_utf7, encode_name, encode_utf7
from protocols.imap.core.sequence_set import SequenceSet, compact, merge
from protocols.imap.core.syntax_error import CommandRefusedError


def numbers(text: bytes) -> SequenceSet:
    return SequenceSet.parse(Cursor([text]))


@pytest.mark.parametrize(
    ("text", "largest", "expected"),
    [
        (b"1:*", 5, [(1, 5)]),
        (b"*:1", 5, [(1, 5)]),
        (b"*", 5, [(5, 5)]),
        (b"*", 0, []),
        (b"1:*", 0, []),
        (b"7:*", 5, [(5, 7)]),
        (b"3,1,2", 5, [(1, 3)]),
        (b"5:3,4:9", 5, [(3, 9)]),
        (b"1:4294967295", 5, [(1, 4294967295)]),
        (b"1,3,5:6,6", 9, [(1, 1), (3, 3), (5, 6)]),
    ],
)
def test_sets_resolve(text: bytes, largest: int, expected: list[tuple[int, int]]) -> None:
    assert numbers(text).resolve(largest) == expected


@given(st.sets(st.integers(1, 300), max_size=80))
def test_compact_and_back(values: set[int]) -> None:
    text = compact(sorted(values))
    assert (numbers(text).resolve(0) if values else []) == merge((value, value) for value in values)
    assert {
        value for low, high in (numbers(text).resolve(0) if values else []) for value in range(low, high + 1)
    } == values


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), max_size=20))
def test_merge_keeps_every_number_once(pairs: list[tuple[int, int]]) -> None:
    ranges = [(min(pair), max(pair)) for pair in pairs]
    merged = merge(ranges)
    assert [n for low, high in merged for n in range(low, high + 1)] == sorted(
        {n for low, high in ranges for n in range(low, high + 1)}
    )


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("~peter/mail/\u53f0\u5317/\u65e5\u672c\u8a9e", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("A & B", "A &- B"),
        ("\U0001f4e7", "&2D3c5w-"),
    ],
)
def test_modified_utf7(text: str, wire: str) -> None:
    assert encode_utf7(text) == wire
    assert decode_utf7(wire) == text


@given(st.text(max_size=40).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)))
def test_modified_utf7_round_trip(text: str) -> None:
    wire = encode_utf7(text)
    assert wire.isascii()
    assert decode_utf7(wire) == text


@given(st.text(alphabet="&-,AaBz0/+=\u00fc", max_size=20))
def test_a_name_has_one_spelling(wire: str) -> None:
    try:
        text = decode_utf7(wire)
    except ValueError:
        return
    assert encode_utf7(text) == wire


def test_paths_are_nfc_and_inbox_is_inbox() -> None:
    decomposed = unicodedata.normalize("NFD", "\u00c9t\u00e9")
    assert decode_path(encode_utf7(decomposed).encode(), utf8=False) == "\u00c9t\u00e9"
    assert decode_path(b"inBOX/A", utf8=False) == "INBOX/A"


@pytest.mark.parametrize("name", [b"", b"/", b"a//b", b"/a", b"a/\x01", "a\u2028".encode()])
def test_bad_names_are_refused(name: bytes) -> None:
    with pytest.raises(CommandRefusedError):
        decode_path(name, utf8=True)


def test_names_are_atoms_or_quoted() -> None:
    assert encode_name("INBOX") == b"INBOX"
    assert encode_name("nil") == b'"nil"'
    assert encode_name('a "b" \\ c') == b'"a \\"b\\" \\\\ c"'
    assert encode_name("\u00fc") == b"&APw-"
    assert encode_name("\u00fc", utf8=True) == '"\u00fc"'.encode()


@given(st.text(alphabet="ab/*%", max_size=12), st.text(alphabet="ab/", max_size=12))
def test_patterns_match_as_a_regular_expression_does(pattern: str, path: str) -> None:
    expression = "".join(".*" if c == "*" else "[^/]*" if c == "%" else re.escape(c) for c in pattern)
    assert ListPattern(pattern).matches(path) is (re.fullmatch(expression, path) is not None)


def test_no_pattern_takes_long() -> None:
    assert not ListPattern("*a%" * 60 + "b").matches("a/" * 4000)
    with pytest.raises(CommandRefusedError):
        ListPattern("*a" * 1000)


def test_inbox_matches_in_any_case() -> None:
    assert ListPattern("inbox").matches("INBOX")
    assert ListPattern("inbox/%").matches("INBOX/a")
    assert not ListPattern("inboxes").matches("INBOX")


@given(st.integers(0, 4_000_000_000))
def test_dates_round_trip(seconds: int) -> None:
    assert parse_date_time(Cursor([format_date_time(seconds)])) == seconds


def test_zones_count() -> None:
    assert parse_date_time(Cursor([b'" 1-Jan-1970 01:30:00 +0130"'])) == 0
    assert parse_date_time(Cursor([b'"31-Dec-1969 16:00:00 -0800"'])) == 0


def test_literals_are_read_where_they_stand() -> None:
    cursor = Cursor([b"", Literal(b"a b"), b" ", Literal(b"", True), b""])
    assert cursor.astring() == b"a b"
    cursor.space()
    assert cursor.literal() == Literal(b"", True)
    assert cursor.at_end


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFoundError("x"), "NONEXISTENT"),
        (QuotaExceededError("x"), "OVERQUOTA"),
        (TooLargeError("x", 1), "TOOBIG"),
        (HasChildrenError("x"), "HASCHILDREN"),
        (UnavailableError("x"), "UNAVAILABLE"),
        (AuthenticationError("x"), "AUTHENTICATIONFAILED"),
    ],
)
def test_errors_become_no_with_a_code(error: Exception, code: str) -> None:
    completion = responses.failure(error)  # type: ignore[arg-type]
    assert completion.line(b"t") == b"t NO [" + code.encode() + b"] x\r\n"


def test_no_text_breaks_a_status_line() -> None:
    assert responses.status_line(b"t", "NO", "a\r\nt OK \u00fc") == b"t NO a??t OK ?\r\n"


def test_extended_search() -> None:
    line = responses.extended_search(b"a1", [2, 3, 7], (b"MIN", b"MAX", b"ALL", b"COUNT"), uid=True, modseq=9)
    assert line == b'* ESEARCH (TAG "a1") UID MIN 2 MAX 7 ALL 2:3,7 COUNT 3 MODSEQ 9\r\n'
    assert responses.extended_search(b"a1", [], (b"MIN", b"ALL", b"COUNT"), uid=False, modseq=9) == (
        b'* ESEARCH (TAG "a1") COUNT 0\r\n'
    )


def test_vanished_is_nothing_for_nothing() -> None:
    assert responses.vanished([]) == b""
    assert responses.vanished([1, 2, 3, 9], earlier=True) == b"* VANISHED (EARLIER) 1:3,9\r\n"
