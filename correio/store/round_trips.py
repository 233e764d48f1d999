"""How often the database is asked: the cost that counts, told apart by whether somebody waits for the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar, copy_context
from typing import Any, Final, TypeVar

from pymongo import monitoring

T = TypeVar("T")

_UNCOUNTED: Final = frozenset({"hello", "ismaster", "isMaster", "endSessions"})
_in_background: ContextVar[bool] = ContextVar("in_background", default=False)


class RoundTrips(monitoring.CommandListener):
    """Counts the commands sent. A change stream's waiting getMore is not one: it costs nobody's time."""

    def __init__(self) -> None:
        self.count = 0
        """Those of work that somebody waits for."""
        self.background = 0
        """Those of :func:`background_task`: housekeeping, search blocks, news of other processes."""
        self.by_name: dict[str, int] = {}
        """Those of ``count``, by the name of the command."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.count + self.background

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        name = event.command_name
        if name in _UNCOUNTED or is_waiting(event):
            return
        if _in_background.get():
            self.background += 1
            return
        self.count += 1
        self.by_name[name] = self.by_name.get(name, 0) + 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Part of the listener's interface; only starts are counted."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Part of the listener's interface; only starts are counted."""


def is_waiting(event: monitoring.CommandStartedEvent) -> bool:
    """Tell whether this is a change stream's getMore, which waits for something to happen."""
    return event.command_name == "getMore" and bool(event.command.get("maxTimeMS"))


def background_task(work: Coroutine[Any, Any, T], name: str | None = None) -> asyncio.Task[T]:
    """Start a task whose round trips, and those of all it starts, count as nobody's."""
    context = copy_context()
    context.run(_in_background.set, True)
    return asyncio.create_task(work, name=name, context=context)
