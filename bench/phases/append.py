"""IMAP APPEND of 4 KiB from eight connections to one mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from bench.clients import Imap
from bench.figure import Figure
from bench.letters import letter
from bench.load import CONNECTIONS, rate
from bench.subject import KIB4, Bench


async def run(bench: Bench) -> AsyncIterator[Figure]:
    """One message a command, the next when the last is durable."""
    bare = await asyncio.to_thread(bench.driver.inserts, KIB4, min(3.0, bench.seconds))
    clients = [await bench.imap() for _ in range(CONNECTIONS)]
    letters = [letter(KIB4, 500_000 + number) for number in range(64)]

    async def work(client: Imap, number: int) -> None:
        await client.append(b"INBOX", letters[number % 64][:-14] + b"%010d" % (7_000_000 + number) + b"\r\n\r\n")

    for number, client in enumerate(clients):
        await work(client, 900_000 + number)
    per_second, _ = await rate(clients, work, bench.seconds, 1_000_000)
    yield Figure("IMAP APPEND 4 KiB", per_second, "messages/s", 300, bare=bare)
    for client in clients:
        client.close()
