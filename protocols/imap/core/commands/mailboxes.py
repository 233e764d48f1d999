"""Commands on mailboxes (RFC 9051 section 6.3)."""

from __future__ import annotations

import contextlib
from typing import Final, Self

import msgspec

from protocols.imap.core.commands.arguments import Arguments, Dialect, MailboxArgument, NoArguments
from protocols.imap.core.cursor import MOST_NUMBER, Cursor
from protocols.imap.core.mailbox_name import ListPattern, decode_name, decode_path, denormalised
from protocols.imap.core.sequence_set import SequenceSet
from protocols.imap.core.syntax_error import CommandRefusedError, CommandSyntaxError

MOST_PATTERNS: Final = 100


class Resynchronise(msgspec.Struct, frozen=True):
    """The QRESYNC parameter (RFC 7162 section 3.2.5): what the client remembers of the mailbox."""

    uidvalidity: int
    modseq: int
    known_uids: SequenceSet | None = None


class Select(Arguments, frozen=True):
    """RFC 9051 section 6.3.2, RFC 7162 sections 3.1.8 and 3.2.5"""

    mailbox: str
    condstore: bool = False
    resynchronise: Resynchronise | None = None
    supplied: str | None = None
    """The name as the client wrote it, where that is not in NFC."""

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        name = cursor.astring()
        mailbox = decode_path(name, utf8=dialect.utf8)
        condstore = False
        resynchronise: Resynchronise | None = None
        if not cursor.at_end:
            cursor.space()
            for parameter in cursor.parenthesised(_select_parameter, empty=False):
                if parameter is None:
                    condstore = True
                else:
                    resynchronise = parameter
        cursor.end()
        return cls(mailbox, condstore, resynchronise, denormalised(name, utf8=dialect.utf8))


def _select_parameter(cursor: Cursor) -> Resynchronise | None:
    name = cursor.word("CONDSTORE or QRESYNC")
    if name == b"CONDSTORE":
        return None
    if name != b"QRESYNC":
        raise CommandSyntaxError("SELECT takes the parameters CONDSTORE and QRESYNC.")
    cursor.space()
    cursor.need(b"(")
    uidvalidity = cursor.number()
    cursor.space()
    modseq = cursor.number(MOST_NUMBER)
    known: SequenceSet | None = None
    if cursor.peek() == 0x20:
        cursor.space()
        if cursor.peek() != 0x28:
            known = _no_star(SequenceSet.parse(cursor))
            if cursor.peek() == 0x20:
                cursor.space()
        if cursor.peek() == 0x28:
            # Matching numbers and UIDs only shorten the answer; the full answer is as right.
            cursor.need(b"(")
            _no_star(SequenceSet.parse(cursor))
            cursor.space()
            _no_star(SequenceSet.parse(cursor))
            cursor.need(b")")
    cursor.need(b")")
    if uidvalidity == 0 or modseq == 0:
        raise CommandSyntaxError("QRESYNC takes a UIDVALIDITY and a modification sequence above 0.")
    return Resynchronise(uidvalidity, modseq, known)


def _no_star(numbers: SequenceSet) -> SequenceSet:
    if any(0 in pair for pair in numbers.ranges):
        raise CommandSyntaxError("The sets of QRESYNC may not hold '*'.")
    return numbers


class Examine(Select, frozen=True):
    """RFC 9051 section 6.3.3"""


class Create(Arguments, frozen=True):
    """RFC 9051 section 6.3.4, with the USE parameter of CREATE-SPECIAL-USE (RFC 6154 section 3)"""

    mailbox: str
    use: tuple[str, ...] = ()
    """Special-use attributes, in lower case."""
    supplied: str | None = None
    """The name as the client wrote it, where that is not in NFC."""

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        name = cursor.astring()
        mailbox = decode_path(name, utf8=dialect.utf8)
        use: tuple[str, ...] = ()
        if not cursor.at_end:
            cursor.space()
            cursor.need(b"(")
            cursor.need(b"USE")
            cursor.space()
            use = tuple(flag.lower() for flag in cursor.parenthesised(Cursor.flag))
            cursor.need(b")")
        cursor.end()
        return cls(mailbox, use, denormalised(name, utf8=dialect.utf8))


class Delete(Arguments, frozen=True):
    """RFC 9051 section 6.3.5"""

    mailbox: str
    supplied: str | None = None
    """The name as the client wrote it, where that is not in NFC."""

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        name = cursor.astring()
        mailbox = decode_path(name, utf8=dialect.utf8)
        cursor.end()
        return cls(mailbox, denormalised(name, utf8=dialect.utf8))


class Rename(Arguments, frozen=True):
    """RFC 9051 section 6.3.6"""

    mailbox: str
    target: str
    supplied: str | None = None
    """The existing name as the client wrote it, where that or the new one is not in NFC."""

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        old = cursor.astring()
        mailbox = decode_path(old, utf8=dialect.utf8)
        cursor.space()
        new = cursor.astring()
        target = decode_path(new, utf8=dialect.utf8)
        cursor.end()
        supplied = denormalised(old, utf8=dialect.utf8)
        if supplied is None and denormalised(new, utf8=dialect.utf8) is not None:
            supplied = mailbox
        return cls(mailbox, target, supplied)


class Subscribe(MailboxArgument, frozen=True):
    """RFC 9051 section 6.3.7"""


class Unsubscribe(MailboxArgument, frozen=True):
    """RFC 9051 section 6.3.8"""


class Namespace(NoArguments, frozen=True):
    """RFC 2342"""


STATUS_ITEMS: Final = {
    name.encode(): name
    for name in (
        "MESSAGES",
        "UIDNEXT",
        "UIDVALIDITY",
        "UNSEEN",
        "RECENT",
        "DELETED",
        "DELETED-STORAGE",
        "SIZE",
        "HIGHESTMODSEQ",
        "APPENDLIMIT",
        "MAILBOXID",
    )
}


def _status_item(cursor: Cursor) -> str:
    name = cursor.word("a STATUS item")
    found = STATUS_ITEMS.get(name)
    if found is None:
        raise CommandSyntaxError(f"STATUS has no item {name[:40].decode('ascii')}.")
    return found


def _status_items(cursor: Cursor) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cursor.parenthesised(_status_item, empty=False)))


class Status(Arguments, frozen=True):
    """RFC 9051 section 6.3.11"""

    mailbox: str
    items: tuple[str, ...]

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        mailbox = decode_path(cursor.astring(), utf8=dialect.utf8)
        cursor.space()
        items = _status_items(cursor)
        cursor.end()
        return cls(mailbox, items)


def _pattern(octets: bytes, dialect: Dialect) -> str | None:
    """Return a reference or pattern as text, None for one that no name can match: it is passed over (section 6.3.9).

    Raises CommandSyntaxError for octets that the grammar does not allow here.
    """
    try:
        return decode_name(octets, utf8=dialect.utf8)
    except CommandRefusedError:
        return None
    except CommandSyntaxError:
        if not octets.isascii():
            raise
        return None


_SELECT_OPTIONS: Final = (b"SUBSCRIBED", b"REMOTE", b"RECURSIVEMATCH", b"SPECIAL-USE")
_RETURN_OPTIONS: Final = (b"SUBSCRIBED", b"CHILDREN", b"SPECIAL-USE")


class List(Arguments, frozen=True):
    """RFC 9051 section 6.3.9: LIST, with the options of LIST-EXTENDED, SPECIAL-USE and LIST-STATUS"""

    reference: str
    patterns: tuple[str, ...]
    extended: bool = False
    """Whether the command used any of the extended syntax."""
    selection: frozenset[bytes] = frozenset()
    returning: frozenset[bytes] = frozenset()
    status: tuple[str, ...] = ()

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        selection: frozenset[bytes] = frozenset()
        extended = cursor.peek() == 0x28
        if extended:
            selection = frozenset(cursor.parenthesised(_select_option))
            cursor.space()
            if b"RECURSIVEMATCH" in selection and not selection & {b"SUBSCRIBED", b"SPECIAL-USE"}:
                raise CommandSyntaxError("RECURSIVEMATCH needs SUBSCRIBED or SPECIAL-USE beside it.")
        reference = _pattern(cursor.astring(), dialect)
        cursor.space()
        if cursor.peek() == 0x28:
            extended = True
            names = cursor.parenthesised(Cursor.list_mailbox, empty=False)
            if len(names) > MOST_PATTERNS:
                raise CommandRefusedError(f"LIST takes at most {MOST_PATTERNS} patterns.", "LIMIT")
        else:
            names = [cursor.list_mailbox()]
        returning: frozenset[bytes] = frozenset()
        status: tuple[str, ...] = ()
        if not cursor.at_end:
            cursor.space()
            cursor.need(b"RETURN")
            cursor.space()
            extended = True
            options = cursor.parenthesised(_return_option)
            returning = frozenset(option for option in options if isinstance(option, bytes))
            status = next((option for option in options if isinstance(option, tuple)), ())
        cursor.end()
        patterns = tuple(pattern for name in names if (pattern := _pattern(name, dialect)) is not None)
        if reference is None:
            reference, patterns = "", ()
        return cls(reference, patterns, extended, selection, returning, status)

    def compiled(self) -> list[ListPattern]:
        """Return the patterns with the reference before them; those that are not taken are left out (section 6.3.9)."""
        compiled: list[ListPattern] = []
        for one in self.patterns:
            # In the extended syntax an empty name means nothing.
            if one or not self.extended:
                with contextlib.suppress(CommandRefusedError):
                    compiled.append(ListPattern(self.reference + one))
        return compiled


def _select_option(cursor: Cursor) -> bytes:
    name = cursor.word("a LIST selection option")
    if name not in _SELECT_OPTIONS:
        raise CommandSyntaxError(f"LIST has no selection option {name[:40].decode('ascii')}.")
    return name


def _return_option(cursor: Cursor) -> bytes | tuple[str, ...]:
    name = cursor.word("a LIST return option")
    if name == b"STATUS":
        cursor.space()
        return _status_items(cursor)
    if name not in _RETURN_OPTIONS:
        raise CommandSyntaxError(f"LIST has no return option {name[:40].decode('ascii')}.")
    return name


class Lsub(Arguments, frozen=True):
    """RFC 3501 section 6.3.9"""

    reference: str
    pattern: str

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        reference = decode_name(cursor.astring(), utf8=dialect.utf8)
        cursor.space()
        pattern = decode_name(cursor.list_mailbox(), utf8=dialect.utf8)
        cursor.end()
        return cls(reference, pattern)
