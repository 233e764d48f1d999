"""The change feed: what it tells, and how seldom it asks while much happens."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from correio.config import Settings
from correio.mail.account import Account
from correio.mail.append import NewMessage, append_messages
from correio.mail.deliver import inbox_of
from correio.mail.flags import NO_FLAGS
from correio.store.database import Database
from correio.store.feed import ChangeFeed
from tests.mail.conftest import message
from tests.peers.waiting import until


class Listener:
    def __init__(self, database: Database, pause: float) -> None:
        self.heard: list[tuple[str, int | None]] = []
        self.feed = ChangeFeed(database, lambda account, modseq: self.heard.append((account, modseq)), self.lost, pause)

    def lost(self) -> None:
        self.heard.clear()

    def of(self, account: Account) -> list[int | None]:
        return [modseq for name, modseq in self.heard if name == account.id]


@pytest.fixture
async def database(database_uri: str) -> AsyncIterator[Database]:
    opened = Database(database_uri, Settings().database)
    yield opened
    await opened.close()


async def add_one(account: Account, number: int) -> None:
    await append_messages(account, inbox_of(account), [NewMessage(message(number), NO_FLAGS, 0)])


async def test_every_change_is_told_with_its_modseq(account: Account, database: Database) -> None:
    listener = Listener(database, pause=0.0)
    await listener.feed.start()
    for number in range(5):
        await add_one(account, number)
    await until(lambda: len(listener.of(account)) == 5)
    assert listener.of(account) == list(range(account.modseq - 4, account.modseq + 1))
    await listener.feed.stop()


async def test_after_a_change_it_does_not_read_before_the_pause_is_over(account: Account, database: Database) -> None:
    listener = Listener(database, pause=3600.0)
    await listener.feed.start()
    await add_one(account, 0)
    await until(lambda: len(listener.of(account)) == 1)
    reads = database.changes.reads
    for number in range(1, 6):
        await add_one(account, number)
    assert database.changes.reads == reads
    assert len(listener.of(account)) == 1
    await listener.feed.stop()
