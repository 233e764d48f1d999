"""Accounts and stores for tests of the mail core itself, on the real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from correio.config import Settings
from correio.mail.account import Account
from correio.mail.message_store import MessageStore
from tests.peers.served import Person


@pytest.fixture
async def account(directory: MessageStore, person: Person) -> Account:
    return await directory.account(person.id)


@pytest.fixture
async def other_process(data: Path, database_uri: str) -> AsyncIterator[MessageStore]:
    """A second store on the same database: what another process is."""
    store = await MessageStore.open(Settings(data=data), database_uri)
    yield store
    await store.close()


def message(number: int = 0, body: str = "Hello.", extra: str = "") -> bytes:
    return (
        f"From: Ana <ana@sender.example>\r\nTo: <u@correio.test>\r\nSubject: message {number}\r\n"
        f"Message-ID: <{number}@sender.example>\r\n{extra}\r\n{body}\r\n"
    ).encode()
