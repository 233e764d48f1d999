"""The messages of a mailbox by time of arrival (INTERNALDATE), beside the index, which is by UID.

In most mailboxes both orders are one, and nothing is kept. Where older mail was imported later, the order is an array
of row numbers, four octets a message, kept for as long as the index lives.
"""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import le
from typing import Final
from weakref import WeakKeyDictionary

import msgspec

from correio.mail.flags import FlagSet
from correio.mail.mailbox_index import MailboxIndex

_LARGE: Final = 20_000
"""Rows from which an order is built in a thread, off the event loop."""
_MANY: Final = 500
"""New rows from which an order is built anew, rather than each put in its place."""


class ReceivedRows(msgspec.Struct, frozen=True):
    """The rows of one mailbox as of a moment. ``positions`` are row numbers in order of (date, UID).

    The columns are those of the index at that moment: rows that come or go later are not in them; flags may be newer.
    """

    mailbox_id: str
    positions: Sequence[int]
    uids: array[int]
    dates: array[int]
    sizes: array[int]
    flags: list[FlagSet]

    def key(self, position: int) -> tuple[int, int]:
        """Return what a row is ordered by."""
        return self.dates[position], self.uids[position]

    def find(self, date: int, uid: int, *, after: bool) -> int:
        """Return where in ``positions`` a key would stand: before an equal one, or after it."""
        bisect = bisect_right if after else bisect_left
        return bisect(self.positions, (date, uid), key=self.key)


class _Order:
    """How far the order of one index is known. ``positions`` is None where it is that of the UIDs."""

    __slots__ = ("length", "positions", "uids")

    def __init__(self, uids: array[int], length: int, positions: array[int] | None) -> None:
        self.uids = uids
        self.length = length
        self.positions = positions


_orders: WeakKeyDictionary[MailboxIndex, _Order] = WeakKeyDictionary()


async def received_rows(index: MailboxIndex) -> ReceivedRows:
    """Return the rows of an index by time of arrival."""
    order = _orders.get(index)
    while order is None or order.uids is not index.uids or len(index) - order.length > _MANY:
        uids, length = index.uids, len(index)
        if length > _LARGE:
            positions = await asyncio.to_thread(_sorted_positions, index.dates[:length])
        else:
            positions = _sorted_positions(index.dates)
        order = _orders[index] = _Order(uids, length, positions)
    _extend(order, index)
    length = order.length
    positions = order.positions
    return ReceivedRows(
        index.mailbox_id,
        range(length) if positions is None else positions[:],
        index.uids,
        index.dates,
        index.sizes,
        index.flags,
    )


def _sorted_positions(dates: array[int]) -> array[int] | None:
    if all(map(le, dates, dates[1:])):
        return None
    return array("I", sorted(range(len(dates)), key=dates.__getitem__))


def _extend(order: _Order, index: MailboxIndex) -> None:
    dates = index.dates
    for position in range(order.length, len(index)):
        if order.positions is None and position and dates[position] < dates[position - 1]:
            order.positions = array("I", range(position))
        if order.positions is not None:
            # UIDs only grow: among equal dates a new row is the last.
            at = bisect_right(order.positions, dates[position], key=dates.__getitem__)
            order.positions.insert(at, position)
    order.length = len(index)
