"""What one operation may cost while it runs, and how much of it happens between two turns of the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from correio.errors import LimitError

_AT_ONCE: Final = 8
"""Contents that are read or decoded before others have their turn."""


class Budget:
    """Begins with the cost told beforehand; what a list holds beyond the length assumed there is added when it is seen."""

    def __init__(self, limit: int) -> None:
        self.limit: Final = limit
        self.spent = 0
        self._turns = asyncio.Semaphore(_AT_ONCE)

    @property
    def exhausted(self) -> bool:
        """Whether the operation is over its bound: then nothing of it is answered."""
        return self.spent > self.limit

    @property
    def message(self) -> str:
        """What a client is told then."""
        return f"The operation may ask for {self.limit} objects, and the lists it met hold more. Ask for less at once."

    def charge(self, cost: int) -> None:
        """Add to what is spent. Raises LimitError when it is too much, and from then on always."""
        self.spent += cost
        if self.exhausted:
            raise LimitError(self.message)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn to read or decode a content. Raises LimitError once the operation is over its bound."""
        async with self._turns:
            await asyncio.sleep(0)
            self.charge(0)
            yield
