"""From the last octet of a delivery to the EXISTS of a client in IDLE."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator

from bench.clients import RefusedError
from bench.figure import Figure, median, percentile
from bench.letters import letter
from bench.subject import KIB4, ONE, Bench


async def run(bench: Bench) -> AsyncIterator[Figure]:
    """The clock starts when the final dot is written, so the commit is in the figure; the note counts from the 250."""
    listener = await bench.imap()
    answer = await listener.run(b"SELECT INBOX")
    found = re.search(rb"\* (\d+) EXISTS", answer)
    if found is None:
        raise RefusedError("SELECT without EXISTS")
    count = int(found.group(1))
    await listener.idle()
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
    yield Figure("delivery to IDLE, p99", percentile(whole, 0.99), "ms", 50, "lower", note=note)
