"""Listeners of the test's own process."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

import pytest

from correio.mail.message_store import MessageStore
from protocols.smtp.server import SmtpServer, SubmissionServer
from tests.smtp.listeners import Listener, certificate, listening


@pytest.fixture(scope="session")
def server_tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def smtp(directory: MessageStore, server_tls: ssl.SSLContext) -> AsyncIterator[Listener]:
    async with listening(SmtpServer, directory, server_tls) as listener:
        yield listener


@pytest.fixture
async def submission(directory: MessageStore, server_tls: ssl.SSLContext) -> AsyncIterator[Listener]:
    async with listening(SubmissionServer, directory, server_tls) as listener:
        yield listener
