"""The HTTP listener in this process, on a real store over the embedded database, and people with mail on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.server import HttpServer
from correio.auth.authenticator import Authenticator
from correio.config import Endpoint, Settings
from correio.mail.account import Account
from correio.mail.message_store import MessageStore
from tests.conftest import NewPerson
from tests.graphql.client import GraphQLClient
from tests.peers.served import Person


@dataclass
class Service:
    """One listener and what is behind it."""

    url: str
    store: MessageStore
    authenticator: Authenticator


@dataclass
class User:
    """Somebody with a client and the account behind it, in this process."""

    client: GraphQLClient
    account: Account

    @property
    def inbox(self) -> str:
        mailbox = self.account.mailboxes.by_path("INBOX")
        assert mailbox is not None
        return mailbox.id


@pytest.fixture(scope="session")
async def service(data: Path, database_uri: str, directory: MessageStore) -> AsyncIterator[Service]:
    """A listener with the limits everybody has."""
    settings = Settings(data=data)
    store = await MessageStore.open(settings, database_uri)
    authenticator = Authenticator(store)
    server = HttpServer(store, authenticator, settings)
    endpoint = await server.listen(Endpoint("127.0.0.1", 0))
    yield Service(f"http://{endpoint}", store, authenticator)
    await server.close(5)
    authenticator.close()
    await store.close()


NewUser = Callable[[], Awaitable[User]]


@pytest.fixture
async def new_user(service: Service, new_person: NewPerson) -> AsyncIterator[NewUser]:
    """Make people who are signed in."""
    clients: list[GraphQLClient] = []

    async def make() -> User:
        person: Person = await new_person()
        account = await service.store.account(person.id)
        token = await service.authenticator.issue_token(account, "test")
        client = GraphQLClient(service.url, token.token)
        clients.append(client)
        return User(client, account)

    yield make
    for client in clients:
        await client.http.aclose()


@pytest.fixture
async def user(new_user: NewUser) -> User:
    """One person, signed in, without mail."""
    return await new_user()


@pytest.fixture
async def client(user: User) -> GraphQLClient:
    """The client of one person."""
    return user.client
