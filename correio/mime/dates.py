"""RFC 5322 dates (section 3.3 and the obsolete forms of 4.3) and the malformed ones of real mail, to epoch seconds."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
_ZONES: Final = {
    "UT": 0, "UTC": 0, "GMT": 0, "Z": 0,
    "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420,
    "BST": 60, "CET": 60, "MET": 60, "CEST": 120, "MEST": 120, "EET": 120, "EEST": 180, "MSK": 180, "JST": 540, "IST": 330,
    "KST": 540,
}  # fmt: skip
_TIME: Final = r"(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2})(?:\.\d{1,9})?)?(?:\s*([AaPp][Mm])\b)?"
_ZONE: Final = r"(?:\s*(?:(?:UTC|GMT)?([+-])\s?(\d{1,2}):?(\d{2})\b|([A-Za-z]{1,5})\b))?"
_DAY_FIRST: Final = re.compile(
    r"(?:[^\W\d]{2,9}\.?\s{0,8},?\s*)?(\d{1,2})[\s\-.]{1,8}([A-Za-z]{3})[a-z]{0,7}[\s\-.,]{1,8}(\d{2,4}),?[\s:T]{0,8}(?:"
    + _TIME + _ZONE + ")?",
)  # fmt: skip
_MONTH_FIRST: Final = re.compile(
    r"(?:[^\W\d]{2,9}\.?\s{0,8},?\s*)?([A-Za-z]{3})[a-z]{0,7}\.?\s{1,8}(\d{1,2}),?\s{1,8}(?:(\d{4}),?\s{1,8})?"
    + _TIME + _ZONE + r"(?:\s{1,8}(\d{4}))?",
)  # fmt: skip
_ISO: Final = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T\s]{1,4}" + _TIME + _ZONE + ")?")
_COMMENT: Final = re.compile(r"\([^()]*\)?")
_MAX_DATE: Final = 256
_EPOCH: Final = date(1970, 1, 1).toordinal()


def parse_date(text: str) -> int | None:
    """Return the seconds since the epoch (UTC) of a Date field's value, or None where it says no point in time.

    A missing or unknown zone is UTC (RFC 5322 section 4.3: ``-0000``). Two-digit years follow section 4.3.
    """
    text = text[:_MAX_DATE]
    if "(" in text:
        text = _COMMENT.sub(" ", text)
    text = " ".join(text.split()).strip("\"'")
    match = _DAY_FIRST.match(text)
    if match:
        day, month_name, year, *rest = match.groups()
        month = _MONTHS.get(month_name.lower())
        return _seconds(year, month, day, rest)
    match = _ISO.match(text)
    if match:
        year, month_number, day, *rest = match.groups()
        return _seconds(year, int(month_number), day, rest)
    match = _MONTH_FIRST.match(text)
    if match:
        month_name, day, year_before, *rest, year_after = match.groups()
        year = year_before or year_after
        return _seconds(year, _MONTHS.get(month_name.lower()), day, rest) if year else None
    return None


def _seconds(year_text: str, month: int | None, day_text: str, rest: list[str | None]) -> int | None:
    hour_text, minute_text, second_text, half, sign, zone_hours, zone_minutes, zone_name = rest
    year, day = int(year_text), int(day_text)
    # RFC 5322 section 4.3: 00 to 49 are 2000 to 2049, 50 to 99 and three digits count from 1900.
    if len(year_text) == 2:
        year += 2000 if year < 50 else 1900
    elif len(year_text) == 3:
        year += 1900
    hour, minute, second = int(hour_text or 0), int(minute_text or 0), int(second_text or 0)
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    if hour > 23 or minute > 59 or second > 60 or month is None:
        return None
    try:
        days = date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None
    offset = 0
    if sign and zone_hours and zone_minutes:
        offset = int(zone_hours) * 60 + int(zone_minutes)
        offset = 0 if offset > 24 * 60 else -offset if sign == "-" else offset
    elif zone_name:
        offset = _ZONES.get(zone_name.upper(), 0)
    return days * 86400 + hour * 3600 + minute * 60 + second - offset * 60
