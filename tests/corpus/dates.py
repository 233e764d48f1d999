"""Dates and message identifiers as the world writes them."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus.build import message
from tests.corpus.sample import Sample

DATES = [
    "Tue, 03 Mar 2026 14:05:09 +0100",
    "3 Mar 26 14:05 GMT",
    "Tue, 3 Mar 2026 14:05:09 EST (Eastern)",
    "Tue, 03 Mar 2026 14:05:09 -0000",
    "Tue, 03 Mar 2026 14:05:60 +0000",
    "Tue, 31 Feb 2026 14:05:09 +0000",
    "Tue, 03 Mar 2026 25:61:61 +9999",
    "Tue Mar  3 14:05:09 2026",
    "2026-03-03T14:05:09Z",
    "03/03/2026 14:05",
    "Ter, 03 Março 2026 14:05:09 +0100",
    "Tue, 03 Mar 99 14:05:09 +0100",
    "Tue, 03 Mar 0001 14:05:09 +0100",
    "Tue, 03 Mar 99999999999999999999 14:05:09 +0100",
    "Thu, 01 Jan 1970 00:00:00 +0000",
    "Fri, 01 Jan 1960 00:00:00 +0000",
    "now",
    "",
    "()" * 3000,
]

IDENTIFIERS = [
    "<a@b.test>",
    "a@b.test",
    "<a b@c.test>",
    "<>",
    "<a@b.test> (comment)",
    '<"quoted"@b.test>',
    "<a@[192.0.2.1]>",
    "<" + "x" * 2000 + "@b.test>",
    "<a@b.test",
    "=?utf-8?Q?=3Ca=40b=2Etest=3E?=",
    "<é@b.test>",
    "",
]


def samples() -> Iterator[Sample]:
    """Each on its own message."""
    for number, date in enumerate(DATES):
        yield Sample(
            f"date {number}", message("From: a@b.test", f"Date: {date}", "Subject: d", body=b"d\r\n", plain=True)
        )
    for number, identifier in enumerate(IDENTIFIERS):
        yield Sample(
            f"message-id {number}",
            message(
                f"Message-ID: {identifier}",
                f"In-Reply-To: {identifier} {identifier}",
                f"References: {identifier}\r\n {identifier},{identifier}",
                "Subject: i",
                body=b"i\r\n",
            ),
        )
