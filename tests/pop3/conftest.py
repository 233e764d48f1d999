"""A POP3 listener of the test's own process."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

import pytest

from correio.mail.message_store import MessageStore
from protocols.pop3.server import Pop3Server
from tests.smtp.listeners import Listener, certificate, listening


@pytest.fixture(scope="session")
def server_tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def pop3(directory: MessageStore, server_tls: ssl.SSLContext) -> AsyncIterator[Listener]:
    async with listening(Pop3Server, directory, server_tls) as listener:
        yield listener
