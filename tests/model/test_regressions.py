"""Sequences that once ended otherwise, each as short as it can be."""

from __future__ import annotations

import pytest

from tests.conftest import NewPerson
from tests.model.mailbox_steps import Create, Delete, Rename, Subscribe
from tests.model.message_steps import Append, Fetch, Store
from tests.model.play import MODES, SESSIONS, Play
from tests.model.steps import Pick, Step
from tests.peers.served import Served

FIRST = Pick("one", 0, 0)
SEQUENCES: dict[str, list[Step]] = {
    "RENAME of INBOX to a name that only holds others": [Create(0, "a/b"), Delete(0, "a"), Rename(0, "INBOX", "a")],
    "a subscription meets the mailbox that RENAME brings below its own name": [
        Create(0, "a/b"),
        Subscribe(0, "d/b", True),
        Rename(0, "a", "d"),
        Subscribe(0, "d/b", False),
        Delete(0, "d/b"),
    ],
    "a subscription outlives the messages of a mailbox with children": [
        Create(0, "a/b"),
        Subscribe(0, "a", True),
        Delete(0, "a"),
        Delete(0, "a/b"),
        Delete(0, "a"),
    ],
    "a keyword is named before FETCH shows it": [
        Append(0, "INBOX", ((),)),
        Fetch(1, False, FIRST, False),
        Store(0, False, FIRST, "+", False, ("$Label1",), None),
        Fetch(1, False, FIRST, False),
    ],
}


@pytest.mark.parametrize("name", SEQUENCES)
async def test_sequence(name: str, new_bearer: NewPerson, server: Served, second_server: Served) -> None:
    stage = Play(await new_bearer(), [server, second_server], [MODES[0]] * SESSIONS)
    try:
        await stage.begin(0)
        for step in SEQUENCES[name]:
            await stage.step(step, (True, False, False))
            await stage.check_subscriptions()
        await stage.end()
    finally:
        await stage.close()
