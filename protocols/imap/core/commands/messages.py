"""Commands of the selected state (RFC 9051 section 6.4, RFC 3501 section 6.4.1)."""

from __future__ import annotations

from typing import Final, Literal, Self

from correio.mail.flags import FlagSet
from protocols.imap.core.commands.append import parse_flags
from protocols.imap.core.commands.arguments import Arguments, Dialect, NoArguments
from protocols.imap.core.cursor import MOST_NUMBER, Cursor
from protocols.imap.core.fetch_items import Datum, FetchItem, parse_items
from protocols.imap.core.mailbox_name import decode_path
from protocols.imap.core.search_keys import SearchKey, SearchParser
from protocols.imap.core.sequence_set import SequenceSet
from protocols.imap.core.syntax_error import CommandSyntaxError


class Check(NoArguments, frozen=True):
    """RFC 3501 section 6.4.1"""


class Close(NoArguments, frozen=True):
    """RFC 9051 section 6.4.1"""


class Unselect(NoArguments, frozen=True):
    """RFC 9051 section 6.4.2"""


class Expunge(Arguments, frozen=True):
    """RFC 9051 section 6.4.3, and UID EXPUNGE of RFC 4315"""

    uids: SequenceSet | None = None

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        uids: SequenceSet | None = None
        if dialect.uid:
            cursor.space()
            uids = SequenceSet.parse(cursor)
        cursor.end()
        return cls(uids)


RETURN_OPTIONS: Final = (b"MIN", b"MAX", b"ALL", b"COUNT")


class Search(Arguments, frozen=True):
    """RFC 9051 section 6.4.4, ESEARCH of RFC 4731"""

    uid: bool
    key: SearchKey
    returning: tuple[bytes, ...] | None = None
    """None: the SEARCH response of RFC 3501 is wanted. Never empty."""
    modseq: bool = False
    """Whether a MODSEQ key was used (RFC 7162 section 3.1.5)."""
    charset: bool = False
    """Whether CHARSET was given, which RFC 6855 section 3 forbids after ENABLE UTF8=ACCEPT."""

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        returning: tuple[bytes, ...] | None = None
        if cursor.looking_at(b"RETURN "):
            cursor.need(b"RETURN")
            cursor.space()
            returning = tuple(dict.fromkeys(cursor.parenthesised(_return_option))) or (b"ALL",)
            cursor.space()
        charset: bytes | None = None
        if cursor.looking_at(b"CHARSET "):
            if dialect.utf8_accept:
                raise CommandSyntaxError("SEARCH takes no CHARSET after ENABLE UTF8=ACCEPT.")
            cursor.need(b"CHARSET")
            cursor.space()
            charset = cursor.astring()
            cursor.space()
        parser = SearchParser(charset)
        key = parser.keys(cursor)
        cursor.end()
        return cls(dialect.uid, key, returning, parser.uses_modseq, charset is not None)


def _return_option(cursor: Cursor) -> bytes:
    name = cursor.word("a SEARCH return option")
    if name not in RETURN_OPTIONS:
        raise CommandSyntaxError("SEARCH returns MIN, MAX, ALL and COUNT.")
    return name


class Fetch(Arguments, frozen=True):
    """RFC 9051 section 6.4.5, with CHANGEDSINCE and VANISHED of RFC 7162"""

    uid: bool
    messages: SequenceSet
    items: tuple[FetchItem, ...]
    changed_since: int | None = None
    vanished: bool = False

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        messages = SequenceSet.parse(cursor)
        cursor.space()
        items = parse_items(cursor)
        changed_since: int | None = None
        vanished = False
        if not cursor.at_end:
            cursor.space()
            for name, value in cursor.parenthesised(_fetch_modifier, empty=False):
                if name == b"CHANGEDSINCE":
                    changed_since = value
                else:
                    vanished = True
        cursor.end()
        if vanished and (changed_since is None or not dialect.uid):
            raise CommandSyntaxError("VANISHED is for UID FETCH with CHANGEDSINCE.")
        if changed_since is not None and Datum.MODSEQ not in items:
            # RFC 7162 section 3.1.4.1: it is answered as if it had been asked for.
            items = (*items, Datum.MODSEQ)
        if dialect.uid and Datum.UID not in items:
            items = (Datum.UID, *items)
        return cls(dialect.uid, messages, items, changed_since, vanished)


def _fetch_modifier(cursor: Cursor) -> tuple[bytes, int]:
    name = cursor.word("CHANGEDSINCE or VANISHED")
    if name == b"VANISHED":
        return name, 0
    if name != b"CHANGEDSINCE":
        raise CommandSyntaxError("FETCH takes the modifiers CHANGEDSINCE and VANISHED.")
    cursor.space()
    # iOS asks for changes since 0, which the grammar does not foresee and everyone understands.
    return name, cursor.number(MOST_NUMBER)


_MODES: Final[dict[bytes, Literal["add", "remove", "replace"]]] = {
    b"FLAGS": "replace",
    b"+FLAGS": "add",
    b"-FLAGS": "remove",
}


class Store(Arguments, frozen=True):
    """RFC 9051 section 6.4.6, with UNCHANGEDSINCE of RFC 7162"""

    uid: bool
    messages: SequenceSet
    mode: Literal["add", "remove", "replace"]
    silent: bool
    flags: FlagSet
    unchanged_since: int | None = None

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        messages = SequenceSet.parse(cursor)
        cursor.space()
        unchanged_since: int | None = None
        if cursor.peek() == 0x28:
            cursor.need(b"(")
            cursor.need(b"UNCHANGEDSINCE")
            cursor.space()
            unchanged_since = cursor.number(MOST_NUMBER)
            cursor.need(b")")
            cursor.space()
        sign = b"+" if cursor.take(b"+") else b"-" if cursor.take(b"-") else b""
        name = cursor.word("FLAGS, +FLAGS or -FLAGS")
        silent = name == b"FLAGS.SILENT"
        mode = _MODES.get(sign + (b"FLAGS" if silent else name))
        if mode is None:
            raise CommandSyntaxError("STORE takes FLAGS, +FLAGS or -FLAGS, each with or without .SILENT.")
        cursor.space()
        if cursor.peek() == 0x28:
            names = cursor.parenthesised(Cursor.flag)
        else:
            names = [cursor.flag()]
            while not cursor.at_end:
                cursor.space()
                names.append(cursor.flag())
        flags = parse_flags(names)
        cursor.end()
        return cls(dialect.uid, messages, mode, silent, flags, unchanged_since)


class Copy(Arguments, frozen=True):
    """RFC 9051 section 6.4.7"""

    uid: bool
    messages: SequenceSet
    mailbox: str

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        messages = SequenceSet.parse(cursor)
        cursor.space()
        mailbox = decode_path(cursor.astring(), utf8=dialect.utf8)
        cursor.end()
        return cls(dialect.uid, messages, mailbox)


class Move(Copy, frozen=True):
    """RFC 9051 section 6.4.8"""
