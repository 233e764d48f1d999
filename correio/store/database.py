"""The connection to MongoDB: the motor client, its collections, and the threads for whole transactions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

import msgspec
import pymongo
from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo import MongoClient, monitoring
from pymongo.client_session import ClientSession
from pymongo.database import Database as SyncDatabase
from pymongo.errors import DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from correio.errors import UnavailableError
from correio.store.bounds import Densities
from correio.store.indexes import INDEXES
from correio.store.round_trips import RoundTrips, is_waiting

P = ParamSpec("P")
T = TypeVar("T")
StructT = TypeVar("StructT", bound=msgspec.Struct)
Raw = dict[str, Any]

DURABLE: Final = WriteConcern(w="majority", j=True)
BY_ID: Final = "_id_"
"""The index to name where a filter has a condition beside ``_id``: the embedded server looks for a better one first, and that
takes it longer than the update."""
_IN: Final = 50
"""Ids in one ``$in``: the embedded server's time grows with the square of their number."""
_THREADS: Final = 8
_TRANSACTION: Final = 45.0
"""Seconds."""


@contextmanager
def available() -> Iterator[None]:
    """Turn whatever the driver raises into UnavailableError. Duplicate keys pass: their caller expects them."""
    try:
        yield
    except DuplicateKeyError:
        raise
    except PyMongoError as error:
        raise UnavailableError("The database does not answer; try again later.") from error


class ChangeBatches(monitoring.CommandListener):
    """Knows how many events the last answer to the change stream brought: the stream itself hands them out one by one."""

    def __init__(self) -> None:
        self.reads = 0
        """How many answers came."""
        self.size = 0
        """The events of the last one."""
        self._waiting: set[int] = set()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if is_waiting(event):
            self._waiting.add(event.request_id)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        if event.request_id in self._waiting:
            self._waiting.discard(event.request_id)
            self.size = len(event.reply["cursor"]["nextBatch"])
            self.reads += 1

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        self._waiting.discard(event.request_id)


def to_document(struct: msgspec.Struct) -> Raw:
    """Return the struct as the document MongoDB stores."""
    raw: Raw = msgspec.to_builtins(struct, builtin_types=(bytes,))
    return raw


def from_document(cls: type[StructT], document: Mapping[str, Any]) -> StructT:
    """Return a stored document as its struct. Fields the struct does not know are passed over."""
    return msgspec.convert(document, cls)


class Database:
    """One process's connection. All writes are majority acknowledged and journalled."""

    def __init__(self, uri: str, name: str) -> None:
        self.round_trips: Final = RoundTrips()
        self.changes: Final = ChangeBatches()
        self.densities: Final = Densities()
        self._client: AsyncIOMotorClient[Raw] = AsyncIOMotorClient(
            uri,
            event_listeners=[self.round_trips, self.changes],
            serverSelectionTimeoutMS=10_000,
            connectTimeoutMS=5_000,
            retryWrites=True,
            tz_aware=True,
            io_loop=asyncio.get_running_loop(),
        )
        self.name: Final = name
        self._database: AsyncIOMotorDatabase[Raw] = self._client.get_database(
            name, write_concern=DURABLE, read_concern=ReadConcern("majority")
        )
        self._closed = False
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="store")

    def __getitem__(self, collection: str) -> AsyncIOMotorCollection[Raw]:
        return self._database[collection]

    async def find_by_ids(self, collection: str, ids: Sequence[str]) -> list[Raw]:
        """Return the documents with these ids that are there, in no order. One round trip for every 50."""
        found: list[Raw] = []
        with available():
            for at in range(0, len(ids), _IN):
                chunk = list(ids[at : at + _IN])
                where = {"_id": chunk[0] if len(chunk) == 1 else {"$in": chunk}}
                found += await self._database[collection].find(where).to_list(None)
        return found

    @property
    def client(self) -> MongoClient[Raw]:
        """Motor's own synchronous client: a whole transaction runs in one thread, without a hop between its statements."""
        client: MongoClient[Raw] = self._client.delegate
        return client

    @property
    def synchronous(self) -> SyncDatabase[Raw]:
        """The same database on the synchronous client, for use in :meth:`in_thread`."""
        return self.client.get_database(self.name, CodecOptions(tz_aware=True), write_concern=DURABLE)

    def transact(self, work: Callable[[ClientSession], T], seconds: float = _TRANSACTION) -> T:
        """Run ``work`` in one durable transaction, again where it loses a race; for use in :meth:`in_thread`.

        ``work`` gives the session to whatever it does on :attr:`synchronous`, and does nothing else. Raises what it raises and
        PyMongoError, also when all of it takes longer than ``seconds``.
        """
        with pymongo.timeout(seconds), self.client.start_session() as session:
            return session.with_transaction(work, write_concern=DURABLE)

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run blocking database work in a thread. Cancelling the caller does not stop the work."""
        if self._closed:
            raise UnavailableError("The server is shutting down; try again later.")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, copy_context().run, partial(function, *args, **kwargs))

    async def ping(self) -> None:
        """Raise UnavailableError when the server does not answer."""
        with available():
            await self._client.admin.command("ping")

    async def prepare(self) -> None:
        """Create the indexes that are missing. Safe to run at every start."""
        for index in INDEXES:
            await self._database[index.collection].create_index(
                list(index.keys), name=index.name, unique=index.unique, sparse=index.sparse
            )

    async def close(self) -> None:
        """Close every connection."""
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)
        self._client.close()
