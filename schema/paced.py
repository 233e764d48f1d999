"""Long lists, completed a few items at a time, so that no answer holds the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")
AT_ONCE: Final = 50
"""Items that are completed without a pause."""


class Paced(Generic[T]):
    """Makes and yields items, with a pause for others after every few. Each field that shows it walks it anew."""

    def __init__(self, items: Sequence[T], make: Callable[[T], object]) -> None:
        self._items = items
        self._make = make

    async def __aiter__(self) -> AsyncIterator[object]:
        for at, item in enumerate(self._items):
            if at and at % AT_ONCE == 0:
                await asyncio.sleep(0)
            yield self._make(item)


def paced(items: Sequence[T], make: Callable[[T], object]) -> Any:
    """Return what the resolver of a list gives: the items made at once, or paced where there are many.

    graphql-core completes either form. The field's declared type is the list that the schema is made from.
    """
    return [make(item) for item in items] if len(items) <= AT_ONCE else Paced(items, make)
