"""Dates of commands and of FETCH (RFC 9051 section 9: date, date-time). Times are seconds since the epoch."""

from __future__ import annotations

import calendar
import re
import time
from typing import Final

from protocols.imap.core.cursor import Cursor
from protocols.imap.core.syntax_error import CommandSyntaxError

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH: Final = {name.upper().encode(): number for number, name in enumerate(MONTHS, 1)}
_DATE: Final = re.compile(rb"(\d{1,2})-([A-Za-z]{3})-(\d{4})")
_DATE_TIME: Final = re.compile(rb"([ \d]\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
DAY: Final = 86_400


def parse_date(cursor: Cursor) -> int:
    """Read a date, quoted or not, as the number of its day since the epoch."""
    found = _DATE.fullmatch(cursor.astring())
    if found is None:
        raise CommandSyntaxError("A date looks like 1-Feb-2026.")
    return _seconds(found[3], found[2], found[1]) // DAY


def parse_date_time(cursor: Cursor) -> int:
    """Read a quoted date-time as seconds since the epoch."""
    found = _DATE_TIME.fullmatch(cursor.string())
    if found is None:
        raise CommandSyntaxError('A date and time looks like " 1-Feb-2026 13:04:05 +0100".')
    hour, minute, second, zone_hour, zone_minute = (int(found[n]) for n in (4, 5, 6, 8, 9))
    if hour > 23 or minute > 59 or second > 60 or zone_minute > 59:
        raise CommandSyntaxError("The time of day does not exist.")
    offset = (zone_hour * 60 + zone_minute) * 60 * (-1 if found[7] == b"-" else 1)
    return _seconds(found[3], found[2], found[1]) + (hour * 60 + minute) * 60 + second - offset


def _seconds(year: bytes, month: bytes, day: bytes) -> int:
    number = _MONTH.get(month.upper())
    if number is None or int(year) < 1:
        raise CommandSyntaxError("The date does not exist.")
    if not 1 <= int(day) <= calendar.monthrange(int(year), number)[1]:
        raise CommandSyntaxError("The date does not exist.")
    return calendar.timegm((int(year), number, int(day), 0, 0, 0, 0, 1, 0))


def format_date_time(seconds: int) -> bytes:
    """Write a date-time, quotes included, in UTC."""
    t = time.gmtime(seconds)
    return b'"%2d-%s-%04d %02d:%02d:%02d +0000"' % (
        t.tm_mday,
        MONTHS[t.tm_mon - 1].encode(),
        t.tm_year,
        t.tm_hour,
        t.tm_min,
        t.tm_sec,
    )
