"""The order that SORT asks for (RFC 5256 section 3, RFC 5957). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from protocols.imap.core.cursor import Cursor
from protocols.imap.core.syntax_error import CommandSyntaxError

MOST_CRITERIA: Final = 32


class SortKey(StrEnum):
    """What messages are sorted by."""

    ARRIVAL = "ARRIVAL"
    CC = "CC"
    DATE = "DATE"
    FROM = "FROM"
    SIZE = "SIZE"
    SUBJECT = "SUBJECT"
    TO = "TO"
    DISPLAYFROM = "DISPLAYFROM"
    DISPLAYTO = "DISPLAYTO"


class Criterion(msgspec.Struct, frozen=True):
    """One sort criterion."""

    key: SortKey
    reverse: bool = False


class Sortable(msgspec.Struct, frozen=True):
    """A message to be sorted: what each key compares. Texts are collated, times are seconds, sizes octets."""

    uid: int
    arrival: int
    sent: int
    """The Date field's time, or INTERNALDATE where that says none (section 2.2)."""
    size: int
    subject: str = ""
    from_: str = ""
    to: str = ""
    cc: str = ""
    display_from: str = ""
    display_to: str = ""


_FIELDS: Final = {
    SortKey.ARRIVAL: "arrival",
    SortKey.CC: "cc",
    SortKey.DATE: "sent",
    SortKey.FROM: "from_",
    SortKey.SIZE: "size",
    SortKey.SUBJECT: "subject",
    SortKey.TO: "to",
    SortKey.DISPLAYFROM: "display_from",
    SortKey.DISPLAYTO: "display_to",
}
DISPLAY: Final = frozenset({SortKey.DISPLAYFROM, SortKey.DISPLAYTO})
"""The keys of RFC 5957."""
IN_INDEX: Final = frozenset({SortKey.ARRIVAL, SortKey.SIZE})
"""What the index of a mailbox knows without reading anything."""


def parse_criteria(cursor: Cursor) -> tuple[Criterion, ...]:
    """Read ``"(" sort-criterion *(SP sort-criterion) ")"``. Raises CommandSyntaxError."""
    found = tuple(cursor.parenthesised(_criterion, empty=False))
    if len(found) > MOST_CRITERIA:
        raise CommandSyntaxError(f"SORT takes at most {MOST_CRITERIA} criteria.")
    return found


def _criterion(cursor: Cursor) -> Criterion:
    name = cursor.word("a sort criterion")
    reverse = name == b"REVERSE"
    if reverse:
        cursor.space()
        name = cursor.word("a sort criterion")
    try:
        return Criterion(SortKey(name.decode("ascii")), reverse)
    except ValueError:
        raise CommandSyntaxError("SORT knows no such criterion.") from None


def sort_messages(messages: Sequence[Sortable], criteria: Sequence[Criterion]) -> list[int]:
    """Return the UIDs in the order of the criteria, the first of them first; equal ones by UID, also under REVERSE."""
    ordered = sorted(messages, key=lambda one: one.uid)
    for criterion in reversed(criteria):
        # A stable sort keeps the order of what is equal, and does so in reverse too.
        name = _FIELDS[criterion.key]
        ordered.sort(key=lambda one: getattr(one, name), reverse=criterion.reverse)
    return [one.uid for one in ordered]
