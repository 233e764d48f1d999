"""The HTTP listener in this process, on a real store over the embedded database, and people signed in to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.server import HttpServer
from correio.auth.authenticator import Authenticator
from correio.config import Endpoint, Limits, Settings
from correio.mail.message_store import MessageStore
from tests.api.contract_client import ContractClient
from tests.conftest import NewPerson
from tests.peers.served import Person

LIMITS = Limits(message_size=1024 * 1024, request_body=1536 * 1024)


@dataclass
class Service:
    """One listener and what is behind it."""

    url: str
    endpoint: Endpoint
    store: MessageStore
    authenticator: Authenticator
    settings: Settings


@pytest.fixture(scope="session")
async def service(data: Path, database_uri: str, directory: MessageStore) -> AsyncIterator[Service]:
    """A listener with small limits."""
    settings = Settings(data=data, limits=LIMITS)
    store = await MessageStore.open(settings, database_uri)
    authenticator = Authenticator(store)
    server = HttpServer(store, authenticator, settings)
    endpoint = await server.listen(Endpoint("127.0.0.1", 0))
    yield Service(f"http://{endpoint}", endpoint, store, authenticator, settings)
    await server.close(5)
    authenticator.close()
    await store.close()


SignIn = Callable[[Person], Awaitable[ContractClient]]


@pytest.fixture
async def sign_in(service: Service) -> AsyncIterator[SignIn]:
    """Give a person a client with a token."""
    clients: list[ContractClient] = []

    async def sign_in(person: Person) -> ContractClient:
        account = await service.store.account(person.id)
        token = await service.authenticator.issue_token(account, "test")
        client = ContractClient(service.url, token.token)
        clients.append(client)
        return client

    yield sign_in
    for client in clients:
        await client.http.aclose()


@pytest.fixture
async def anyone(service: Service) -> AsyncIterator[ContractClient]:
    """A client without a token."""
    client = ContractClient(service.url)
    yield client
    await client.http.aclose()


@pytest.fixture
async def client(person: Person, sign_in: SignIn) -> ContractClient:
    """A fresh person's client."""
    return await sign_in(person)


@pytest.fixture
async def stranger(new_person: NewPerson, sign_in: SignIn) -> ContractClient:
    """Another fresh person's client."""
    return await sign_in(await new_person())
