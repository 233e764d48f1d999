"""Addresses that could not be reached a moment ago: they are tried last. Pure but for the clock it is given."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

MEMORY: Final = 300.0
"""Seconds that a failure is remembered."""
MOST: Final = 10_000
"""Addresses remembered."""


class FailedHosts:
    """One per process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock: Final = clock
        self._until: dict[str, float] = {}

    def failed(self, address: str) -> None:
        """Remember a failure."""
        if address not in self._until and len(self._until) >= MOST:
            del self._until[next(iter(self._until))]
        self._until.pop(address, None)
        self._until[address] = self._clock() + MEMORY

    def answered(self, address: str) -> None:
        """Forget its failures."""
        self._until.pop(address, None)

    def __contains__(self, address: object) -> bool:
        until = self._until.get(str(address))
        if until is None:
            return False
        if until > self._clock():
            return True
        del self._until[str(address)]
        return False
