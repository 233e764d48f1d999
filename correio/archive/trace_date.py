"""When a message was received, by its own trace fields (RFC 5321 section 4.4)."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Final

_FIELD: Final = re.compile(rb"^(received|date):((?:[^\r\n]|\r?\n[ \t]){0,2000})", re.IGNORECASE | re.MULTILINE)
_END: Final = re.compile(rb"\r?\n\r?\n")
_HEADER: Final = 256 * 1024
_YEAR_3000: Final = 32_503_680_000


def received_date(raw: bytes) -> int | None:
    """Return the time of the topmost Received field, else of Date, in seconds since the epoch; None without either."""
    header = raw[:_HEADER]
    end = _END.search(header)
    fallback: int | None = None
    for match in _FIELD.finditer(header, 0, end.start() if end else len(header)):
        name, value = match[1].lower(), match[2]
        when = _parse(value.rpartition(b";")[2] if name == b"received" else value)
        if when is None:
            continue
        if name == b"received":
            return when
        fallback = fallback or when
    return fallback


def _parse(octets: bytes) -> int | None:
    try:
        when = int(parsedate_to_datetime(octets.decode("ascii", "replace").strip()).timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return when if 0 <= when < _YEAR_3000 else None
