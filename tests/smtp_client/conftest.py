"""Fixtures."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.peers.authority import Authority, Issued
from tests.smtp_client.secured import HOST
from tests.smtp_client.world import World, new_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with new_world() as world:
        yield world


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def issued(authority: Authority) -> Issued:
    """The certificate of mx.destino.test."""
    return authority.issue(HOST, "127.0.0.1")


@pytest.fixture
def context(issued: Issued, tmp_path: Path) -> ssl.SSLContext:
    """Its server's context."""
    return issued.context(tmp_path)
