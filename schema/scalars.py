"""The scalars that GraphQL does not have itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

DateTime = NewType("DateTime", int)
"""Seconds since the epoch here, RFC 3339 in UTC for clients."""
State = NewType("State", int)
"""The account's modseq here, an opaque string for clients."""
URL = NewType("URL", str)

MIN_TIME: Final = -62_135_596_800
MAX_TIME: Final = 253_402_300_799
"""The first second of the year 1 and the last of 9999: what RFC 3339 can write."""
MAX_STATE: Final = 2**63 - 1


def date_time(seconds: int | None) -> DateTime | None:
    """Return a time for a client, or None where RFC 3339 has no form for it."""
    return DateTime(seconds) if seconds is not None and MIN_TIME <= seconds <= MAX_TIME else None


def clamped(seconds: int) -> DateTime:
    """Return a time for a client, moved to the nearest one that RFC 3339 has a form for."""
    return DateTime(min(max(seconds, MIN_TIME), MAX_TIME))


def _write_time(value: int) -> str:
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def _read_time(value: Any) -> int:
    if isinstance(value, str) and len(value) <= 40:
        try:
            moment = datetime.fromisoformat(value.upper())
        except ValueError:
            moment = None
        if moment is not None and "T" in value.upper() and moment.tzinfo is not None:
            return int(moment.timestamp() // 1)
    raise ValueError("A DateTime is written as in RFC 3339, with its zone: 2026-01-31T23:59:59Z.")


def _read_state(value: Any) -> int:
    if (
        isinstance(value, str)
        and value.isascii()
        and value.isdecimal()
        and len(value) <= 19
        and int(value) <= MAX_STATE
    ):
        return int(value)
    raise ValueError("A State is a string that this server gave.")


SCALARS: Final[dict[object, ScalarDefinition]] = {
    DateTime: strawberry.scalar(
        name="DateTime",
        description="A moment as RFC 3339 writes it, in UTC.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_write_time,
        parse_value=_read_time,
    ),
    State: strawberry.scalar(
        name="State",
        description="Opaque, per account, strictly ordered: greater after every change. The IMAP HIGHESTMODSEQ space.",
        serialize=str,
        parse_value=_read_state,
    ),
    URL: strawberry.scalar(
        name="URL",
        description="A URI reference, relative to this endpoint unless it has a scheme of its own.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3986",
        serialize=str,
    ),
}
