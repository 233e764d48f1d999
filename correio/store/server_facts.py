"""What the database server says about itself."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from correio.errors import UnavailableError
from correio.store.contract_scratch import Raw


class ServerFacts(msgspec.Struct, frozen=True):
    """Its version, its replica set ("" for a sharded cluster), and how far its clock is ahead of ours in seconds."""

    version: str
    replica_set: str
    members: int
    clock_ahead: float


def server_facts(uri: str) -> ServerFacts:
    """Ask the server. Blocks for at most ten seconds. Raises UnavailableError, also for a URI that cannot be."""
    # The URI may ask for less patience.
    patience: dict[str, Any] = {} if "serverselectiontimeoutms" in uri.lower() else {"serverSelectionTimeoutMS": 10_000}
    try:
        with MongoClient[Raw](uri, tz_aware=True, **patience) as client:
            before = time.time()
            hello = client.admin.command("hello")
            middle = (before + time.time()) / 2
            version = str(client.admin.command("buildInfo").get("version", "unknown"))
    except PyMongoError as error:
        raise UnavailableError(f"The database does not answer: {error}") from error
    ahead = hello["localTime"].timestamp() - middle if "localTime" in hello else 0.0
    return ServerFacts(version, str(hello.get("setName", "")), len(hello.get("hosts", [])), ahead)
