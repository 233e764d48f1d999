"""Commands of the selected state (RFC 9051 section 6.4, RFC 3501 section 6.4.1)."""

from __future__ import annotations

from typing import Final, Literal, Self

from correio.mail.flags import FlagSet
from protocols.imap.core.commands.append import parse_flags
from protocols.imap.core.commands.arguments import Arguments, Dialect, NoArguments
from protocols.imap.core.cursor import MOST_NUMBER, Cursor
from protocols.imap.core.fetch_items import Datum, FetchItem, parse_items
from protocols.imap.core.mailbox_name import decode_path
from protocols.imap.core.partial_range import PartialRange
from protocols.imap.core.result_options import parse_result_options
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
            uids = SequenceSet.parse(cursor, saved=True)
        cursor.end()
        return cls(uids)


class Search(Arguments, frozen=True):
    """RFC 9051 section 6.4.4, ESEARCH of RFC 4731, SEARCHRES of RFC 5182, PARTIAL of RFC 9394"""

    uid: bool
    key: SearchKey
    returning: tuple[bytes, ...] | None = None
    """None: the SEARCH response of RFC 3501 is wanted. Never empty."""
    modseq: bool = False
    """Whether a MODSEQ key was used (RFC 7162 section 3.1.5)."""
    charset: bool = False
    """Whether CHARSET was given, which RFC 6855 section 3 forbids after ENABLE UTF8=ACCEPT."""
    partial: PartialRange | None = None
    """The page that PARTIAL among ``returning`` asks for."""
    uses_saved: bool = False
    """Whether ``$`` is among the keys."""
    knows_charset: bool = True
    """Without it the answer is NO with BADCHARSET: it is the handler's, as a SAVE that fails empties ``$``."""

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        options = parse_result_options(cursor)
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
        return cls(
            dialect.uid,
            key,
            options.names,
            parser.uses_modseq,
            charset is not None,
            options.partial,
            parser.uses_saved,
            parser.knows_charset,
        )


class Fetch(Arguments, frozen=True):
    """RFC 9051 section 6.4.5, with CHANGEDSINCE and VANISHED of RFC 7162, PARTIAL of RFC 9394"""

    uid: bool
    messages: SequenceSet
    items: tuple[FetchItem, ...]
    changed_since: int | None = None
    vanished: bool = False
    partial: PartialRange | None = None

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        messages = SequenceSet.parse(cursor, saved=True)
        cursor.space()
        items = parse_items(cursor)
        changed_since: int | None = None
        vanished = False
        partial: PartialRange | None = None
        if not cursor.at_end:
            cursor.space()
            for name, value in cursor.parenthesised(_fetch_modifier, empty=False):
                if isinstance(value, PartialRange):
                    if partial is not None or not dialect.uid:
                        raise CommandSyntaxError("PARTIAL is for UID FETCH, once.")
                    partial = value
                elif name == b"CHANGEDSINCE":
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
        return cls(dialect.uid, messages, items, changed_since, vanished, partial)


def _fetch_modifier(cursor: Cursor) -> tuple[bytes, int | PartialRange]:
    name = cursor.word("CHANGEDSINCE, VANISHED or PARTIAL")
    if name == b"VANISHED":
        return name, 0
    if name == b"PARTIAL":
        cursor.space()
        return name, PartialRange.parse(cursor)
    if name != b"CHANGEDSINCE":
        raise CommandSyntaxError("FETCH takes the modifiers CHANGEDSINCE, VANISHED and PARTIAL.")
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
        messages = SequenceSet.parse(cursor, saved=True)
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
        messages = SequenceSet.parse(cursor, saved=True)
        cursor.space()
        mailbox = decode_path(cursor.astring(), utf8=dialect.utf8)
        cursor.end()
        return cls(dialect.uid, messages, mailbox)


class Move(Copy, frozen=True):
    """RFC 9051 section 6.4.8"""
