"""How soon a client in IDLE hears of a change: by a delivery, by another client, and by another process."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator

from bench.clients import Imap, RefusedError
from bench.figure import Figure, median, percentile
from bench.letters import letter
from bench.subject import KIB4, ONE, Bench
from correio.config import Settings
from correio.mail.append import NewMessage, append_messages
from correio.opening import open_store


async def run(bench: Bench) -> AsyncIterator[Figure]:
    """The clock starts when the final dot is written, so the commit is in the figure; the note counts from the 250."""
    yield await _deliveries(bench)
    yield await _another_client(bench)
    yield await _another_process(bench)


async def _listener(bench: Bench) -> tuple[Imap, int]:
    """A client in IDLE, and how many messages it knows of."""
    listener = await bench.imap()
    answer = await listener.run(b"SELECT INBOX")
    found = re.search(rb"\* (\d+) EXISTS", answer)
    if found is None:
        raise RefusedError("SELECT without EXISTS")
    await listener.idle()
    return listener, int(found.group(1))


async def _another_client(bench: Bench) -> Figure:
    """From the tagged OK of an APPEND by another client of the same process."""
    listener, count = await _listener(bench)
    other = await bench.imap()
    late: list[float] = []
    for number in range(100):
        await other.append(b"INBOX", letter(KIB4, 3_100_000 + number))
        appended = time.perf_counter()
        count += 1
        late.append(1000 * (await listener.exists(count) - appended))
    other.close()
    listener.close()
    note = f"p50 {median(late):.1f} ms"
    return Figure("IMAP APPEND to another client's IDLE, p99", percentile(late, 0.99), "ms", 50, "lower", note=note)


async def _another_process(bench: Bench) -> Figure:
    """From a commit of this process, on the data directory of the server, to the EXISTS of the server's client.

    Some commits come alone and some right behind another, when the server reads the change feed less often.
    """
    listener, count = await _listener(bench)
    late: list[float] = []
    async with open_store(Settings(data=bench.service.data)) as store:
        account = await store.account_by_address(ONE)
        inbox = account.mailboxes.by_path("INBOX")
        if inbox is None:
            raise RefusedError("no INBOX")
        for number in range(100):
            await append_messages(account, inbox.id, [NewMessage(letter(KIB4, 3_200_000 + number))])
            appended = time.perf_counter()
            count += 1
            late.append(1000 * (await listener.exists(count) - appended))
            if number % 2:
                await asyncio.sleep(0.2)
    listener.close()
    note = f"p50 {median(late):.1f} ms"
    return Figure("commit by another process to IDLE, p99", percentile(late, 0.99), "ms", 300, "lower", note=note)


async def _deliveries(bench: Bench) -> Figure:
    listener, count = await _listener(bench)
    (sender,) = await bench.mail(lmtp=True, count=1)
    whole: list[float] = []
    after: list[float] = []
    for number in range(200):
        written = await sender.send(ONE, letter(KIB4, 3_000_000 + number))
        accepted = time.perf_counter()
        count += 1
        noticed = await listener.exists(count)
        whole.append(1000 * (noticed - written))
        after.append(1000 * (noticed - accepted))
    sender.close()
    listener.close()
    note = f"p50 {median(whole):.1f} ms; after the 250: p99 {percentile(after, 0.99):.1f} ms"
    return Figure("delivery to IDLE, p99", percentile(whole, 0.99), "ms", 50, "lower", note=note)
