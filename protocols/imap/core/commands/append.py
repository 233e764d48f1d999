"""APPEND and REPLACE (RFC 9051 section 6.3.12, RFC 8508, RFC 3502 MULTIAPPEND, RFC 3516 literal8, RFC 6855 section 4)."""

from __future__ import annotations

from typing import Final, Self

import msgspec

from correio.errors import InvalidInputError
from correio.mail.flags import RECENT, FlagSet, canonical_flag, flag_set
from protocols.imap.core.commands.arguments import Arguments, Dialect
from protocols.imap.core.cursor import Cursor
from protocols.imap.core.date_time import parse_date_time
from protocols.imap.core.mailbox_name import decode_path
from protocols.imap.core.syntax_error import CommandRefusedError, CommandSyntaxError

MOST_MESSAGES: Final = 1000
MOST_FLAGS: Final = 1000


class AppendMessage(msgspec.Struct, frozen=True):
    """One message to add."""

    octets: bytes
    binary: bool
    flags: FlagSet
    date: int | None


class Append(Arguments, frozen=True):
    """Adds one message or, all or none, several."""

    mailbox: str
    messages: tuple[AppendMessage, ...]

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        mailbox = decode_path(cursor.astring(), utf8=dialect.utf8)
        messages: list[AppendMessage] = []
        while not messages or not cursor.at_end:
            if len(messages) >= MOST_MESSAGES:
                raise CommandRefusedError(f"APPEND takes at most {MOST_MESSAGES} messages.", "LIMIT")
            messages.append(_message(cursor, dialect))
        return cls(mailbox, tuple(messages))


class Replace(Arguments, frozen=True):
    """RFC 8508 section 3: removes one message of the selected mailbox and adds another in its stead."""

    uid: bool
    number: int
    """A message number, or a UID."""
    mailbox: str
    message: AppendMessage

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        number = cursor.number()
        if number == 0:
            raise CommandSyntaxError("A message number or UID is from 1 to 4294967295.")
        cursor.space()
        mailbox = decode_path(cursor.astring(), utf8=dialect.utf8)
        message = _message(cursor, dialect)
        cursor.end()
        return cls(dialect.uid, number, mailbox, message)


def _message(cursor: Cursor, dialect: Dialect) -> AppendMessage:
    cursor.space()
    flags = flag_set()
    date: int | None = None
    if cursor.peek() == 0x28:
        flags = parse_flag_list(cursor)
        cursor.space()
    if cursor.peek() == 0x22:
        date = parse_date_time(cursor)
        cursor.space()
    if cursor.looking_at(b"UTF8"):
        if not dialect.utf8_accept:
            raise CommandSyntaxError("APPEND with UTF8 needs ENABLE UTF8=ACCEPT first.")
        cursor.need(b"UTF8")
        cursor.space()
        cursor.need(b"(")
        literal = cursor.literal()
        cursor.need(b")")
        # RFC 6855 section 4 borrows the form of literal8; what it holds is text all the same.
        return AppendMessage(literal.octets, binary=False, flags=flags, date=date)
    literal = cursor.literal()
    if b"\0" in literal.octets and not literal.binary:
        raise CommandSyntaxError("A message with NUL octets is sent as a literal8 (RFC 3516).")
    if not literal.octets:
        raise CommandRefusedError("A message may not be empty.", "CANNOT")
    return AppendMessage(literal.octets, literal.binary, flags, date)


def parse_flag_list(cursor: Cursor) -> FlagSet:
    """Read the flag-list of APPEND. \\Recent is passed over: clients copy it along with the message."""
    names = cursor.parenthesised(Cursor.flag)
    return parse_flags([name for name in names if name.lower() != RECENT.lower()])


def parse_flags(names: list[str]) -> FlagSet:
    """Return flags in canonical form. Raises CommandSyntaxError for what is no flag, and for \\Recent."""
    if len(names) > MOST_FLAGS:
        raise CommandSyntaxError(f"At most {MOST_FLAGS} flags can be named.")
    try:
        return flag_set(frozenset(map(canonical_flag, names)))
    except InvalidInputError as error:
        raise CommandSyntaxError(error.message) from error
