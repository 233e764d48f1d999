"""`correio key`, on the same data as a store that is open all the time."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from click.testing import CliRunner, Result

from correio.auth.authenticator import Authenticator
from correio.cli import correio
from correio.mail.message_store import MessageStore
from tests.conftest import NewPerson
from tests.peers.served import Person


async def test_add_list_and_rm(data: Path, directory: MessageStore, person: Person, new_person: NewPerson) -> None:
    async def run(*arguments: str) -> Result:
        settings = {"CORREIO_DATA": str(data)}
        return await asyncio.to_thread(CliRunner().invoke, correio, ("key", *arguments), env=settings)

    authenticator = Authenticator(directory)
    added = await run("add", person.address, "--name", "loja", "--sender", person.address.upper(), "--days", "7")
    assert added.exit_code == 0, added.output
    grant = await authenticator.sender(person.address, added.output.strip(), "127.0.0.1")
    assert (grant.account.id, set(grant.scopes), grant.senders) == (person.id, {"send"}, (person.address,))
    second = json.loads((await run("add", person.address, "--scope", "send", "--scope", "read", "--json")).output)
    listed = json.loads((await run("list", person.address, "--json")).output)
    assert {one["id"]: one["scopes"] for one in listed} == {grant.key: ["send"], second["id"]: ["read", "send"]}
    assert {one["expires"] is None for one in listed} == {True, False}
    assert added.output.strip() not in (await run("list", person.address)).output
    assert "loja" in (await run("list", person.address)).output
    other = await new_person()
    for wrong in (
        ("rm", other.address, grant.key),
        ("rm", person.address, "K" + "a" * 24),
        ("add", "nobody@correio.test"),
    ):
        assert (await run(*wrong)).exit_code == 1
    assert (await run("add", person.address, "--scope", "admin")).exit_code == 2
    assert (await run("add", person.address, "--scope", "full", "--sender", "a.test")).exit_code == 1
    assert (await run("rm", person.address, grant.key)).exit_code == 0
    assert [one.id for one in await authenticator.list_keys(await directory.account(person.id))] == [second["id"]]
    authenticator.close()
