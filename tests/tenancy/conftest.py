"""The victim, who lives as long as the tests, and those who ask for what is the victim's."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conftest import NewPerson
from tests.peers.served import Served
from tests.tenancy.twins import NewTwin, Twin, make_twin


@pytest.fixture(scope="session")
async def new_twin(server: Served, new_person: NewPerson) -> AsyncIterator[NewTwin]:
    """Make one more account with the same data."""
    made: list[Twin] = []

    async def make() -> Twin:
        twin = await make_twin(server, await new_person())
        made.append(twin)
        return twin

    yield make
    for twin in made:
        await twin.http.aclose()


@pytest.fixture(scope="session")
async def victim(new_twin: NewTwin) -> Twin:
    """Whose ids the others have come to know."""
    return await new_twin()


@pytest.fixture
async def intruder(new_twin: NewTwin) -> Twin:
    """Who has the same data, and the victim's ids."""
    return await new_twin()
