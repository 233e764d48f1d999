"""Mail listeners of the test's own process, and people with rules."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from correio.mail.message_store import MessageStore
from protocols.lmtp import LmtpServer
from protocols.smtp.server import SmtpServer
from tests.conftest import NewPerson
from tests.sieve.ruled import Ruled
from tests.smtp.listeners import Listener, listening


@pytest.fixture
async def lmtp(directory: MessageStore) -> AsyncIterator[Listener]:
    async with listening(LmtpServer, directory) as listener:
        yield listener


@pytest.fixture
async def smtp(directory: MessageStore) -> AsyncIterator[Listener]:
    async with listening(SmtpServer, directory) as listener:
        yield listener


@pytest.fixture
async def ruled(directory: MessageStore, lmtp: Listener, new_person: NewPerson) -> Ruled:
    """A fresh account, to be given rules and mail."""
    return Ruled(directory, lmtp, await new_person())
