"""Where this process says that something was put into the queue, so that its worker need not look for it."""

from __future__ import annotations

import asyncio
from typing import Final

_MOST: Final = 4096
"""Sites remembered. What is left out is found when the queue is looked through."""


class Outbox:
    """One per process."""

    def __init__(self) -> None:
        self._sites: set[str] = set()
        self._news: Final = asyncio.Event()

    def put(self, sites: set[str]) -> None:
        """Something is due for these sites, or will be."""
        if len(self._sites) < _MOST:
            self._sites |= sites
        self._news.set()

    def take(self) -> set[str]:
        """Return the sites that were put since the last call."""
        sites, self._sites = self._sites, set()
        self._news.clear()
        return sites

    async def wait(self, seconds: float) -> None:
        """Return when something was put, or after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            pass
