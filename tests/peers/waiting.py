"""Waiting for something to come true."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest


async def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Return once the condition holds; the test fails if it does not within so many seconds."""
    for _ in range(int(seconds / 0.02)):
        if await asyncio.to_thread(condition):
            return
        await asyncio.sleep(0.02)
    pytest.fail("the awaited condition never came")
