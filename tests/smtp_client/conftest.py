"""Fixtures."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.peers.authority import Authority
from tests.smtp_client.world import World, new_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with new_world() as world:
        yield world


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()
