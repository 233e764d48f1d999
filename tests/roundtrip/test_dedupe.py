"""Equal content is stored once, for all messages of all accounts."""

from __future__ import annotations

import pytest
from pymongo import MongoClient

from correio.config import Settings
from tests.conftest import NewPerson
from tests.corpus.sizes import samples
from tests.peers.imap import Literal
from tests.peers.served import Served

SAMPLES = {sample.name: sample.raw for sample in samples()}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("size same attachment one", "size same attachment two"),
        ("size same attachment one", "size same attachment in other lines"),
        ("size 3 MiB", "size 3 MiB again"),
    ],
)
async def test_equal_content_is_stored_once(
    first: str, second: str, server: Served, new_person: NewPerson, database_uri: str
) -> None:
    """A second message, another folding of the base64 and another account add nothing but what differs."""
    with MongoClient[dict[str, object]](database_uri) as client:
        parts = client[Settings().database]["parts"]

        def stored() -> int:
            return sum(len(part["data"]) for part in parts.find({}, {"data": 1}))  # type: ignore[arg-type]

        one, two = await server.imap(await new_person()), await server.imap(await new_person())
        await one.ok(b"APPEND INBOX ", Literal(SAMPLES[first]))
        before = stored()
        for client_ in (one, two):
            await client_.ok(b"APPEND INBOX ", Literal(SAMPLES[second]))
        assert stored() - before < 5000
        await one.ok(b"EXAMINE INBOX")
        reply = await one.ok(b"UID FETCH 2 (UID BODY.PEEK[])")
        assert reply.fetched()[2]["BODY[]"] == SAMPLES[second]
        await one.close()
        await two.close()
