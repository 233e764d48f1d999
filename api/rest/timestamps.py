"""Times on the wire: RFC 3339 in UTC, whole seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from correio.errors import InvalidInputError

_FIRST: Final = -62_135_596_800
_LAST: Final = 253_402_300_799


def rfc3339(seconds: int) -> str:
    """Return seconds since the epoch as "2026-01-31T12:00:00Z"; years outside 1 to 9999 become the nearest that fits."""
    when = datetime.fromtimestamp(min(max(seconds, _FIRST), _LAST), UTC)
    return f"{when.year:04}-{when.month:02}-{when.day:02}T{when.hour:02}:{when.minute:02}:{when.second:02}Z"


def optional_rfc3339(seconds: int | None) -> str | None:
    """Return a time that may be absent; one that no calendar year has is absent too."""
    return rfc3339(seconds) if seconds is not None and _FIRST <= seconds <= _LAST else None


def parse_rfc3339(text: str, field: str) -> int:
    """Return seconds since the epoch. Raises InvalidInputError."""
    try:
        when = datetime.fromisoformat(text.upper())
        if when.tzinfo is None:
            raise ValueError("no offset")  # noqa: TRY301 - the same answer as for any other bad time
        return int(when.timestamp())
    except (ValueError, OverflowError) as error:
        raise InvalidInputError("This is not a time of RFC 3339 with an offset.", field) from error
