"""Dates of real mail."""

from __future__ import annotations

import pytest

from correio.mime.dates import parse_date

NOON = 1795392000 + 43200  # 2026-11-23T12:00:00Z


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 23 Nov 2026 12:00:00 +0000",
        "23 Nov 2026 12:00 +0000",
        "Mon, 23 Nov 2026 13:00:00 +0100 (CET)",
        "Mon, 23 Nov 2026 07:00:00 EST",
        "Mon,23 Nov 2026 12:00:00 GMT",
        "Mon, 23 Nov 26 12:00:00 UT",
        "Mon, 23 November 2026 12:00:00 Z",
        "Mon, 23-Nov-2026 12:00:00 GMT",
        "Mon Nov 23 12:00:00 2026",
        "Mon Nov 23 12:00:00 GMT 2026",
        "Nov 23, 2026 12:00:00",
        "2026-11-23T12:00:00Z",
        "2026-11-23 14:00:00+02:00",
        "Mon, 23 Nov 2026 12.00.00 +0000",
        "Mon, 23 Nov 2026 12:00:00 GMT+0000",
        "Mon, 23 Nov 2026 17:30:00 +05:30",
        "Mon, 23 Nov 2026 12:00:00 PM",
        "Mon, 23 Nov 2026 04:00:00 -0800",
        "seg, 23 Nov 2026 12:00:00 -0000",
        "Mon, 23 Nov 2026 12:00:00 A",
        "Mon (day), 23 (date) Nov 2026 12:00:00 +0000",
        "Mon, 23 Nov 2026 12:00:00 +9999",
        "Mon,         23\n            Nov             2026          12:00  +0000",
        "  Mon, 23  Nov   2026 12:00:00.123 +0000",
    ],
)
def test_noon(text: str) -> None:
    assert parse_date(text) == NOON


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Thu, 1 Jan 1970 00:00:00 +0000", 0),
        ("Wed, 31 Dec 1969 23:59:59 +0000", -1),
        ("1 Jan 70 00:00:00 GMT", 0),
        ("1 Jan 100 00:00:00 GMT", 946684800),  # three digits: RFC 5322 section 4.3
        ("Tue, 31 Dec 1996 23:59:60 +0000", 852076800),
        ("23 Nov 2026", 1795392000),
    ],
)
def test_exactly(text: str, seconds: int) -> None:
    assert parse_date(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "32 Nov 2026 12:00:00",
        "23 Foo 2026 12:00:00",
        "23 Nov 2026 25:00:00",
        "30 Feb 2026 00:00:00",
        "0 Nov 2026",
        "1 " * 30_000,
        "(" * 10_000,
        "23 Nov 0000 00:00:00",
    ],
)
def test_no_date(text: str) -> None:
    assert parse_date(text) is None
