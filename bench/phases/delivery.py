"""Delivery by LMTP and SMTP: 4 KiB to one account, spread over fifty, and 1 MiB."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from bench.clients import Mail
from bench.figure import Figure
from bench.letters import letter
from bench.load import rate
from bench.subject import KIB4, MIB, ONE, SPREAD, Bench


async def _deliver(bench: Bench, recipients: Sequence[str], size: int, *, lmtp: bool) -> float:
    clients = await bench.mail(lmtp=lmtp)
    letters = [letter(size, number) for number in range(64)]

    async def work(client: Mail, number: int) -> None:
        # Ten octets of each are its own, so that equal content is never met twice.
        body = letters[number % 64]
        await client.send(recipients[number % len(recipients)], body[:-14] + b"%010d" % number + b"\r\n\r\n")

    for number, client in enumerate(clients):
        await work(client, 900_000 + number)
    per_second, _ = await rate(clients, work, bench.seconds, 1_000_000)
    for client in clients:
        client.close()
    return per_second


async def run(bench: Bench) -> AsyncIterator[Figure]:
    """The bare driver's work is one durable insert of as many octets, from eight threads."""
    bare = await asyncio.to_thread(bench.driver.inserts, KIB4, min(3.0, bench.seconds))
    for lmtp, name in ((True, "LMTP"), (False, "SMTP")):
        one = await _deliver(bench, [ONE], KIB4, lmtp=lmtp)
        yield Figure(f"{name} 4 KiB, one account", one, "messages/s", 300, bare=bare)
        spread = await _deliver(bench, SPREAD, KIB4, lmtp=lmtp)
        yield Figure(f"{name} 4 KiB, 50 accounts", spread, "messages/s", 150, bare=bare)
    large = await asyncio.to_thread(bench.driver.inserts, MIB, min(3.0, bench.seconds))
    yield Figure("LMTP 1 MiB", await _deliver(bench, [ONE], MIB, lmtp=True), "messages/s", 25, bare=large)
