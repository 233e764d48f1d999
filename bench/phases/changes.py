"""STORE, COPY, MOVE and EXPUNGE of a whole mailbox: messages a second, and round trips to the database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from bench.clients import Imap, RefusedError
from bench.figure import Figure
from bench.subject import READER, Bench

_PORTION = 1000
_STEPS = (
    ("STORE 1:* +FLAGS (\\Flagged)", b"INBOX", b"STORE 1:* +FLAGS (\\Flagged)", 4),
    ("STORE 1:* -FLAGS.SILENT (\\Flagged)", b"INBOX", b"STORE 1:* -FLAGS.SILENT (\\Flagged)", 4),
    ("COPY 1:*", b"INBOX", b"COPY 1:* Archive", 5),
    ("MOVE 1:*", b"Archive", b"MOVE 1:* Junk", 5),
    ("STORE 1:* +FLAGS.SILENT (\\Deleted)", b"Junk", b"STORE 1:* +FLAGS.SILENT (\\Deleted)", 4),
    ("EXPUNGE", b"Junk", b"EXPUNGE", 4),
)


async def _step(bench: Bench, client: Imap, mailbox: bytes, command: bytes) -> tuple[float, float]:
    answer = await client.run(b"SELECT " + mailbox)
    if b"* %d EXISTS" % bench.messages not in answer:
        raise RefusedError(f"{mailbox.decode()} does not hold all messages")
    before = bench.service.round_trips()
    started = time.perf_counter()
    await client.run(command)
    return time.perf_counter() - started, bench.service.round_trips() - before


async def run(bench: Bench) -> AsyncIterator[Figure]:
    """The bare driver's work is one update_many over as many messages, by the same index."""
    client = await bench.filled()
    mailbox = await asyncio.to_thread(bench.driver.mailbox, READER)
    bare = await asyncio.to_thread(bench.driver.updates, mailbox)
    portions = -(-bench.messages // _PORTION)
    for name, where, command, each in _STEPS:
        taken, trips = await _step(bench, client, where, command)
        least = each * portions
        yield Figure(name, bench.messages / taken, "messages/s", bare=bare, note=f"{bench.messages} messages")
        yield Figure(f"{name}, round trips", trips, "", 2 * least + 20, "lower")
    client.close()
