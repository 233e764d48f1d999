"""Eight writers and four readers on one mailbox: UIDs and modseqs only ever grow, for everybody, and nobody misses one."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from tests.concurrency.readers import Watch, read_changes, read_idle, read_numbers, read_pages
from tests.concurrency.writers import Ledger, write_appends, write_imports, write_mail
from tests.conftest import NewPerson
from tests.peers.served import Person, Served

READERS = (read_idle, read_numbers, read_changes, read_pages)


async def storm(servers: list[Served], person: Person, seconds: float) -> tuple[Ledger, list[Watch]]:
    """Write and read for a while; the readers go on until the writers are done."""
    ledger = Ledger()
    done = asyncio.Event()
    watches = [Watch(reader.__name__) for reader in READERS]

    def server(number: int) -> Served:
        return servers[number % len(servers)]

    writers: list[asyncio.Task[None]] = []
    for number in range(2):
        for listener in ("smtp", "lmtp"):
            writers.append(
                asyncio.create_task(write_mail(server(number), person, ledger, f"{listener}{number}", listener))
            )
        writers.append(asyncio.create_task(write_appends(server(number), person, ledger, f"append{number}")))
        writers.append(asyncio.create_task(write_imports(server(number), person, ledger, f"rest{number}")))
    readers = [
        asyncio.create_task(reader(server(number + 1), person, watch, done))
        for number, (reader, watch) in enumerate(zip(READERS, watches, strict=True))
    ]
    ended, _ = await asyncio.wait([*writers, *readers], timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    ledger.stop.set()
    try:
        await asyncio.gather(*writers)
        done.set()
        await asyncio.gather(*readers)
    finally:
        for task in (*writers, *readers):
            task.cancel()
    assert not ended or all(task.exception() is None for task in ended)
    return ledger, watches


async def mailbox_at_end(server: Served, person: Person) -> dict[int, str]:
    """Token by UID of everything in INBOX."""
    client = await server.imap(person)
    await client.ok(b"EXAMINE INBOX")
    reply = await client.ok(b"UID FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (X-Token)])")
    found: dict[int, str] = {}
    for uid, items in reply.fetched().items():
        (field,) = (value for name, value in items.items() if name.startswith("BODY["))
        token = re.search(rb"X-Token: (\S+)", field)
        assert token, field
        found[uid] = token.group(1).decode()
    await client.close()
    return found


def faults(ledger: Ledger, watches: list[Watch], final: dict[int, str]) -> list[str]:
    """Everything that is not as promised."""
    found = [fault for watch in watches for fault in watch.faults]
    counts = Counter(final.values())
    found += [f"{token} is there {count} times" for token, count in counts.items() if count != 1]
    found += [f"{token} was acknowledged and is not there" for token in ledger.acknowledged if token not in counts]
    found += [f"{token} was not acknowledged" for token in counts if token not in ledger.acknowledged]
    by_token = {token: uid for uid, token in final.items()}
    found += [
        f"{token} was promised UID {uid} and has {by_token.get(token)}"
        for token, uid in ledger.acknowledged.items()
        if uid is not None and by_token.get(token) != uid
    ]
    for watch in watches:
        if missed := set(final) - watch.uids:
            found.append(f"{watch.name} missed {len(missed)} of {len(final)}, {sorted(missed)[:5]}")
        if invented := watch.uids - set(final):
            found.append(f"{watch.name} saw {sorted(invented)[:5]}, which are not there")
    return found


@pytest.mark.faults
@pytest.mark.timeout(180)
async def test_one_process(server: Served, person: Person) -> None:
    """Thirty seconds."""
    ledger, watches = await storm([server], person, 30)
    final = await mailbox_at_end(server, person)
    assert faults(ledger, watches, final) == []
    assert len(final) > 100, "too few messages to mean anything"


@pytest.fixture
async def second_server(server: Served) -> AsyncIterator[Served]:
    """Another process on the same data."""
    other = Served(server.data, name="second")
    await other.start()
    yield other
    assert await other.stop() == 0
    assert not other.tracebacks(), "\n".join(other.tracebacks())


@pytest.mark.faults
@pytest.mark.timeout(180)
async def test_two_processes(server: Served, second_server: Served, new_person: NewPerson) -> None:
    """Writers and readers on both, ten seconds."""
    person = await new_person()
    ledger, watches = await storm([server, second_server], person, 10)
    final = await mailbox_at_end(server, person)
    assert faults(ledger, watches, final) == []
    assert await mailbox_at_end(second_server, person) == final
    assert len(final) > 30, "too few messages to mean anything"
