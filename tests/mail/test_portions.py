"""Changes of very many messages: a bounded number of round trips, in portions, and the counts right at the end."""

from __future__ import annotations

import asyncio

import pytest

from correio.errors import QuotaExceededError
from correio.mail import portions as portions_module
from correio.mail.account import Account
from correio.mail.append import NewMessage, append_messages
from correio.mail.copy import copy_messages
from correio.mail.expunge import expunge_messages
from correio.mail.flags import DELETED, FLAGGED, SEEN, flag_set
from correio.mail.move import move_messages
from correio.mail.portions import portions
from correio.mail.store_flags import FlagChange, store_flags
from correio.store.accounts import update_account
from tests.mail.conftest import message
from tests.mail.test_operations import box, consistent, fill

COUNT = 250
BACKGROUND = 8
"""Round trips of the change feed and of what is kept for SEARCH, which come when they come."""


class Trips:
    """What the database was asked since."""

    def __init__(self, account: Account) -> None:
        self._counter = account.store.database.round_trips
        self._count = self._counter.count
        self._commits = self._commits_so_far()

    def _commits_so_far(self) -> int:
        return self._counter.by_name.get("commitTransaction", 0)

    def made(self, *, transactions: int, each: int, before: int = 0) -> bool:
        """Whether there were so many transactions, of so many round trips, after some readings."""
        commits = self._commits_so_far() - self._commits
        least = transactions * each + before
        return commits == transactions and least <= self._counter.count - self._count <= least + BACKGROUND


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Portions of a hundred: three for what the tests here have."""
    monkeypatch.setattr(portions_module, "PORTION", 100)


def test_every_uid_is_in_one_portion(small):
    uids = list(range(1, 251))
    cut = list(portions(uids))
    assert [len(one) for one in cut] == [100, 100, 50]
    assert [uid for one in cut for uid in one] == uids
    assert list(portions([])) == [[]]


async def test_round_trips_do_not_grow_with_the_messages_of_a_portion(account, small):
    inbox, archive, trash = (box(account, path) for path in ("INBOX", "Archive", "Trash"))
    uids = await fill(account, COUNT)
    trips = Trips(account)
    result = await store_flags(account, inbox, uids, FlagChange("add", flag_set({SEEN})))
    assert [row.uid for row in result.updated] == uids
    assert trips.made(transactions=3, each=4), "account, mailbox, messages, commit"

    trips = Trips(account)
    copied = await copy_messages(account, inbox, uids, archive)
    assert [old for old, _ in copied.pairs] == uids
    assert trips.made(transactions=3, each=5), "and reading the sources"

    trips = Trips(account)
    moved = await move_messages(account, inbox, uids, trash)
    assert [old for old, _ in moved.pairs] == uids
    assert [new for _, new in moved.pairs] == list(range(1, COUNT + 1))
    assert trips.made(transactions=3, each=5), "and the tombstones"

    await store_flags(account, trash, range(1, COUNT + 1), FlagChange("add", flag_set({DELETED})))
    trips = Trips(account)
    assert await expunge_messages(account, trash) == list(range(1, COUNT + 1))
    assert trips.made(transactions=3, each=4)
    trips = Trips(account)
    assert (
        len(await expunge_messages(account, archive, only_deleted=False, uids=range(1, 1000), all_or_none=True))
        == COUNT
    )
    assert trips.made(transactions=1, each=4)
    await consistent(account)


async def test_another_change_of_the_account_comes_between_two_portions(account, small):
    inbox = box(account, "INBOX")
    uids = await fill(account, COUNT)
    marking = asyncio.create_task(store_flags(account, inbox, uids, FlagChange("add", flag_set({FLAGGED}))))
    await asyncio.sleep(0)
    (arrived,) = await append_messages(account, inbox, [NewMessage(message(999))])
    result = await marking
    assert arrived.modseq < result.updated[-1].modseq
    assert len(result.updated) == COUNT
    await consistent(account)


async def test_what_changed_meanwhile_is_found_in_a_later_portion(account, small):
    inbox = box(account, "INBOX")
    uids = await fill(account, COUNT)
    before = account.modseq
    marking = asyncio.create_task(
        store_flags(account, inbox, uids, FlagChange("add", flag_set({FLAGGED})), unchanged_since=before)
    )
    await asyncio.sleep(0)
    await store_flags(account, inbox, [uids[-1]], FlagChange("add", flag_set({SEEN})))
    result = await marking
    assert result.modified == [uids[-1]]
    assert len(result.updated) == COUNT - 1


async def test_copies_made_before_a_failure_are_taken_back(account, small):
    inbox, archive = box(account, "INBOX"), box(account, "Archive")
    uids = await fill(account, COUNT)
    await update_account(account.store.database, account.id, quota=account.used + account.used // 2)
    await account.refresh()
    with pytest.raises(QuotaExceededError):
        await copy_messages(account, inbox, uids, archive)
    assert account.mailbox(archive).exists == 0
    assert account.messages == COUNT
    await consistent(account)
