"""Dates and their parts (RFC 5260 section 4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from correio.mime.dates import parse_date

_ZONE: Final = re.compile(r"([+-])([0-9]{2})([0-5][0-9])")
_WRITTEN_ZONE: Final = re.compile(r"[0-9]\s*([+-])([0-9]{2}):?([0-5][0-9])\b")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_JULIAN: Final = date(1858, 11, 17).toordinal()
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def read_zone(text: str) -> int | None:
    """Return the minutes east of UTC that ``+hhmm`` or ``-hhmm`` says, None for anything else."""
    found = _ZONE.fullmatch(text)
    if found is None:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    return None if minutes >= 24 * 60 else -minutes if found[1] == "-" else minutes


def header_date(value: str) -> tuple[int, int] | None:
    """Return (seconds since the epoch, minutes east of UTC as written) of the date a header field ends with.

    It is the whole value, or what follows its last semicolon. None where that is no date.
    """
    text = value.rpartition(";")[2].strip()
    seconds = parse_date(text)
    if seconds is None:
        return None
    zone = _WRITTEN_ZONE.search(text)
    if zone is not None:
        minutes = int(zone[2]) * 60 + int(zone[3])
        return seconds, 0 if minutes >= 24 * 60 else -minutes if zone[1] == "-" else minutes
    # A zone by its name: the difference between what is written and what it means.
    written = parse_date(re.sub(r"[A-Za-z]{1,5}\s*(?:\(.*)?$", "", text))
    return seconds, 0 if written is None else (written - seconds) // 60


def zoned(seconds: int, minutes: int) -> datetime | None:
    """Return a point in time as it is read in a zone; None where the calendar does not reach."""
    try:
        return (_EPOCH + timedelta(seconds=seconds)).astimezone(timezone(timedelta(minutes=minutes)))
    except (OverflowError, ValueError):
        return None


def _offset(when: datetime, colon: str = "") -> str:
    minutes = int((when.utcoffset() or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}{colon}{rest:02}"


def _day(when: datetime) -> str:
    return f"{when.year:04}-{when.month:02}-{when.day:02}"


def _time(when: datetime) -> str:
    return f"{when.hour:02}:{when.minute:02}:{when.second:02}"


def _iso8601(when: datetime) -> str:
    offset = _offset(when, ":")
    return f"{_day(when)}T{_time(when)}{'Z' if offset == '+00:00' else offset}"


def std11(when: datetime) -> str:
    """Return a date as a Date field has it (RFC 5322 section 3.3)."""
    day = f"{_DAYS[when.weekday()]}, {when.day:02} {_MONTHS[when.month - 1]} {when.year:04}"
    return f"{day} {_time(when)} {_offset(when)}"


DATE_PARTS: Final[dict[str, Callable[[datetime], str]]] = {
    "year": lambda when: f"{when.year:04}",
    "month": lambda when: f"{when.month:02}",
    "day": lambda when: f"{when.day:02}",
    "date": _day,
    "julian": lambda when: str(when.toordinal() - _JULIAN),
    "hour": lambda when: f"{when.hour:02}",
    "minute": lambda when: f"{when.minute:02}",
    "second": lambda when: f"{when.second:02}",
    "time": _time,
    "iso8601": _iso8601,
    "std11": std11,
    "zone": _offset,
    "weekday": lambda when: str(when.isoweekday() % 7),
}
"""What each date part is."""
