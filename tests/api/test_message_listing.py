"""Which messages are on a page, over the index alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from api.rest.message_listing import FlagFilter, list_page
from api.rest.pagination import Order
from correio.mail.flags import flag_set
from correio.mail.mailbox_index import MailboxChanges, MailboxIndex, Row

ALL = FlagFilter()


def index_of(uids: list[int], seen: frozenset[int] = frozenset()) -> MailboxIndex:
    rows = [Row(uid, 1, flag_set({"\\Seen"} if uid in seen else ()), 0, 1, 0) for uid in uids]
    return MailboxIndex("B", 1, rows)


@given(st.sets(st.integers(1, 500)), st.integers(1, 20), st.sampled_from(["asc", "desc"]), st.booleans())
async def test_following_the_pages_gives_each_message_once(
    uids: set[int], limit: int, order: Order, filtered: bool
) -> None:
    seen = frozenset(uid for uid in uids if uid % 3 == 0)
    index = index_of(sorted(uids), seen)
    wanted = FlagFilter(forbidden=frozenset({"\\seen"})) if filtered else ALL
    expected = sorted((uids - seen if filtered else uids), reverse=order == "desc")
    found: list[int] = []
    after = None
    while True:
        page = await list_page(index, order, after, limit, wanted)
        assert len(page.uids) <= limit
        found += page.uids
        if not page.more:
            break
        assert len(page.uids) == limit
        after = page.uids[-1]
    assert found == expected


async def test_messages_that_come_and_go_between_pages_hide_no_other() -> None:
    index = index_of(list(range(1, 11)))
    first = await list_page(index, "desc", None, 4, ALL)
    assert first.uids == [10, 9, 8, 7]
    index.apply(MailboxChanges(2, added=(Row(11, 2, flag_set(), 0, 1, 0),), removed=(9, 7, 6)))
    second = await list_page(index, "desc", first.uids[-1], 4, ALL)
    assert second.uids == [5, 4, 3, 2]


async def test_keywords_match_in_any_case() -> None:
    index = MailboxIndex("B", 1, [Row(1, 1, flag_set({"Work"}), 0, 1, 0), Row(2, 1, flag_set(), 0, 1, 0)])
    assert (await list_page(index, "asc", None, 9, FlagFilter(required=frozenset({"work"})))).uids == [1]
    assert (await list_page(index, "asc", None, 9, FlagFilter(forbidden=frozenset({"work"})))).uids == [2]
