"""Telling a client that its command is still being worked on (RFC 9585)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from protocols.imap.core.responses import untagged_ok

if TYPE_CHECKING:
    from protocols.wire.connection import Connection

FIRST: Final = 5.0
"""Seconds that a command runs before anything is said of it."""
EVERY: Final = 10.0
"""Seconds between two reports: often enough to keep every network and client patient."""
_PLAIN: Final = frozenset(
    {"APPEND", "CLOSE", "COPY", "EXAMINE", "EXPUNGE", "MOVE", "REPLACE", "SEARCH", "SELECT", "SORT", "STORE", "THREAD"}
)
LONG: Final = _PLAIN | {f"UID {name}" for name in _PLAIN}
"""Commands that may run long and whose answers are whole lines, so that a report never falls into one.

FETCH is not among them: what it sends is its own report, and may be in the middle of a literal.
"""


def report(tag: bytes, done: int | None, goal: int | None) -> bytes:
    """Write the report: how many things are done, and out of how many, as far as that is known (section 4)."""
    if done is None:
        state = "NIL NIL"
    elif goal is None:
        state = f"{done} NIL"
    elif goal < 1:
        state = "NIL NIL"
    else:
        # The goal is what is reached when the command has ended, and not before.
        state = f"{min(done, goal - 1)} {goal}"
    return untagged_ok("Still at it.", f'INPROGRESS ("{tag.decode("ascii")}" {state})')


class InProgress:
    """Reports, from ``start`` to ``stop``, on one command of a session, which may say how far it is."""

    __slots__ = ("_connection", "_done", "_goal", "_tag", "_timer")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tag = b""
        self._timer: asyncio.TimerHandle | None = None
        self._done: int | None = None
        self._goal: int | None = None

    def start(self, tag: bytes) -> None:
        """The command of this tag runs."""
        self._tag = tag
        self._timer = asyncio.get_running_loop().call_later(FIRST, self._tell)

    def stop(self) -> None:
        """It has ended: nothing is said of it any more."""
        self._done = self._goal = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def begin(self, goal: int | None = None) -> Callable[[int], None]:
        """So many things are to be done, or nobody knows how many. Returns what is to be told of how many more have been.

        Where there is more than one round, nobody knows how many things the later ones will have.
        """
        self._goal = goal if self._done is None else None
        self._done = self._done or 0
        return self._advance

    def _advance(self, count: int) -> None:
        self._done = (self._done or 0) + count

    def _tell(self) -> None:
        # Never into something that is being written, nor on top of what the client does not read.
        if self._connection.clear:
            self._connection.push(report(self._tag, self._done, self._goal))
        self._timer = asyncio.get_running_loop().call_later(EVERY, self._tell)
