"""``correio sieve``."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from correio.cli import correio
from correio.mail.message_store import MessageStore
from tests.peers.served import Person
from tests.sieve.ruled import Ruled


class Line:
    """Runs ``correio sieve`` on the data of the tests."""

    def __init__(self, data: Path) -> None:
        self._data = data

    async def __call__(self, *arguments: str, stdin: bytes | None = None) -> Result:
        environment = {"CORREIO_DATA": str(self._data)}
        return await asyncio.to_thread(CliRunner().invoke, correio, ("sieve", *arguments), input=stdin, env=environment)


@pytest.fixture
def line(data: Path, directory: MessageStore) -> Line:
    return Line(data)


async def test_from_beginning_to_end(line: Line, ruled: Ruled, tmp_path: Path) -> None:
    address = ruled.person.address
    script = tmp_path / "rules.sieve"
    script.write_bytes('# ação\nrequire "fileinto"; fileinto "Junk";\n'.encode())
    stored = await line("put", address, str(script))
    assert stored.exit_code == 0, stored.output
    assert stored.stdout == f"The script main of {address} is stored; correio sieve activate makes it the active one.\n"
    await ruled.receive()
    activated = await line("activate", address, "main")
    assert activated.stdout == f"The script main of {address} is run from now on.\n"
    # Another process put it there, and the server that delivers has heard of it.
    await ruled.account()
    await ruled.receive()
    assert await ruled.filed() == {"INBOX": [()], "Junk": [()]}
    assert (await line("get", address)).stdout_bytes == script.read_bytes()
    put = await line("put", address, "-", "--name", "b", "--activate", "--json", stdin=b"discard;")
    assert json.loads(put.stdout) == {"name": "b", "size": 8, "active": True}
    listed = json.loads((await line("list", address, "--json")).stdout)
    assert [(one["name"], one["active"], one["problem"]) for one in listed] == [
        ("b", True, None),
        ("main", False, None),
    ]
    shown = (await line("list", address)).stdout.splitlines()
    assert [row.split() for row in shown] == [["b", "8", "octets", "active"], ["main", "46", "octets"]]
    refused = await line("rm", address, "b")
    assert (refused.exit_code, "active" in refused.stderr) == (1, True)
    assert (await line("activate", address, "--none")).exit_code == 0
    assert (await line("rm", address, "b")).exit_code == 0
    assert [one["name"] for one in json.loads((await line("list", address, "--json")).stdout)] == ["main"]


async def test_mistakes(line: Line, person: Person, tmp_path: Path) -> None:
    script = tmp_path / "rules.sieve"
    script.write_bytes(b'keep;\nfileinto "a";\nbar;\n')
    for arguments in (("check", str(script)), ("put", person.address, str(script))):
        said = await line(*arguments)
        assert said.exit_code == 1
        assert said.stderr.splitlines() == [
            f'{script}:2:1: The command fileinto needs require "fileinto"; at the beginning of the script.',
            f'{script}:3:1: There is no command "bar".',
            "correio: The script has 2 mistakes.",
        ]
    checked = await line("check", "--json", str(script))
    assert checked.exit_code == 1
    assert [one["line"] for one in json.loads(checked.stdout)["problems"]] == [2, 3]
    assert json.loads((await line("list", person.address, "--json")).stdout) == []


async def test_a_good_script(line: Line) -> None:
    good = await line("check", "-", stdin=b'require ["copy", "fileinto"]; keep;')
    assert (good.exit_code, good.stdout) == (0, "- is a good script; it uses copy, fileinto.\n")
    assert json.loads((await line("check", "--json", "-", stdin=b"keep;")).stdout) == {"valid": True, "problems": []}


async def test_what_is_not_there(line: Line, person: Person) -> None:
    for arguments in (("get", person.address, "none"), ("rm", person.address, "none"), ("list", "nobody@correio.test")):
        assert (await line(*arguments)).exit_code == 1
    assert (await line("activate", person.address)).exit_code == 2
