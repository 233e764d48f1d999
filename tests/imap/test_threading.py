"""Threads and orders (RFC 5256), as pure functions of what messages say."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.imap.core.sorting import Criterion, Sortable, SortKey, sort_messages
from protocols.imap.core.threading import Thread, Threadable, ordered_subject, references, write_threads


def written(threads: list[Thread], *messages: Threadable) -> bytes:
    return write_threads(threads, {message.uid: message.uid for message in messages})


def one(
    uid: int, *refs: str, subject: str = "", sent: int | None = None, reply: bool = False, identity: str | None = ""
) -> Threadable:
    """A message whose id is its number unless another is given."""
    return Threadable(
        uid, uid if sent is None else sent, subject, reply, str(uid) if identity == "" else identity, refs
    )


def by_references(*messages: Threadable) -> bytes:
    return written(references(messages), *messages)


def by_subject(*messages: Threadable) -> bytes:
    return written(ordered_subject(messages), *messages)


def test_the_example_of_the_rfc() -> None:
    """Section 4: "3 and 6 are messages of one thread; below 6 stand 4 with 23, and 44 with 7 and 96"."""
    messages = [
        one(2),
        one(3),
        one(6, "3"),
        one(4, "3", "6", sent=10),
        one(23, "3", "6", "4", sent=11),
        one(44, "3", "6", sent=12),
        one(7, "3", "6", "44", sent=13),
        one(96, "3", "6", "44", "7", sent=14),
    ]
    assert by_references(*messages) == b"(2)(3 6 (4 23)(44 7 96))"


def test_siblings_without_their_parent_stand_below_a_dummy() -> None:
    assert by_references(one(3, "gone"), one(5, "gone")) == b"((3)(5))"
    assert by_references(one(3, "gone")) == b"(3)"
    # An only child of the lost one rises, and takes what is below along.
    assert by_references(one(3, "gone"), one(5, "gone", "3")) == b"(3 5)"


def test_dummies_between_messages_go() -> None:
    assert by_references(one(1), one(2, "1", "lost"), one(3, "1", "lost")) == b"(1 (2)(3))"
    assert by_references(one(1), one(2, "1", "lost", "lost too")) == b"(1 2)"
    assert by_references(one(2, "a", "b"), one(3, "a", "c")) == b"((2)(3))"


def test_in_whatever_order_messages_come() -> None:
    assert by_references(one(1, "2", "3"), one(2), one(3, "2")) == b"(2 3 1)"


def test_a_link_that_others_told_gives_way_to_the_messages_own() -> None:
    # 3 says 2 answers 1; 2 itself says it answers 4.
    assert by_references(one(1), one(2, "4"), one(3, "1", "2"), one(4)) == b"(1)(4 2 3)"
    # A message without references has no parent, whatever was said of it before.
    assert by_references(one(1), one(2, "1", "3"), one(3)) == b"(1)(3 2)"
    assert by_references(one(1), one(2), one(3, "1", "2")) == b"(1 2 3)"


def test_loops_are_not_closed() -> None:
    assert by_references(one(1, "1")) == b"(1)"
    assert by_references(one(1, "2"), one(2, "1")) == b"(2 1)"
    assert by_references(one(1, "3", "2"), one(2, "1", "3"), one(3, "2", "1")) == b"(3 2 1)"
    assert by_references(one(5, "a", "b", "a", "b")) == b"(5)"


def test_duplicated_and_missing_ids() -> None:
    assert by_references(one(1, identity="x"), one(2, identity="x"), one(3, "x")) == b"(1 3)(2)"
    assert by_references(one(1, identity=None), one(2, identity=None), one(3, "x", identity=None)) == b"(1)(2)(3)"


def test_threads_of_one_subject_are_joined() -> None:
    # A reply goes below the message it answers (5.C).
    assert by_references(one(1, subject="A"), one(2, subject="A", reply=True)) == b"(1 2)"
    assert by_references(one(1, subject="A", reply=True), one(2, subject="A")) == b"(2 1)"
    # Of the same kind they become siblings below a dummy.
    assert by_references(one(1, subject="A"), one(2, subject="A")) == b"((1)(2))"
    assert by_references(one(1, subject="A"), one(2, subject="A"), one(3, subject="A")) == b"((1)(2)(3))"
    assert by_references(one(1, subject="A", reply=True), one(2, subject="A", reply=True)) == b"((1)(2))"
    # Into a dummy that there is already.
    assert by_references(one(1, "x", subject="A"), one(2, "x", subject="A"), one(3, subject="A")) == b"((1)(2)(3))"
    assert (
        by_references(one(1, "x", subject="A"), one(2, "x"), one(3, "y", subject="A"), one(4, "y")) == b"((1)(2)(3)(4))"
    )
    # A message that starts over takes the place of replies, and an empty subject is none.
    assert (
        by_references(one(1, subject="A", reply=True), one(2, subject="A"), one(3, subject="A", reply=True))
        == b"(2 (1)(3))"
    )
    assert by_references(one(1), one(2)) == b"(1)(2)"


def test_dates_order_siblings_and_threads() -> None:
    assert by_references(one(1, sent=9), one(2, sent=5)) == b"(2)(1)"
    assert by_references(one(1), one(2, "1", sent=9), one(3, "1", sent=5)) == b"(1 (3)(2))"
    # The same date: by number. A dummy stands where its first child does.
    assert by_references(one(3, sent=5), one(1, "x", sent=8), one(2, "x", sent=5), one(4, sent=5)) == b"((2)(1))(3)(4)"


def test_ordered_subject() -> None:
    """Section 3: the first of a subject, all others below it, the threads by the date of their first."""
    assert (
        by_subject(one(1, subject="A"), one(2, subject="B"), one(3, subject="A"), one(4, subject="A"))
        == b"(1 (3)(4))(2)"
    )
    assert (
        by_subject(one(1, subject="A", sent=9), one(2, subject="B", sent=5), one(3, subject="A", sent=7)) == b"(2)(3 1)"
    )
    assert by_subject(one(2, subject="A", sent=1), one(1, subject="A", sent=1)) == b"(1 2)"
    assert by_subject() == b""


def test_depth_has_no_bound() -> None:
    chain = [one(uid, *([str(uid - 1)] if uid > 1 else [])) for uid in range(1, 5_001)]
    assert by_references(*chain) == b"(" + b" ".join(b"%d" % uid for uid in range(1, 5_001)) + b")"
    backwards = [one(uid, *([str(uid + 1)] if uid < 5_000 else [])) for uid in range(1, 5_001)]
    assert by_references(*backwards).startswith(b"(5000 4999 ")
    bushy = [one(1), *(one(uid, str(uid - 1 - uid % 2)) for uid in range(2, 5_001))]
    assert by_references(*bushy).count(b"(") == by_references(*bushy).count(b")")


IDS = st.sampled_from([None, "a", "b", "c", "d", "e", "f"])
MESSAGES = st.lists(
    st.tuples(
        IDS,
        st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f", "x", "y"]), max_size=6),
        st.sampled_from(["", "A", "B"]),
        st.booleans(),
        st.integers(0, 5),
    ),
    max_size=14,
).map(
    lambda rows: [
        Threadable(uid, sent, subject, reply, identity, refs)
        for uid, (identity, refs, subject, reply, sent) in enumerate(rows, 1)
    ]
)


@given(MESSAGES)
def test_no_message_is_lost_or_told_twice(messages: list[Threadable]) -> None:
    for threads in (references(messages), ordered_subject(messages)):
        text = written(threads, *messages)
        assert sorted(map(int, re.findall(rb"\d+", text))) == [message.uid for message in messages]
        depth = 0
        for octet in text:
            depth += (octet == 0x28) - (octet == 0x29)
            assert depth >= 0
        assert depth == 0
        assert b"()" not in text
        assert not re.search(rb"[( ] | [)]", text)


@given(MESSAGES)
def test_siblings_stand_by_date(messages: list[Threadable]) -> None:
    waiting = [references(messages)]
    while waiting:
        siblings = waiting.pop()
        order = [(thread.first.sent, thread.first.uid) for thread in siblings]
        assert order == sorted(order)
        # A dummy holds together at least two, and stands at the top alone.
        for thread in siblings:
            assert thread.message is not None or len(thread.children) > 1
            assert all(child.message is not None for child in thread.children)
            waiting.append(thread.children)


def keys(*names: str) -> list[Criterion]:
    return [Criterion(SortKey(name.removeprefix("-")), name.startswith("-")) for name in names]


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        (["SUBJECT"], [3, 1, 2]),
        (["-SUBJECT"], [1, 2, 3]),
        (["SUBJECT", "-ARRIVAL"], [3, 2, 1]),
        (["-DATE"], [1, 3, 2]),
        (["SIZE"], [1, 2, 3]),
        (["-SIZE"], [1, 2, 3]),
        (["FROM", "SIZE", "-ARRIVAL"], [3, 2, 1]),
        (["DISPLAYTO"], [2, 1, 3]),
    ],
)
def test_sort(criteria: list[str], expected: list[int]) -> None:
    """Ties stand by number, under REVERSE as well (section 3)."""
    messages = [
        Sortable(3, 30, 20, 7, "A", "M", display_to="Z"),
        Sortable(1, 10, 30, 7, "B", "M", display_to="Y"),
        Sortable(2, 20, 10, 7, "B", "M", display_to="X"),
    ]
    assert sort_messages(messages, keys(*criteria)) == expected


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=20), st.booleans(), st.booleans())
def test_sort_equals_a_plain_comparison(rows: list[tuple[int, int]], first: bool, second: bool) -> None:
    messages = [Sortable(uid, arrival, 0, size) for uid, (arrival, size) in enumerate(rows, 1)]
    found = sort_messages(messages, [Criterion(SortKey.ARRIVAL, first), Criterion(SortKey.SIZE, second)])
    plain = sorted(
        messages,
        key=lambda m: (-m.arrival if first else m.arrival, -m.size if second else m.size, m.uid),
    )
    assert found == [m.uid for m in plain]
