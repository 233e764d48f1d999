"""GETMETADATA and SETMETADATA (RFC 5464 sections 4.2 and 4.3)."""

from __future__ import annotations

import re
from typing import Final, Self

from protocols.imap.core.commands.arguments import Arguments, Dialect
from protocols.imap.core.cursor import Cursor
from protocols.imap.core.mailbox_name import decode_path
from protocols.imap.core.syntax_error import CommandRefusedError, CommandSyntaxError

MOST_ENTRIES: Final = 1000
MOST_OCTETS: Final = 512
"""Of the name of an entry."""
_ENTRY: Final = re.compile(rb"(?:/[ -$&-)+-.0-~]+)+")
"""Printable ASCII without "*", "%" and empty components (RFC 5464 section 3.2)."""
_SCOPES: Final = ("private", "shared")
_DEPTHS: Final[dict[bytes, int | None]] = {b"0": 0, b"1": 1, b"INFINITY": None}


def _mailbox(cursor: Cursor, dialect: Dialect) -> str:
    """Read a mailbox, or the empty string, which stands for the server."""
    octets = cursor.astring()
    return decode_path(octets, utf8=dialect.utf8) if octets else ""


def _entry(cursor: Cursor) -> str:
    """Read the name of an entry, in the client's spelling; names are the same in any case."""
    octets = cursor.astring()
    if len(octets) > MOST_OCTETS:
        raise CommandRefusedError(f"The name of an entry has at most {MOST_OCTETS} octets.", "LIMIT")
    if _ENTRY.fullmatch(octets) is None:
        raise CommandSyntaxError("The name of an entry is /private or /shared and what follows, without * and %.")
    entry = octets.decode("ascii")
    if entry.lower().split("/")[1] not in _SCOPES:
        raise CommandSyntaxError("The name of an entry begins with /private/ or /shared/.")
    return entry


def _entry_to_set(cursor: Cursor) -> str:
    """Read the name of an entry that can have a value: RFC 5464 section 3.2 says how many components it has."""
    entry = _entry(cursor).lower()
    components = entry.split("/")[1:]
    if len(components) < (4 if components[1:2] == ["vendor"] else 2):
        raise CommandSyntaxError("The name of an entry has two components, of a vendor's four.")
    return entry


class GetMetadata(Arguments, frozen=True):
    """RFC 5464 section 4.2"""

    mailbox: str
    """Empty: the server."""
    entries: tuple[str, ...]
    """In the client's spelling."""
    most_octets: int | None = None
    """Of a value that is to be sent."""
    depth: int | None = 0
    """How many levels below each entry; None: all."""

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        options: dict[str, int | None] = {}
        # The syntax has the options before the mailbox, the examples behind it; clients do either.
        if cursor.peek() == 0x28:
            options = dict(cursor.parenthesised(_option, empty=False))
            cursor.space()
        mailbox = _mailbox(cursor, dialect)
        cursor.space()
        if not options and (cursor.looking_at(b"(MAXSIZE ") or cursor.looking_at(b"(DEPTH ")):
            options = dict(cursor.parenthesised(_option, empty=False))
            cursor.space()
        entries = cursor.parenthesised(_entry, empty=False) if cursor.peek() == 0x28 else [_entry(cursor)]
        cursor.end()
        if len(entries) > MOST_ENTRIES:
            raise CommandRefusedError(f"GETMETADATA takes at most {MOST_ENTRIES} entries.", "LIMIT")
        distinct = {entry.lower(): entry for entry in reversed(entries)}
        names = tuple(reversed(distinct.values()))
        return cls(mailbox, names, options.get("MAXSIZE"), options.get("DEPTH", 0))


def _option(cursor: Cursor) -> tuple[str, int | None]:
    name = cursor.word("MAXSIZE or DEPTH")
    cursor.space()
    if name == b"MAXSIZE":
        return "MAXSIZE", cursor.number()
    if name != b"DEPTH":
        raise CommandSyntaxError("GETMETADATA takes the options MAXSIZE and DEPTH.")
    depth = cursor.word("0, 1 or infinity")
    if depth not in _DEPTHS:
        raise CommandSyntaxError("DEPTH is 0, 1 or infinity.")
    return "DEPTH", _DEPTHS[depth]


class SetMetadata(Arguments, frozen=True):
    """RFC 5464 section 4.3"""

    mailbox: str
    """Empty: the server."""
    values: tuple[tuple[str, bytes | None], ...]
    """(entry in lower case, value); None removes the entry."""

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        mailbox = _mailbox(cursor, dialect)
        cursor.space()
        values = cursor.parenthesised(_entry_value, empty=False)
        cursor.end()
        if len(values) > MOST_ENTRIES:
            raise CommandRefusedError(f"SETMETADATA takes at most {MOST_ENTRIES} entries.", "METADATA TOOMANY")
        if len({entry for entry, _ in values}) < len(values):
            raise CommandSyntaxError("An entry is named twice.")
        return cls(mailbox, tuple(values))


def _entry_value(cursor: Cursor) -> tuple[str, bytes | None]:
    entry = _entry_to_set(cursor)
    cursor.space()
    if not cursor.at_literal:
        return entry, cursor.nstring()
    literal = cursor.literal()
    if b"\0" in literal.octets and not literal.binary:
        raise CommandSyntaxError("A value with NUL octets is sent as a literal8 (RFC 3516).")
    return entry, literal.octets
