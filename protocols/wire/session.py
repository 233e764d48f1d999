"""What a protocol gives the stream shell: one object a connection, that turns octets into events and answers them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum, auto
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from protocols.wire.connection import Connection

Event = TypeVar("Event")


class Farewell(Enum):
    """Why the server ends a connection."""

    TIMEOUT = auto()
    """The client was silent for too long."""
    SHUTDOWN = auto()
    """The server stops."""
    TOO_MANY = auto()
    """No more connections are taken; nothing was greeted yet."""
    FAULT = auto()
    """A defect of ours; it has been logged."""
    GARBLED = auto()
    """What the client sent cannot be read any more: it is not compressed as it was agreed."""


class Session(ABC, Generic[Event]):
    """One client's dialogue. The shell calls; nothing here touches a socket but through ``self.connection``.

    The shell keeps these promises: ``opened``, ``handle`` and ``woken`` never run at the same time, and run in a task
    that ends when there is no event left, so that an idle connection holds no task at all. ``handle`` runs to its end
    even when the client has gone; a write then raises ``ConnectionError``, which the shell takes as the session's end.
    """

    __slots__ = ("connection",)

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @property
    @abstractmethod
    def timeout(self) -> float:
        """Seconds of silence that the client may have in its present state. Read again after each event."""

    @abstractmethod
    async def opened(self) -> None:
        """Greet the client."""

    @abstractmethod
    def receive(self, data: bytes) -> None:
        """Buffer octets that have arrived. The shell stops reading while ``pending`` is large."""

    @property
    @abstractmethod
    def pending(self) -> int:
        """Octets buffered and not yet taken as an event."""

    @abstractmethod
    def next_event(self) -> Event | None:
        """Return the next thing to answer, or None while what has arrived does not make one."""

    @abstractmethod
    async def handle(self, event: Event) -> None:
        """Answer one event, expected failures included. What escapes is logged and ends the connection."""

    async def woken(self) -> None:
        """Called after ``connection.wake()``, between events."""

    def half_closed(self) -> None:
        """The client will send nothing more. What it sent before is still answered, then the connection closes."""

    @abstractmethod
    def farewell(self, reason: Farewell) -> bytes:
        """Return the octets to send before the server closes the connection for this reason."""

    def closed(self) -> None:
        """The connection is gone: let go of whatever is held. Called once."""

    def name(self) -> str:
        """How the log calls this client, for example the address of the account."""
        return self.connection.remote
