"""What a client costs that holds a TLS connection in IDLE: the server's resident memory, before and after."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator

from bench.figure import Figure
from bench.subject import SPREAD, Bench

CHILDREN = 4
WARM = 40


async def run(bench: Bench) -> AsyncIterator[Figure]:
    """A few connections come first, so that what is paid once is not counted; the clients are in other processes."""
    warm = await _idlers(bench, WARM, 0)
    before = bench.service.resident()
    children = [warm]
    try:
        share = bench.connections // CHILDREN
        started = [_idlers(bench, share, WARM + at * share) for at in range(CHILDREN)]
        children += await asyncio.gather(*started)
        after = bench.service.resident()
    finally:
        for child in children:
            if child.stdin is not None:
                child.stdin.close()
            await child.wait()
    count = share * CHILDREN
    each = (after - before) / count / 1024
    yield Figure(
        f"{count} idle TLS connections",
        after / 1e6,
        "MB",
        600,
        "lower",
        note=f"{each:.1f} KiB each, {before / 1e6:.0f} MB before",
    )


async def _idlers(bench: Bench, count: int, offset: int) -> Process:
    port = bench.service.address("imaps")[1]
    arguments = [sys.executable, "-m", "bench.idlers", str(port), str(count), str(offset), *SPREAD]
    child = await asyncio.create_subprocess_exec(*arguments, stdin=PIPE, stdout=PIPE)
    assert child.stdout is not None
    if (await child.stdout.readline()).strip() != b"ready":
        raise RuntimeError("the idle clients could not be connected")
    return child
