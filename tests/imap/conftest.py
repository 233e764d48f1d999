"""An IMAP server in the test's own process, so that its limits can be small and its insides be looked at."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from correio.auth.authenticator import Authenticator
from correio.config import Endpoint, Limits, Settings
from correio.mail.message_store import MessageStore
from protocols.imap.server import ImapServer
from tests.imap.wire import Wire
from tests.peers.imap import ImapClient
from tests.peers.served import Person
from tests.wire.certificate import client_context, server_context


@dataclass
class Imap:
    """A running server."""

    server: ImapServer
    plain: Endpoint
    tls: Endpoint

    async def client(self, person: Person | None = None, select: bytes = b"") -> ImapClient:
        """A strict client, signed in and with a mailbox selected where they are given."""
        client = await ImapClient.connect((self.plain.host, self.plain.port))
        if person is not None:
            await client.signed_in(person.address, person.password)
        if select:
            await client.ok(b"SELECT " + select)
        return client

    async def wire(self, *, tls: bool = False) -> Wire:
        """A raw connection, after the greeting."""
        where = self.tls if tls else self.plain
        return await Wire.connect(where.host, where.port, client_context() if tls else None)


Serve = Callable[[Limits], AbstractAsyncContextManager[Imap]]


@pytest.fixture
def serve(directory: MessageStore, tmp_path: Path) -> Serve:
    """Start a server with limits of its own."""

    @contextlib.asynccontextmanager
    async def start(limits: Limits) -> AsyncIterator[Imap]:
        settings = Settings(data=tmp_path, hostname="mx.correio.test", limits=limits)
        authenticator = Authenticator(directory)
        server = ImapServer(directory, authenticator, settings, server_context(tmp_path))
        anywhere = Endpoint("127.0.0.1", 0)
        plain = await server.listen(anywhere, implicit_tls=False)
        tls = await server.listen(anywhere, implicit_tls=True)
        try:
            yield Imap(server, plain, tls)
        finally:
            await server.close(1.0)
            authenticator.close()

    return start


@pytest.fixture
async def imap(serve: Serve) -> AsyncIterator[Imap]:
    """A server with the default limits."""
    async with serve(Limits()) as running:
        yield running
