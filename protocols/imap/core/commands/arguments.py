"""What every command's class has in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import Self

import msgspec

from protocols.imap.core.cursor import Cursor
from protocols.imap.core.mailbox_name import decode_path


class Dialect(msgspec.Struct, frozen=True):
    """What decides how arguments are read.

    ``uid``: the command came behind UID; ``utf8``: mailbox names are UTF-8, since IMAP4rev2 or UTF8=ACCEPT is enabled;
    ``utf8_accept``: UTF8=ACCEPT is.
    """

    uid: bool = False
    utf8: bool = False
    utf8_accept: bool = False


class Arguments(msgspec.Struct, frozen=True):
    """The arguments of one command."""

    @classmethod
    @abstractmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        """Read the arguments, from the octet after the command's name to the end of the command.

        Raises CommandSyntaxError, and CommandRefusedError for what is well formed and not possible.
        """


class NoArguments(Arguments, frozen=True):
    """A command without arguments."""

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:  # noqa: ARG003 - the same for every dialect
        cursor.end()
        return cls()


class MailboxArgument(Arguments, frozen=True):
    """A command whose only argument is a mailbox."""

    mailbox: str

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        mailbox = decode_path(cursor.astring(), utf8=dialect.utf8)
        cursor.end()
        return cls(mailbox)
