"""kill -9 in the middle of everything: nothing acknowledged is lost, nothing is there twice, nothing is cut."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest

from tests.faults.senders import Campaign
from tests.peers.served import Person, Served

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]
DOMAIN = "faults.test"
PASSWORD = "a password for faults"


@pytest.fixture
async def fragile(tmp_path: Path) -> AsyncIterator[Served]:
    """A server on data of its own, for it will not live."""
    server = Served(tmp_path / "data", name="fragile")
    code, said = await server.command("domain", "add", DOMAIN)
    assert code == 0, said
    yield server
    if server.process is not None:
        await server.stop()


async def people(server: Served) -> tuple[Person, Person]:
    """Two accounts."""
    found = []
    for name in ("one", "two"):
        address = f"{name}@{DOMAIN}"
        code, said = await server.command("user", "add", address, "--password-stdin", stdin=PASSWORD.encode() + b"\n")
        assert code == 0, said
        found.append(Person(name, address, PASSWORD))
    return found[0], found[1]


async def tokens_in(server: Served, person: Person) -> Counter[str]:
    """How often each token is in INBOX, after checking that every message is whole and every number right."""
    client = await server.imap(person)
    selected = await client.ok(b"EXAMINE INBOX")
    exists = int(selected.of("EXISTS")[-1])
    fetched = (await client.ok(b"UID FETCH 1:* (UID RFC822.SIZE BODY.PEEK[])")).fetched() if exists else {}
    assert len(fetched) == exists
    found: Counter[str] = Counter()
    size = 0
    for items in fetched.values():
        whole = items["BODY[]"]
        assert len(whole) == items["RFC822.SIZE"]
        size += len(whole)
        token, sum_ = re.search(rb"X-Token: (\S+)", whole), re.search(rb"X-Sum: (\S+)", whole)
        assert token
        assert sum_
        body = whole[whole.index(b"\r\n\r\n") + 4 :]
        assert sha256(body).hexdigest().encode() == sum_.group(1), f"{token.group(1)!r} is not whole"
        found[token.group(1).decode()] += 1
    status = (await client.ok(b"STATUS INBOX (MESSAGES UNSEEN UIDNEXT)")).of("STATUS")[0]
    messages, unseen, uidnext = (int(number) for number in re.findall(rb" (\d+)", status))
    assert messages == unseen == exists
    assert uidnext > max(fetched, default=0)
    await client.close()
    async with await server.rest(person) as http:
        account = (await http.get("/v1/account")).json()
    assert (account["messages"], account["used"]) == (exists, size)
    return found


async def faults(server: Served, both: tuple[Person, Person], campaigns: list[Campaign]) -> list[str]:
    """Compare what was said with what is there."""
    first, second = await tokens_in(server, both[0]), await tokens_in(server, both[1])
    wrong: list[str] = []
    begun: set[str] = set()
    for campaign in campaigns:
        record = campaign.record
        begun |= record.begun
        assert len(record.begun) == campaign.count
        wrong += [f"{token} was acknowledged and is lost" for token in record.acknowledged if not first[token]]
        wrong += [
            f"{token} was acknowledged for both and is lost for the second"
            for token in record.acknowledged & record.shared
            if not second[token]
        ]
        wrong += [f"{token} is there for one of two" for token in record.shared if first[token] != second[token]]
    for there in (first, second):
        wrong += [f"{token} is there {count} times" for token, count in there.items() if count > 1]
        wrong += [f"{token} was never sent" for token in there if token not in begun]
    return wrong


async def until_acknowledged(campaign: Campaign, number: int, running: asyncio.Task[None]) -> None:
    """Wait until so many have been acknowledged, and a little longer, so that the blow falls anywhere."""
    while len(campaign.record.acknowledged) < number and not running.done():
        await asyncio.sleep(0.002)
    await asyncio.sleep(random.random() * 0.05)


def database_processes(server: Served) -> list[int]:
    """The keeper and the database itself."""
    endpoint = json.loads((server.data / "database" / "endpoint.json").read_text())
    return [endpoint["pid"], endpoint["database"]]


def kill(*pids: int) -> None:
    """SIGKILL; those that are gone already are fine: the database dies with its keeper."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


async def test_kill_the_server_ten_times(fragile: Served) -> None:
    """Five hundred deliveries, and a kill at random among them, ten times over on the same data."""
    await fragile.start()
    both = await people(fragile)
    campaigns: list[Campaign] = []
    for turn in range(10):
        campaign = Campaign(fragile, both, f"k{turn}", 500)
        campaigns.append(campaign)
        running = asyncio.create_task(campaign.run())
        await until_acknowledged(campaign, random.randrange(1, campaign.count // 2), running)
        fragile.kill()
        await fragile.start()
        await running
        assert campaign.record.acknowledged
    assert await faults(fragile, both, campaigns) == []


async def test_kill_everything(fragile: Served) -> None:
    """Server, keeper and database together, twice: what was acknowledged is on disk."""
    await fragile.start()
    both = await people(fragile)
    campaigns: list[Campaign] = []
    for turn in range(2):
        campaign = Campaign(fragile, both, f"e{turn}", 200)
        campaigns.append(campaign)
        running = asyncio.create_task(campaign.run())
        await until_acknowledged(campaign, random.randrange(1, 100), running)
        pids = database_processes(fragile)
        fragile.kill()
        kill(*pids)
        await fragile.start()
        await running
    assert await faults(fragile, both, campaigns) == []


@pytest.mark.parametrize("whom", ["keeper", "database"])
async def test_kill_the_database_alone(fragile: Served, whom: str) -> None:
    """The server answers temporary failures at worst, finds the database again by itself, and loses nothing."""
    await fragile.start()
    both = await people(fragile)
    campaign = Campaign(fragile, both, "d", 400)
    running = asyncio.create_task(campaign.run())
    for _ in range(2):
        so_far = len(campaign.record.acknowledged)
        await until_acknowledged(campaign, so_far + random.randrange(20, 60), running)
        keeper, database = database_processes(fragile)
        kill(keeper if whom == "keeper" else database)
        async with asyncio.timeout(60):
            while fragile.process is not None and not await answers(fragile):
                await asyncio.sleep(0.1)
    await running
    assert await faults(fragile, both, [campaign]) == []
    assert not fragile.tracebacks(), fragile.tracebacks()[:2]


async def answers(server: Served) -> bool:
    """Whether the server has its database."""
    async with server.http() as http:
        return (await http.get("/readyz")).status_code == 200
