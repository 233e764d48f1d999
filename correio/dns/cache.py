"""A bounded cache of responses, each as long as its TTL says."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class TtlCache(Generic[Key, Value]):
    """The least recently used goes first where there are too many octets. ``clock`` counts seconds."""

    def __init__(self, octets: int, clock: Callable[[], float]) -> None:
        self._limit: Final = octets
        self._clock: Final = clock
        self._used = 0
        self._kept: OrderedDict[Key, tuple[Value, int, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key) -> Value | None:
        """Return what is kept and has not run out."""
        found = self._kept.get(key)
        if found is None:
            return None
        value, octets, until = found
        if self._clock() >= until:
            del self._kept[key]
            self._used -= octets
            return None
        self._kept.move_to_end(key)
        return value

    def put(self, key: Key, value: Value, octets: int, seconds: float) -> None:
        """Keep a value of about so many octets for so long; not at all where that is no time."""
        old = self._kept.pop(key, None)
        if old is not None:
            self._used -= old[1]
        if seconds <= 0 or octets > self._limit:
            return
        self._kept[key] = (value, octets, self._clock() + seconds)
        self._used += octets
        while self._used > self._limit:
            _, (_, gone, _) = self._kept.popitem(last=False)
            self._used -= gone
