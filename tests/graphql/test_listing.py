"""Lists by time of arrival against a plain model: order, pages both ways, changes between pages, filters."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correio.errors import InvalidInputError
from correio.mail.flags import FLAGGED, SEEN, FlagSet, flag_set
from correio.mail.mailbox_index import MailboxChanges, MailboxIndex, Row
from correio.mail.mailbox_tree import Mailbox
from correio.mail.received_order import received_rows
from schema.message.filter import CompiledFilter, MessageFilter
from schema.message.listing import Listing, Source
from schema.pagination import Key, Page, cursor_of, key_of, page_of
from schema.scalars import DateTime
from schema.thread.listing import ThreadListing

MAILBOXES = ("Baaaaaaaaaaaaaaaaaaaaaaaaa", "Bbbbbbbbbbbbbbbbbbbbbbbbbb", "Bcccccccccccccccccccccccc")
DATES = st.integers(-3, 6)
FLAGS = st.sampled_from([flag_set(), flag_set([SEEN]), flag_set([FLAGGED]), flag_set([SEEN, "$Work"])])
ROWS = st.lists(st.tuples(st.sampled_from(MAILBOXES), DATES, FLAGS, st.integers(0, 9)), max_size=30)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


class World:
    """Some mailboxes, and what is in them."""

    def __init__(self) -> None:
        self.modseq = 1
        self.indexes = {mailbox: MailboxIndex(mailbox, 1) for mailbox in MAILBOXES}
        self.next = dict.fromkeys(MAILBOXES, 1)
        self.rows: dict[Key, tuple[FlagSet, int]] = {}

    def add(self, mailbox: str, date: int, flags: FlagSet, size: int) -> Key:
        self.modseq += 1
        uid = self.next[mailbox]
        self.next[mailbox] += 1
        row = Row(uid, self.modseq, flags, date, size, date)
        self.indexes[mailbox].apply(MailboxChanges(self.modseq, added=(row,)))
        key = Key(date, mailbox, uid)
        self.rows[key] = (flags, size)
        return key

    def remove(self, key: Key) -> None:
        self.modseq += 1
        self.indexes[key.mailbox].apply(MailboxChanges(self.modseq, removed=(key.uid,)))
        del self.rows[key]

    async def listing(self, descending: bool) -> Listing:
        sources = [Source(await received_rows(index), None) for _, index in sorted(self.indexes.items())]
        return Listing(self.modseq, sources, descending)


def filled(rows: list[tuple[str, int, FlagSet, int]]) -> World:
    world = World()
    for row in rows:
        world.add(*row)
    return world


@given(ROWS, st.integers(1, 7), st.booleans(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_pages_one_after_another_are_the_list(
    rows: list[tuple[str, int, FlagSet, int]], size: int, descending: bool, backward: bool
) -> None:
    async def check() -> None:
        world = filled(rows)
        expected = sorted(world.rows, reverse=descending)
        walked: list[Key] = []
        at: Key | None = None
        while True:
            listing = await world.listing(descending)
            assert await listing.count() == len(expected)
            assert await listing.is_empty() is (not expected)
            keys = await listing.page(Page(size, backward, None if backward else at, at if backward else None))
            if not keys:
                break
            place = expected.index(keys[0])
            assert keys == expected[place : place + len(keys)]
            assert await listing.exists_before(keys[0]) is (place > 0)
            assert await listing.exists_after(keys[-1]) is (place + len(keys) < len(expected))
            assert await listing.exists_before(keys[0], including=True)
            assert await listing.exists_after(keys[-1], including=True)
            walked = keys + walked if backward else walked + keys
            at = keys[0] if backward else keys[-1]
        assert walked == expected

    run(check())


@given(
    ROWS, st.lists(st.one_of(ROWS, st.integers(0, 40)), max_size=12), st.integers(1, 5), st.booleans(), st.booleans()
)
@settings(max_examples=100, deadline=None)
def test_what_stays_is_seen_once_whatever_comes_and_goes(
    rows: list[tuple[str, int, FlagSet, int]],
    changes: list[list[tuple[str, int, FlagSet, int]] | int],
    size: int,
    descending: bool,
    backward: bool,
) -> None:
    async def check() -> None:
        world = filled(rows)
        stayed = set(world.rows)
        waiting = list(changes)
        walked: list[Key] = []
        at: Key | None = None
        while True:
            keys = await (await world.listing(descending)).page(
                Page(size, backward, None if backward else at, at if backward else None)
            )
            if not keys:
                break
            walked = keys + walked if backward else walked + keys
            at = keys[0] if backward else keys[-1]
            change = waiting.pop() if waiting else []
            if isinstance(change, list):
                for row in change[:3]:
                    world.add(*row)
            elif world.rows:
                gone = sorted(world.rows)[change % len(world.rows)]
                world.remove(gone)
                stayed.discard(gone)
        assert len(walked) == len(set(walked))
        assert stayed <= set(walked)
        assert walked == sorted(walked, reverse=descending)

    run(check())


@given(ROWS, DATES, st.sampled_from(MAILBOXES), st.integers(0, 40), st.booleans(), st.booleans(), st.integers(0, 40))
@settings(max_examples=100, deadline=None)
def test_any_key_is_a_place_in_any_list(
    rows: list[tuple[str, int, FlagSet, int]],
    date: int,
    mailbox: str,
    uid: int,
    descending: bool,
    backward: bool,
    size: int,
) -> None:
    """Also one whose message is gone, or that came from another list."""

    async def check() -> None:
        world = filled(rows)
        at = Key(date, mailbox, uid)
        expected = sorted(world.rows, reverse=descending)
        listing = await world.listing(descending)
        before = [key for key in expected if (key > at) == descending and key != at]
        after = [key for key in expected if (key < at) == descending and key != at]
        assert await listing.page(Page(size, backward, after=at)) == (
            after[max(0, len(after) - size) :] if backward else after[:size]
        )
        assert await listing.page(Page(size, backward, before=at)) == (
            before[max(0, len(before) - size) :] if backward else before[:size]
        )
        assert await listing.exists_before(at) is bool(before)
        assert await listing.exists_after(at) is bool(after)
        thread = ThreadListing(1, world.rows)
        rising = sorted(world.rows)
        assert await thread.count() == len(rising)
        assert await thread.page(Page(100, backward, after=at)) == [key for key in rising if key > at]
        assert await thread.page(Page(100, backward, before=at)) == [key for key in rising if key < at]
        assert await thread.exists_before(at) is any(key < at for key in rising)
        assert await thread.exists_after(at, including=True) is any(key >= at for key in rising)

    run(check())


def filters() -> st.SearchStrategy[MessageFilter]:
    leaf = st.builds(
        MessageFilter,
        in_mailbox=st.none() | st.sampled_from(MAILBOXES),
        not_in_mailboxes=st.none() | st.lists(st.sampled_from(MAILBOXES), max_size=2),
        has_keyword=st.none() | st.sampled_from(["$seen", "$SEEN", "$work", "$flagged", "absent"]),
        not_keyword=st.none() | st.sampled_from(["$seen", "$work"]),
        after=st.none() | DATES.map(DateTime),
        before=st.none() | DATES.map(DateTime),
        min_size=st.none() | st.integers(0, 9),
        max_size=st.none() | st.integers(0, 9),
    )
    lists = lambda inner: st.none() | st.lists(inner, max_size=2)  # noqa: E731
    return st.recursive(
        leaf,
        lambda inner: st.builds(MessageFilter, all=lists(inner), any=lists(inner), none=lists(inner)),
        max_leaves=5,
    )


def passes(one: MessageFilter, key: Key, flags: FlagSet, size: int) -> bool:
    """What the fields of a filter mean, said again."""
    names = {{"\\seen": "$seen", "\\flagged": "$flagged"}.get(name.lower(), name.lower()) for name in flags.names}
    return (
        (one.in_mailbox is None or one.in_mailbox == key.mailbox)
        and key.mailbox not in (one.not_in_mailboxes or [])
        and (one.has_keyword is None or one.has_keyword.lower() in names)
        and (one.not_keyword is None or one.not_keyword.lower() not in names)
        and (one.after is None or key.date >= one.after)
        and (one.before is None or key.date < one.before)
        and (one.min_size is None or size >= one.min_size)
        and (one.max_size is None or size < one.max_size)
        and all(passes(each, key, flags, size) for each in one.all or [])
        and (one.any is None or any(passes(each, key, flags, size) for each in one.any))
        and not any(passes(each, key, flags, size) for each in one.none or [])
    )


def mailbox(mailbox_id: str) -> Mailbox:
    return Mailbox(id=mailbox_id, account="A", parent=None, name="m", uidvalidity=1, modseq=1, created=1, path="m")


@given(ROWS, filters())
@settings(max_examples=150, deadline=None)
def test_a_filter_means_what_it_says(rows: list[tuple[str, int, FlagSet, int]], wanted: MessageFilter) -> None:
    async def check() -> None:
        world = filled(rows)
        compiled = CompiledFilter(wanted)
        expected = [key for key in sorted(world.rows) if passes(wanted, key, *world.rows[key])]
        sources: list[Source] = []
        for mailbox_id, index in sorted(world.indexes.items()):
            if compiled.covers(mailbox(mailbox_id)):
                received = await received_rows(index)
                sources.append(Source(received, compiled.test(mailbox(mailbox_id), received)))
        listing = Listing(1, sources, descending=False)
        assert await listing.page(Page(100, backward=False)) == expected
        assert await listing.page(Page(100, backward=True)) == expected
        assert await listing.count() == len(expected)

    run(check())


def test_an_unordered_mailbox_keeps_its_order_as_it_grows() -> None:
    """The order is brought forward row by row, and in one piece after many rows or after rows went."""

    async def check() -> None:
        world = World()
        for step in range(1300):
            world.add(MAILBOXES[0], (step * 7919) % 1000, flag_set(), 1)
            if step % 97 == 0:
                await received_rows(world.indexes[MAILBOXES[0]])
        rows = await received_rows(world.indexes[MAILBOXES[0]])
        expected = [(key.date, key.uid) for key in sorted(world.rows)]
        assert [rows.key(position) for position in rows.positions] == expected
        for key in sorted(world.rows)[::3]:
            world.remove(key)
        rows = await received_rows(world.indexes[MAILBOXES[0]])
        assert [rows.key(position) for position in rows.positions] == [
            (key.date, key.uid) for key in sorted(world.rows)
        ]

    run(check())


@given(st.integers(-(2**40), 2**40), st.sampled_from(MAILBOXES), st.integers(0, 2**32 - 1))
def test_cursors_come_back(date: int, mailbox_id: str, uid: int) -> None:
    key = Key(date, mailbox_id, uid)
    assert key_of(cursor_of(key), "after") == key


@given(st.text(max_size=200) | st.binary(max_size=60).map(lambda octets: octets.hex()))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with contextlib.suppress(InvalidInputError):
        assert isinstance(key_of(text, "before"), Key)


@pytest.mark.parametrize(
    ("first", "last", "field"), [(1, 1, "last"), (-1, None, "first"), (None, -1, "last"), (201, None, "first")]
)
def test_a_page_has_bounds(first: int | None, last: int | None, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        page_of(first, None, last, None, 200)
    assert caught.value.field == field
