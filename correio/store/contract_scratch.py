"""What the checks of the contract stand on: collections of their own, threads that start together, and a breach."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import msgspec
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

T = TypeVar("T")
Raw = dict[str, Any]

RIVALS: Final = 8
"""Threads in a check of what happens at the same time."""


class Breach(Exception):  # noqa: N818 - it is what the server did, not an error of ours
    """The server does not do what the store assumes. The text says what was seen."""


class Scratch:
    """Collections in the configured database, under names that nothing else has; dropped at the end."""

    def __init__(self, client: MongoClient[Raw], database: str) -> None:
        self.client: Final = client
        self._database = client.get_database(
            database, write_concern=WriteConcern(w="majority", j=True), read_concern=ReadConcern("majority")
        )
        self._prefix = f"contract_{secrets.token_hex(6)}_"
        self._made: list[str] = []

    def collection(self, name: str) -> Collection[Raw]:
        """Return a new collection that exists already, so that transactions need not make it."""
        full = f"{self._prefix}{len(self._made)}_{name}"
        self._made.append(full)
        return self._database.create_collection(full)

    def drop(self) -> None:
        """Remove every collection made here. Raises PyMongoError."""
        for name in self._made:
            self._database.drop_collection(name)
        self._made.clear()


class Check(msgspec.Struct, frozen=True):
    """One assumption of the store."""

    name: str
    breaks: str
    """What goes wrong in Correio when it does not hold."""
    probe: Callable[[Scratch], None]
    """Raises Breach or PyMongoError."""


def together(work: Callable[[int], T], rivals: int = RIVALS) -> list[T]:
    """Run ``work(0)``, ``work(1)`` … in threads that start at the same moment; returns what they return."""
    barrier = threading.Barrier(rivals)

    def start(number: int) -> T:
        barrier.wait(30)
        return work(number)

    with ThreadPoolExecutor(rivals) as threads:
        return list(threads.map(start, range(rivals)))


def expect(condition: object, text: str) -> None:
    """Raise Breach with a text unless the condition holds."""
    if not condition:
        raise Breach(text)


def refused(work: Callable[[], object]) -> PyMongoError | None:
    """Return the error that the server refuses work with, or None when it does it."""
    try:
        work()
    except PyMongoError as error:
        return error
    return None
