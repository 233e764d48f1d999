"""Two servers on the same data, and people who sign in by token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from correio.auth.authenticator import Authenticator
from correio.mail.message_store import MessageStore
from tests.conftest import NewPerson
from tests.peers.served import Person, Served


@pytest.fixture(scope="session")
async def second_server(data: Path, server: Served) -> AsyncIterator[Served]:
    """Another process on the same data."""
    served = Served(data, "second")
    await served.start()
    yield served
    code = await served.stop()
    assert code == 0, f"correio serve ended with {code}"
    assert not served.tracebacks(), "\n".join(served.tracebacks())


@pytest.fixture(scope="session")
async def loop(server: Served) -> asyncio.AbstractEventLoop:
    """The loop of the fixtures, for tests that Hypothesis calls again and again."""
    return asyncio.get_running_loop()


@pytest.fixture(scope="session")
async def new_bearer(directory: MessageStore, new_person: NewPerson) -> AsyncIterator[NewPerson]:
    """Make a person whose password is a bearer token."""
    authenticator = Authenticator(directory)

    async def make() -> Person:
        person = await new_person()
        issued = await authenticator.issue_token(await directory.account(person.id))
        return Person(person.id, person.address, issued.token)

    yield make
    authenticator.close()
