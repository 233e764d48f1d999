"""What the store assumes of its server, as checks that run against any: the embedded one in the tests, and by
``correio doctor`` the one an operator has configured.

Two things the store avoids because SecantusDB 0.7.0b3 gets them wrong are not here but in ``tests/ops/test_defects.py``:
findOneAndUpdate returning the document BEFORE, and a range on a field that is not the last of an index. What only a kill
can show (that an acknowledged write survives one) is in ``tests/ops/test_contract.py``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

import msgspec
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from correio.errors import UnavailableError
from correio.store import contract_feed, contract_indexes, contract_writes
from correio.store.contract_scratch import Breach, Check, Raw, Scratch

CHECKS: Final[tuple[Check, ...]] = (*contract_writes.CHECKS, *contract_indexes.CHECKS, *contract_feed.CHECKS)


class Outcome(msgspec.Struct, frozen=True):
    """What became of one check. ``breach`` is None when the server keeps the contract; ``seconds`` is how long it took."""

    name: str
    breaks: str
    breach: str | None
    seconds: float


def run_contract(uri: str, database: str, checks: tuple[Check, ...] = CHECKS) -> Iterator[Outcome]:
    """Run the checks one by one, in collections of their own in ``database``. Blocks. Raises UnavailableError."""
    with MongoClient[Raw](uri, serverSelectionTimeoutMS=10_000, tz_aware=True) as client:
        try:
            client.admin.command("ping")
        except PyMongoError as error:
            raise UnavailableError(f"The database does not answer: {error}") from error
        for check in checks:
            yield _run(check, client, database)


def _run(check: Check, client: MongoClient[Raw], database: str) -> Outcome:
    scratch = Scratch(client, database)
    began = time.monotonic()
    breach: str | None = None
    try:
        try:
            check.probe(scratch)
        finally:
            scratch.drop()
    except Breach as seen:
        breach = str(seen)
    except PyMongoError as error:
        breach = f"the server answered {error}"
    return Outcome(check.name, check.breaks, breach, time.monotonic() - began)
