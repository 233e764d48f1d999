"""The database: does it answer, does its clock agree with ours, does it keep the store's contract."""

from __future__ import annotations

from collections.abc import Iterator

from correio.config import Settings
from correio.doctor.finding import Finding
from correio.errors import UnavailableError
from correio.store.contract import run_contract
from correio.store.server_facts import server_facts


def examine_database(settings: Settings, uri: str, *, contract: bool = True) -> Iterator[Finding]:
    """Yield a finding for the server, and one for each check of the contract. Blocks."""
    embedded = settings.mongodb_uri is None
    try:
        facts = server_facts(uri)
    except UnavailableError as error:
        yield Finding("database", "problem", str(error), "Start it, or correct CORREIO_MONGODB_URI.")
        return
    kind = f"replica set {facts.replica_set}" if facts.replica_set else "sharded cluster"
    what = "embedded database" if embedded else f"MongoDB {facts.version}, {kind}"
    yield Finding("database", "ok", f"The {what} answers.")
    if not embedded and facts.replica_set and facts.members < 3:
        yield Finding(
            "database",
            "note",
            f"The replica set has {facts.members} member(s): when one is lost, no mail is taken.",
            "Three members survive the loss of one.",
        )
    if abs(facts.clock_ahead) > 2:
        yield Finding(
            "clock",
            "warning",
            f"The database's clock and this machine's differ by {abs(facts.clock_ahead):.0f} seconds.",
            "Keep both right with NTP.",
        )
    if not contract:
        return
    try:
        for outcome in run_contract(uri, settings.database):
            if outcome.breach is None:
                yield Finding("contract", "ok", f"{outcome.name}.")
            else:
                yield Finding(
                    "contract",
                    "problem",
                    f"{outcome.name}: {outcome.breach}. {outcome.breaks}",
                    "Do not keep mail on this server; use MongoDB 6.0 or newer as a replica set.",
                )
    except UnavailableError as error:
        yield Finding("contract", "problem", str(error), "Run doctor again when the database is up.")
