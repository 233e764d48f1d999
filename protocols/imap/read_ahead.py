"""Reads the next batch while the one before is being written."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TypeVar

T = TypeVar("T")


async def read_ahead(source: AsyncIterator[T]) -> AsyncIterator[T]:
    """Yield what the source yields, asking for one item more than has been taken. Errors come where the item would."""
    waiting = asyncio.ensure_future(_next(source))
    try:
        while True:
            found = await waiting
            if found is None:
                return
            waiting = asyncio.ensure_future(_next(source))
            yield found[0]
    finally:
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await waiting


async def _next(source: AsyncIterator[T]) -> tuple[T] | None:
    async for item in source:
        return (item,)
    return None
