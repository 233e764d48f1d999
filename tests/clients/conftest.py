"""What every program's test may ask for: a fresh account, a view of it by REST, and a home directory."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.clients.letters import LETTERS, NON_ASCII
from tests.clients.program import Home
from tests.clients.store import Store
from tests.peers.served import Person, Served


@pytest.fixture
def home() -> Iterator[Home]:
    """A directory that others may pass through, for programs that give up root before they write."""
    path = Path(tempfile.mkdtemp(prefix="clients."))
    path.chmod(0o711)
    yield Home(path)
    shutil.rmtree(path)


@pytest.fixture
def certificate(server: Served) -> Path:
    """What the programs are told to trust: the certificate the server made for itself (names: localhost, 127.0.0.1)."""
    return server.data / "tls" / "certificate.pem"


@pytest.fixture
async def store(server: Served, person: Person) -> AsyncIterator[Store]:
    """The person's mail, still empty."""
    store = await Store.of(server, person)
    yield store
    await store.http.aclose()


@pytest.fixture
async def filled(store: Store) -> Store:
    """The person's mail: the letters in INBOX, some of them flagged, a nested mailbox and one of other alphabets."""
    await store.create("Work/Deep")
    await store.create(NON_ASCII)
    await store.put(*LETTERS.values())
    await store.put(LETTERS["utf8"], path="Work/Deep", keywords=("$seen",))
    await store.put(LETTERS["attachments"], LETTERS["latin1"], path=NON_ASCII)
    await store.mark("plain", seen=True, answered=True)
    return store
