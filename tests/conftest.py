"""What every test may ask for: one real server a worker, fresh people on it, and connections to every listener."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from correio.auth.scram import derive
from correio.config import Settings
from correio.mail.directory import add_domain, add_user
from correio.mail.message_store import MessageStore
from correio.store.embedded import EmbeddedServer
from tests.peers.served import Person, Served

DOMAIN = "correio.test"
PASSWORD = "correct horse battery"

NewPerson = Callable[[], Awaitable[Person]]


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of this worker."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
async def database_uri(data: Path) -> AsyncIterator[str]:
    """The embedded database of this worker, shared by its server and its tests."""
    async with EmbeddedServer(data) as uri:
        yield uri


@pytest.fixture(scope="session")
async def directory(data: Path, database_uri: str) -> AsyncIterator[MessageStore]:
    """A store of the test process itself, to make people with: what `correio user add` does, without a process each."""
    store = await MessageStore.open(Settings(data=data), database_uri)
    await add_domain(store, DOMAIN)
    yield store
    await store.close()


@pytest.fixture(scope="session")
async def server(data: Path, directory: MessageStore) -> AsyncIterator[Served]:
    """`correio serve` with every listener on."""
    served = Served(data)
    await served.start()
    yield served
    code = await served.stop()
    assert code == 0, f"correio serve ended with {code}"
    assert not served.tracebacks(), "\n".join(served.tracebacks())


@pytest.fixture(scope="session")
def new_person(directory: MessageStore) -> NewPerson:
    """Make an account with an address and a mailbox tree of its own."""
    # A real hash in PHC form, but a cheap one: hundreds of people sign in here.
    hashed = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    scram = derive(PASSWORD, directory.settings.scram_iterations).render()

    async def make() -> Person:
        address = f"p{secrets.token_hex(6)}@{DOMAIN}"
        account = await add_user(directory, address, hashed, scram=scram)
        return Person(account.id, address, PASSWORD)

    return make


@pytest.fixture
async def person(new_person: NewPerson) -> Person:
    """One fresh account."""
    return await new_person()
