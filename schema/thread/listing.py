"""The list of a thread's messages, all of whose keys are at hand."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Final

from schema.pagination import Key, Page


class ThreadListing:
    """Messages by time of arrival, the first received first."""

    def __init__(self, state: int, keys: Iterable[Key]) -> None:
        self.state: Final = state
        self._keys = sorted(keys)

    async def page(self, page: Page) -> list[Key]:
        """Return the keys of a page, in the order of the list."""
        start = bisect_right(self._keys, page.after) if page.after is not None else 0
        end = bisect_left(self._keys, page.before) if page.before is not None else len(self._keys)
        inside = self._keys[start:end]
        return inside[max(0, len(inside) - page.size) :] if page.backward else inside[: page.size]

    async def exists_before(self, key: Key, *, including: bool = False) -> bool:
        """Tell whether the list holds something before a key, or at it."""
        return (bisect_right if including else bisect_left)(self._keys, key) > 0

    async def exists_after(self, key: Key, *, including: bool = False) -> bool:
        """Tell whether the list holds something after a key, or at it."""
        return (bisect_left if including else bisect_right)(self._keys, key) < len(self._keys)

    async def is_empty(self) -> bool:
        """Tell whether the list holds nothing."""
        return not self._keys

    async def count(self) -> int:
        """Return how many messages the whole list holds."""
        return len(self._keys)
