"""FETCH 1:* of a mailbox of many messages, warm and cold, and of one message."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator

from bench.clients import Imap, RefusedError
from bench.figure import Figure, median, percentile
from bench.subject import KIB4, READER, Bench

STRUCTURES = b"(UID ENVELOPE BODYSTRUCTURE)"


async def _all(bench: Bench, client: Imap, items: bytes) -> float:
    """Seconds of one FETCH 1:*, every answer counted."""
    started = time.perf_counter()
    answer = await client.run(b"FETCH 1:* " + items)
    taken = time.perf_counter() - started
    if answer.count(b" FETCH (") < bench.messages:
        raise RefusedError(f"FETCH 1:* {items.decode()} answered {answer.count(b' FETCH (')} of {bench.messages}")
    return taken


async def run(bench: Bench) -> AsyncIterator[Figure]:
    """Cold is the first FETCH of a process that was just started, after the driver has read the same documents."""
    client = await bench.filled()
    mailbox = await asyncio.to_thread(bench.driver.mailbox, READER)
    await _all(bench, client, b"(UID FLAGS)")
    taken = median([await _all(bench, client, b"(UID FLAGS)") for _ in range(7)])
    yield Figure("FETCH 1:* (UID FLAGS), warm", bench.messages / taken, "messages/s", 300_000)
    client.close()

    await asyncio.to_thread(bench.service.stop)
    await asyncio.to_thread(bench.service.start)
    bare = await asyncio.to_thread(bench.driver.structures, mailbox)
    client = await bench.filled()
    taken = await _all(bench, client, STRUCTURES)
    yield Figure(
        "FETCH 1:* ENVELOPE BODYSTRUCTURE, cold", bench.messages / taken, "messages/s", bare=bare, target_ratio=0.6
    )
    taken = median([await _all(bench, client, STRUCTURES) for _ in range(5)])
    yield Figure("FETCH 1:* ENVELOPE BODYSTRUCTURE, warm", bench.messages / taken, "messages/s", 65_000, bare=bare)

    bare = await asyncio.to_thread(bench.driver.bodies, mailbox)
    times = [await _all(bench, client, b"(UID BODY.PEEK[])") for _ in range(3)]
    yield Figure(
        "FETCH 1:* BODY.PEEK[] 4 KiB", bench.messages / median(times), "messages/s", bare=bare, target_ratio=0.6
    )
    async for figure in _one(bench, client, mailbox):
        yield figure
    client.close()


async def _one(bench: Bench, client: Imap, mailbox: dict[str, str]) -> AsyncIterator[Figure]:
    uids = [random.Random(1).randrange(1, bench.messages + 1) for _ in range(400)]
    bare = await asyncio.to_thread(bench.driver.one, mailbox, uids)
    taken: list[float] = []
    for uid in uids:
        started = time.perf_counter()
        answer = await client.run(b"UID FETCH %d BODY.PEEK[]" % uid)
        taken.append(time.perf_counter() - started)
        if len(answer) < KIB4:
            raise RefusedError(f"UID FETCH {uid} answered {len(answer)} octets")
    note = f"p99 {1000 * percentile(taken, 0.99):.2f} ms; the driver's find_one takes {1000 * bare:.2f} ms"
    yield Figure("one message by UID, p50", 1000 * median(taken), "ms", 5, "lower", note=note)
