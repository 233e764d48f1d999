"""What sorting, threading and searching by id need of a message, kept small (RFC 5256, RFC 5957, RFC 8474). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from correio.mime.base_subject import base_subject
from correio.mime.collation import casemap
from correio.mime.dates import parse_date
from correio.mime.model import Address, Summary

_DAY: Final = 86_400
_DATE: Final = re.compile(
    rb"^date[ \t]*:(?:[^\r\n]*?[,\s])??(\d{1,2})[ \t-]+([A-Za-z]{3})[a-z]*[ \t-]+(\d{4}|\d\d)\b", re.I | re.M
)
_QUOTED: Final = re.compile(r"\\(.)|\"")
MOST_TEXT: Final = 1024
"""Characters of a text that are compared."""
MOST_REFERENCES: Final = 8 * 1024
"""Characters of all references; of more, those in the middle are left out."""


class SearchRecord(msgspec.Struct, array_like=True, frozen=True):
    """One message. Texts are collated by i;unicode-casemap, so that they compare as they stand."""

    uid: int
    email: str
    thread: str
    sent: int | None
    """The Date field in seconds since the epoch, None where it says no time."""
    sent_day: int | None
    """The day that is written in the Date field, whatever its zone, since the epoch."""
    subject: str
    """The base subject."""
    is_reply: bool
    from_: str
    """The first address's local part, or its group's name: ENVELOPE's addr-mailbox (RFC 5256 section 3)."""
    to: str
    cc: str
    display_from: str
    """The first address's name, or the address where it has none (RFC 5957 section 3)."""
    display_to: str
    message_id: str | None
    references: list[str]
    """The ids of References, or else the first of In-Reply-To."""


def search_record(uid: int, email: str, thread: str, summary: Summary, header: bytes) -> SearchRecord:
    """Return the record of a message. ``header`` is its own, to see what day it gives."""
    subject = base_subject(summary.subject)
    return SearchRecord(
        uid=uid,
        email=email,
        thread=thread,
        sent=summary.date,
        sent_day=_written_day(header, summary.date),
        subject=_collated(subject.text),
        is_reply=subject.is_reply,
        from_=_mailbox(summary.from_),
        to=_mailbox(summary.to),
        cc=_mailbox(summary.cc),
        display_from=_display(summary.from_),
        display_to=_display(summary.to),
        message_id=None if summary.message_id is None else _plain_id(summary.message_id[:MOST_TEXT]),
        references=_references(summary),
    )


def _collated(text: str) -> str:
    return casemap(text[:MOST_TEXT])[:MOST_TEXT]


def _mailbox(addresses: Sequence[Address]) -> str:
    if not addresses:
        return ""
    first = addresses[0]
    return _collated(first.local if first.group is None else first.group)


def _display(addresses: Sequence[Address]) -> str:
    if not addresses:
        return ""
    first = addresses[0]
    if first.group is not None:
        return _collated(first.group)
    return _collated(first.name or first.email)


def _references(summary: Summary) -> list[str]:
    found = [_plain_id(one[:MOST_TEXT]) for one in summary.references or summary.in_reply_to[:1]]
    if sum(map(len, found)) <= MOST_REFERENCES:
        return found
    # As clients do that shorten References themselves (RFC 5537 section 3.4.4): the root, and the nearest.
    kept: list[str] = []
    room = MOST_REFERENCES - len(found[0])
    for one in reversed(found[1:]):
        room -= len(one)
        if room < 0:
            break
        kept.append(one)
    return [found[0], *reversed(kept)]


def _plain_id(message_id: str) -> str:
    """Return a Message-ID without quoting: RFC 5256 section 3 wants ``<"a"@b>`` and ``<a@b>`` to be one."""
    return _QUOTED.sub(r"\1", message_id) if '"' in message_id else message_id


def _written_day(header: bytes, sent: int | None) -> int | None:
    """Return the day as it is written in the Date field, whatever its zone (RFC 9051 section 6.4.4)."""
    found = _DATE.search(header)
    if found is not None:
        seconds = parse_date(b" ".join((found[1], found[2], found[3])).decode("ascii") + " 00:00:00 +0000")
        if seconds is not None:
            return seconds // _DAY
    return None if sent is None else sent // _DAY
