"""Eight connections at work until the time is up."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
CONNECTIONS = 8


async def rate(
    workers: Sequence[T], work: Callable[[T, int], Awaitable[object]], seconds: float, most: int
) -> tuple[float, int]:
    """Let every worker do ``work(worker, number)`` again and again. Returns pieces a second, and how many were done.

    No piece is begun after the time or the number is up; the time ends with the last one begun.
    """
    numbers = itertools.count()
    started = time.perf_counter()
    done = 0

    async def run(worker: T) -> None:
        nonlocal done
        while time.perf_counter() - started < seconds:
            number = next(numbers)
            if number >= most:
                return
            await work(worker, number)
            done += 1

    await asyncio.gather(*(run(worker) for worker in workers))
    return done / (time.perf_counter() - started), done
