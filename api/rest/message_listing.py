"""Which messages are on a page: a walk over the shared index, from the cursor on. Pure but for letting others run."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Final

import msgspec

from api.rest.pagination import Order
from correio.mail.flags import FlagSet
from correio.mail.mailbox_index import MailboxIndex

BREATH: Final = 50_000
"""Rows looked at between two turns of the event loop."""

Matches = Callable[[FlagSet], bool]


class Listing(msgspec.Struct, frozen=True):
    """The UIDs of a page in its order, and whether more follow."""

    uids: list[int]
    more: bool


class FlagFilter(msgspec.Struct, frozen=True):
    """Flags that a message must have, and flags it must not have."""

    required: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether every message passes."""
        return not (self.required or self.forbidden)

    def matches(self, flags: FlagSet) -> bool:
        """Tell whether a message with these flags passes. Keywords are the same in any case (RFC 9051 section 2.3.2)."""
        names = {name.lower() for name in flags.names}
        return self.required <= names and not self.forbidden & names


async def list_page(index: MailboxIndex, order: Order, after: int | None, limit: int, wanted: FlagFilter) -> Listing:
    """Return the first ``limit`` messages behind the UID ``after`` that pass the filter."""
    # Both columns are replaced, never changed in length, when messages go: these two belong together.
    uids, flags = index.uids, index.flags
    count = len(flags)
    if order == "asc":
        positions = range(0 if after is None else bisect_right(uids, after, 0, count), count)
    else:
        positions = range((count if after is None else bisect_left(uids, after, 0, count)) - 1, -1, -1)
    if wanted.is_empty:
        return Listing([uids[at] for at in positions[:limit]], len(positions) > limit)
    known: dict[FlagSet, bool] = {}
    found: list[int] = []
    for step, at in enumerate(positions, 1):
        one = flags[at]
        passes = known.get(one)
        if passes is None:
            passes = known[one] = wanted.matches(one)
        if passes:
            if len(found) == limit:
                return Listing(found, True)
            found.append(uids[at])
        if step % BREATH == 0:
            await asyncio.sleep(0)
    return Listing(found, False)
