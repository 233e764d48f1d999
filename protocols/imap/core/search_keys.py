"""SEARCH keys as a tree (RFC 9051 section 6.4.4, RFC 5032, RFC 7162, RFC 8474, RFC 8514)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from correio.mime.charsets import charset_codec
from protocols.imap.core.cursor import MOST_NUMBER, Cursor
from protocols.imap.core.date_time import parse_date
from protocols.imap.core.sequence_set import SequenceSet
from protocols.imap.core.syntax_error import CommandSyntaxError

MOST_KEYS: Final = 2000
MOST_TEXTS: Final = 200
"""Keys that look for words, each of which takes a look at every message."""
_UNUSABLE: Final = ("utf_16", "utf_32")
"""Charsets whose octets no IMAP string can carry."""


class All(msgspec.Struct, frozen=True):
    """Every message."""


class And(msgspec.Struct, frozen=True):
    """All of the keys."""

    keys: tuple[SearchKey, ...]


class Or(msgspec.Struct, frozen=True):
    """Either key."""

    one: SearchKey
    other: SearchKey


class Not(msgspec.Struct, frozen=True):
    """Not the key."""

    key: SearchKey


class HasFlag(msgspec.Struct, frozen=True):
    """A flag or keyword is set. Keywords are compared in any case (RFC 9051 section 2.3.2)."""

    flag: str


class Recent(msgspec.Struct, frozen=True):
    """\\Recent is set for this session."""


class Numbers(msgspec.Struct, frozen=True):
    """Message numbers, or UIDs."""

    numbers: SequenceSet
    uid: bool


class Received(msgspec.Struct, frozen=True):
    """INTERNALDATE's day, in UTC, is in ``[first, last)``; days since the epoch, None for no bound."""

    first: int | None
    last: int | None


class Saved(msgspec.Struct, frozen=True):
    """The day of saving (RFC 8514) is in ``[first, last)``."""

    first: int | None
    last: int | None


class Sent(msgspec.Struct, frozen=True):
    """The Date field's day, in its own zone, is in ``[first, last)``."""

    first: int | None
    last: int | None


class Within(msgspec.Struct, frozen=True):
    """OLDER or YOUNGER than so many seconds (RFC 5032)."""

    seconds: int
    younger: bool


class Size(msgspec.Struct, frozen=True):
    """LARGER or SMALLER than so many octets."""

    octets: int
    larger: bool


class Header(msgspec.Struct, frozen=True):
    """A header field holds the text; an empty text asks whether the field is there."""

    field: str
    text: str


class Body(msgspec.Struct, frozen=True):
    """The body's text holds the text; ``header`` looks in the header as well (TEXT)."""

    text: str
    header: bool


class ModSeq(msgspec.Struct, frozen=True):
    """The modification sequence is at least this (RFC 7162 section 3.1.5)."""

    least: int


class ObjectId(msgspec.Struct, frozen=True):
    """EMAILID or THREADID is this (RFC 8474 section 6)."""

    object_id: str
    thread: bool


SearchKey = (
    All
    | And
    | Or
    | Not
    | HasFlag
    | Recent
    | Numbers
    | Received
    | Saved
    | Sent
    | Within
    | Size
    | Header
    | Body
    | ModSeq
    | ObjectId
)

_FLAGS: Final = {
    b"ANSWERED": "\\Answered",
    b"DELETED": "\\Deleted",
    b"DRAFT": "\\Draft",
    b"FLAGGED": "\\Flagged",
    b"SEEN": "\\Seen",
}
_SET_START: Final = frozenset(b"0123456789*$")
_ADDRESSES: Final = (b"BCC", b"CC", b"FROM", b"SUBJECT", b"TO")
_RANGES: Final = (
    (b"", Received),
    (b"SAVED", Saved),
    (b"SENT", Sent),
)


class SearchParser:
    """Reads search keys with the strings in one charset."""

    __slots__ = ("_count", "_encoding", "_texts", "knows_charset", "uses_modseq", "uses_saved")

    def __init__(self, charset: bytes | None) -> None:
        name = (charset or b"UTF-8").decode("ascii", "replace")
        codec = "ascii" if name.upper() in ("US-ASCII", "ASCII") else charset_codec(name)
        self.knows_charset = codec is not None and not codec.startswith(_UNUSABLE)
        """Whether the texts can be read. If not the answer is NO, but what is wrong with the grammar comes first."""
        self._encoding = codec if codec is not None and self.knows_charset else "latin-1"
        self._count = 0
        self._texts = 0
        self.uses_saved = False
        """Whether ``$`` was among them (RFC 5182)."""
        self.uses_modseq = False
        """Whether a MODSEQ key was among them, which makes the session CONDSTORE aware."""

    def keys(self, cursor: Cursor) -> SearchKey:
        """Read ``search-key *(SP search-key)`` to the end of the command."""
        keys = [self.key(cursor)]
        while not cursor.at_end:
            cursor.space()
            if cursor.at_end:
                break
            keys.append(self.key(cursor))
        return keys[0] if len(keys) == 1 else And(tuple(keys))

    def key(self, cursor: Cursor) -> SearchKey:
        """Read one search-key."""
        self._count += 1
        if self._count > MOST_KEYS:
            raise CommandSyntaxError(f"SEARCH takes at most {MOST_KEYS} keys.")
        if cursor.peek() == 0x28:
            keys = cursor.parenthesised(self.key, empty=False)
            return keys[0] if len(keys) == 1 else And(tuple(keys))
        if cursor.peek() in _SET_START:
            return self._set(cursor, uid=False)
        name = cursor.word("a search key")
        found = (
            self._plain(name)
            or self._logic(name, cursor)
            or self._dates(name, cursor)
            or self._text(name, cursor)
            or self._numbers(name, cursor)
        )
        if found is None:
            raise CommandSyntaxError(f"SEARCH has no key {name[:40].decode('ascii')}.")
        return found

    def _plain(self, name: bytes) -> SearchKey | None:
        if name in _FLAGS:
            return HasFlag(_FLAGS[name])
        if name.startswith(b"UN") and name[2:] in _FLAGS:
            return Not(HasFlag(_FLAGS[name[2:]]))
        if name == b"NEW":
            return And((Recent(), Not(HasFlag("\\Seen"))))
        plain: dict[bytes, SearchKey] = {
            b"ALL": All(),
            b"OLD": Not(Recent()),
            b"RECENT": Recent(),
            # Every mailbox here keeps the date of saving (RFC 8514 section 4.3).
            b"SAVEDATESUPPORTED": All(),
        }
        return plain.get(name)

    def _logic(self, name: bytes, cursor: Cursor) -> SearchKey | None:
        if name not in (b"NOT", b"OR"):
            return None
        cursor.descend()
        cursor.space()
        one = self.key(cursor)
        result: SearchKey = Not(one)
        if name == b"OR":
            cursor.space()
            result = Or(one, self.key(cursor))
        cursor.ascend()
        return result

    def _dates(self, name: bytes, cursor: Cursor) -> SearchKey | None:
        for prefix, kind in _RANGES:
            word = name[len(prefix) :] if name.startswith(prefix) else b""
            if word not in (b"BEFORE", b"ON", b"SINCE"):
                continue
            cursor.space()
            day = parse_date(cursor)
            if word == b"BEFORE":
                return kind(None, day)
            return kind(day, day + 1 if word == b"ON" else None)
        return None

    def _text(self, name: bytes, cursor: Cursor) -> SearchKey | None:
        if name in _ADDRESSES:
            cursor.space()
            return Header(name.decode("ascii").lower(), self._string(cursor))
        if name in (b"BODY", b"TEXT"):
            cursor.space()
            return Body(self._string(cursor), header=name == b"TEXT")
        if name == b"HEADER":
            cursor.space()
            field = self._string(cursor).lower()
            cursor.space()
            return Header(field, self._string(cursor))
        if name in (b"KEYWORD", b"UNKEYWORD"):
            cursor.space()
            flag = HasFlag(cursor.atom("a keyword").decode("ascii"))
            return flag if name == b"KEYWORD" else Not(flag)
        return None

    def _numbers(self, name: bytes, cursor: Cursor) -> SearchKey | None:
        readers: dict[bytes, Callable[[Cursor], SearchKey]] = {
            b"LARGER": lambda c: Size(c.number(MOST_NUMBER), larger=True),
            b"SMALLER": lambda c: Size(c.number(MOST_NUMBER), larger=False),
            b"UID": lambda c: self._set(c, uid=True),
            b"OLDER": lambda c: _within(c, younger=False),
            b"YOUNGER": lambda c: _within(c, younger=True),
            b"MODSEQ": self._modseq,
            b"EMAILID": lambda c: ObjectId(c.astring().decode("ascii", "replace"), thread=False),
            b"THREADID": lambda c: ObjectId(c.astring().decode("ascii", "replace"), thread=True),
        }
        reader = readers.get(name)
        if reader is None:
            return None
        cursor.space()
        return reader(cursor)

    def _set(self, cursor: Cursor, *, uid: bool) -> SearchKey:
        numbers = SequenceSet.parse(cursor, saved=True)
        self.uses_saved = self.uses_saved or numbers.saved
        return Numbers(numbers, uid)

    def _modseq(self, cursor: Cursor) -> SearchKey:
        self.uses_modseq = True
        if cursor.peek() == 0x22:
            # The entry name and type are for per-flag sequences, which no server keeps: they change nothing.
            cursor.string()
            cursor.space()
            if cursor.word("priv, shared or all") not in (b"PRIV", b"SHARED", b"ALL"):
                raise CommandSyntaxError("The entry type is priv, shared or all.")
            cursor.space()
        return ModSeq(cursor.number(MOST_NUMBER))

    def _string(self, cursor: Cursor) -> str:
        self._texts += 1
        if self._texts > MOST_TEXTS:
            raise CommandSyntaxError(f"SEARCH takes at most {MOST_TEXTS} texts.")
        try:
            return cursor.astring().decode(self._encoding)
        except UnicodeError:
            raise CommandSyntaxError("The text is not in the charset that SEARCH names.") from None


def _within(cursor: Cursor, *, younger: bool) -> Within:
    seconds = cursor.number()
    if seconds == 0:
        raise CommandSyntaxError("OLDER and YOUNGER take at least one second.")
    return Within(seconds, younger)
