"""How many connections a listener takes, in all and from one address. Does no I/O."""

from __future__ import annotations

from collections import Counter

from correio.config import Limits


class Admission:
    """Counts open connections against ``Limits.connections`` and ``Limits.connections_per_address``.

    One object may be shared by several servers, so that they share the bounds.
    """

    __slots__ = ("_addresses", "_limits", "_open")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open = 0
        self._addresses: Counter[str] = Counter()

    def __len__(self) -> int:
        """Connections open now."""
        return self._open

    def enter(self, address: str) -> bool:
        """Count a new connection and return True, or return False when there is no room for it."""
        if self._open >= self._limits.connections:
            return False
        if self._addresses[address] >= self._limits.connections_per_address:
            return False
        self._open += 1
        self._addresses[address] += 1
        return True

    def leave(self, address: str) -> None:
        """A connection that entered has ended."""
        self._open -= 1
        if self._addresses[address] <= 1:
            del self._addresses[address]
        else:
            self._addresses[address] -= 1
