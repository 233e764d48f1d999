"""SORT and THREAD (RFC 5256)."""

from __future__ import annotations

from typing import Final, Self

from protocols.imap.core.commands.arguments import Arguments, Dialect
from protocols.imap.core.cursor import Cursor
from protocols.imap.core.partial_range import PartialRange
from protocols.imap.core.result_options import parse_result_options
from protocols.imap.core.search_keys import SearchKey, SearchParser
from protocols.imap.core.sorting import Criterion, parse_criteria
from protocols.imap.core.syntax_error import CommandSyntaxError

ALGORITHMS: Final = (b"ORDEREDSUBJECT", b"REFERENCES")


class Sort(Arguments, frozen=True):
    """RFC 5256 section 3 (BASE.6.4.SORT), with RETURN of RFC 5267 section 3"""

    uid: bool
    criteria: tuple[Criterion, ...]
    key: SearchKey
    returning: tuple[bytes, ...] | None = None
    """None: the SORT response is wanted. Never empty."""
    modseq: bool = False
    partial: PartialRange | None = None
    uses_saved: bool = False
    knows_charset: bool = True

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        options = parse_result_options(cursor)
        criteria = parse_criteria(cursor)
        cursor.space()
        parser = SearchParser(cursor.astring())
        cursor.space()
        key = parser.keys(cursor)
        cursor.end()
        return cls(
            dialect.uid,
            criteria,
            key,
            options.names,
            parser.uses_modseq,
            options.partial,
            parser.uses_saved,
            parser.knows_charset,
        )


class Thread(Arguments, frozen=True):
    """RFC 5256 section 3 (BASE.6.4.THREAD)"""

    uid: bool
    algorithm: bytes
    key: SearchKey
    modseq: bool = False
    uses_saved: bool = False
    knows_charset: bool = True

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        algorithm = cursor.word("a threading algorithm")
        if algorithm not in ALGORITHMS:
            raise CommandSyntaxError("THREAD knows ORDEREDSUBJECT and REFERENCES.")
        cursor.space()
        parser = SearchParser(cursor.astring())
        cursor.space()
        key = parser.keys(cursor)
        cursor.end()
        return cls(dialect.uid, algorithm, key, parser.uses_modseq, parser.uses_saved, parser.knows_charset)
