"""SELECT of 100,000 messages: without a packed index, after a restart with one, and warm; and what it takes in memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from bench.clients import Imap, RefusedError
from bench.figure import Figure, median
from bench.letters import letter
from bench.subject import KIB4, LARGE, Bench

_SEARCHES = (b"UNSEEN", b"SINCE 1-Jan-2020", b"LARGER 300", b"UID 500:90000", b"NOT (SEEN LARGER 100000)")


async def _select(bench: Bench, client: Imap) -> float:
    started = time.perf_counter()
    answer = await client.run(b"SELECT INBOX")
    taken = time.perf_counter() - started
    if b"* %d EXISTS" % bench.large not in answer:
        raise RefusedError("SELECT does not tell all messages")
    return taken


async def _restarted(bench: Bench) -> Imap:
    await asyncio.to_thread(bench.service.stop)
    await asyncio.to_thread(bench.service.start)
    return await bench.imap(LARGE)


async def run(bench: Bench) -> AsyncIterator[Figure]:
    """The bare driver reads the same fields of all messages; figures of time, so a ratio above 100% is slower."""
    client = await bench.imap(LARGE)
    await client.append(b"INBOX", letter(KIB4, 1))
    client.close()
    mailbox = await asyncio.to_thread(bench.driver.multiply, LARGE, bench.large)
    client = await _restarted(bench)
    before = bench.service.resident()
    bare = await asyncio.to_thread(bench.driver.states, mailbox)
    taken = await _select(bench, client)
    name = f"SELECT of {bench.large}"
    yield Figure(f"{name}, first ever", taken, "s", 1.6 * bare, "lower", bare)
    yield Figure(f"{name}, resident", bench.service.resident() / 1e6, "MB", note=f"{before / 1e6:.0f} MB before")
    client.close()

    client = await _restarted(bench)
    yield Figure(f"{name}, cold, from its packed index", await _select(bench, client), "s", 1, "lower", bare)
    warm = [await _select(bench, client) for _ in range(21)]
    yield Figure(f"{name}, warm", 1000 * median(warm), "ms", 30, "lower")

    for key in _SEARCHES:
        times: list[float] = []
        for _ in range(5):
            started = time.perf_counter()
            await client.run(b"SEARCH RETURN (COUNT) " + key)
            times.append(time.perf_counter() - started)
        yield Figure(f"SEARCH {key.decode()}, {bench.large}", 1000 * median(times), "ms", 500, "lower")

    await client.run(b"FETCH 1:* ENVELOPE")
    client.close()
    yield Figure("after every ENVELOPE of them, resident", bench.service.resident() / 1e6, "MB", 700, "lower")
