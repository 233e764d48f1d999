"""A cache bounded by the octets it holds: the least recently used goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class OctetCache(Generic[K, V]):
    """Maps keys to values that never change, so that nothing ever has to be invalidated."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def octets(self) -> int:
        """The octets held now."""
        return self._held

    def get(self, key: K) -> V | None:
        """Return the value of a key, and keep it longer."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def drop(self, key: K) -> None:
        """Hold a value no longer, where it is held."""
        old = self._entries.pop(key, None)
        if old is not None:
            self._held -= old[1]

    def put(self, key: K, value: V, octets: int) -> None:
        """Hold a value of so many octets. One that is over an eighth of the whole is not held."""
        if octets > self._limit // 8:
            return
        old = self._entries.pop(key, None)
        if old is not None:
            self._held -= old[1]
        self._entries[key] = (value, octets)
        self._held += octets
        while self._held > self._limit:
            _, (_, gone) = self._entries.popitem(last=False)
            self._held -= gone
