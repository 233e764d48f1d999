"""Long lists, counted against the operation's budget and completed a few items at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from graphql import get_named_type

from schema.cost import ASSUMED_LENGTH

if TYPE_CHECKING:
    from schema.context import Info

T = TypeVar("T")
AT_ONCE: Final = 25
"""Items that are completed without a pause in a long list."""
_SHORT: Final = 50
"""Items of a list that is given as it is: a usual page, where pacing would cost more than it spares others."""


class Paced(Generic[T]):
    """Makes and yields items, with a pause for others after every few. Each field that shows it walks it anew."""

    def __init__(self, items: Sequence[T], make: Callable[[T], object], before: Callable[[int], None]) -> None:
        self._items = items
        self._make = make
        self._before = before

    async def __aiter__(self) -> AsyncIterator[object]:
        self._before(len(self._items))
        for at, item in enumerate(self._items):
            if at and at % AT_ONCE == 0:
                await asyncio.sleep(0)
            yield self._make(item)


def paced(items: Sequence[T], make: Callable[[T], object], before: Callable[[int], None] = lambda _: None) -> Any:
    """Return what the resolver of a list gives: the items made at once, or paced where there are many.

    ``before`` is called with their number whenever a long list is about to be shown. graphql-core completes either form; the
    field's declared type is the list that the schema is made from.
    """
    return [make(item) for item in items] if len(items) <= _SHORT else Paced(items, make, before)


def counted(info: Info, items: Sequence[T], make: Callable[[T], object], assumed: int = ASSUMED_LENGTH) -> Any:
    """Return a list whose length nothing in the query bounds: what it holds beyond ``assumed`` is charged.

    Raises LimitError.
    """
    beyond = len(items) - assumed
    if beyond > 0:
        raw = info._raw_info
        item = info.context.measure.below(raw.field_nodes, get_named_type(raw.return_type))
        info.context.budget.charge(beyond * (1 + item))
    return paced(items, make)
