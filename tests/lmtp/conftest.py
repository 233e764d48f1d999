"""An LMTP listener of the test's own process."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from correio.mail.message_store import MessageStore
from protocols.lmtp import LmtpServer
from tests.smtp.listeners import Listener, listening


@pytest.fixture
async def lmtp(directory: MessageStore) -> AsyncIterator[Listener]:
    async with listening(LmtpServer, directory) as listener:
        yield listener
