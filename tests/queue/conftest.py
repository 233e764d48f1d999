"""Fixtures."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from correio.config import Settings
from correio.mail.account import Account
from correio.mail.directory import add_domain, add_user
from correio.mail.message_store import MessageStore
from correio.mail.signing import make_signing_keys
from tests.conftest import DOMAIN


@pytest.fixture(scope="module")
async def own(tmp_path_factory: pytest.TempPathFactory, database_uri: str) -> AsyncIterator[MessageStore]:
    """A store with settings for the queue, over a database of this module's own."""
    settings = Settings(
        data=tmp_path_factory.mktemp("queue"), database="queue", queue_retry=1.0, hostname="mx.correio.test"
    )
    store = await MessageStore.open(settings, database_uri)
    yield store
    await store.close()


@pytest.fixture
async def account(own: MessageStore) -> Account:
    name = f"p{time.monotonic_ns()}"
    if not await own.database["domains"].find_one({"_id": DOMAIN}):
        await add_domain(own, DOMAIN)
        await make_signing_keys(own, DOMAIN)
    return await own.account((await add_user(own, f"{name}@{DOMAIN}", "x")).id)
