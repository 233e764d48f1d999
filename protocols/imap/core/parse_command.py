"""One whole command to its tag and its arguments, or to the reason why not. Pure."""

from __future__ import annotations

import msgspec

from protocols.imap.core.command_table import BY_NAME, Specification, State
from protocols.imap.core.commands.arguments import Arguments, Dialect
from protocols.imap.core.cursor import Cursor
from protocols.imap.core.framer import Command, Refused
from protocols.imap.core.syntax_error import CommandRefusedError, CommandSyntaxError

_WRONG_STATE = {
    State.NOT_AUTHENTICATED: "Sign in first.",
    State.AUTHENTICATED: "Select a mailbox first.",
    State.SELECTED: "This command is for the time before sign-in.",
}


class Request(msgspec.Struct, frozen=True):
    """A command that follows the grammar and may come now."""

    tag: bytes
    specification: Specification
    arguments: Arguments


def parse_command(
    command: Command, state: State, *, utf8: bool = False, utf8_accept: bool = False
) -> Request | Refused:
    """Read a command. Never raises for anything that a client can send. See Dialect for the flags."""
    tag = b"*"
    try:
        cursor = Cursor(command.pieces)
        tag = cursor.tag()
        cursor.space()
        name = cursor.word("a command")
        if name == b"UID":
            cursor.space()
            name += b" " + cursor.word("a command")
        specification = BY_NAME.get(name)
        if specification is None:
            return Refused(tag, f"There is no command {name[:40].decode('ascii')}.")
        if state not in specification.states:
            where = State.SELECTED if State.NOT_AUTHENTICATED in specification.states else state
            return Refused(tag, _WRONG_STATE[where])
        dialect = Dialect(specification.uid, utf8, utf8_accept)
        return Request(tag, specification, specification.arguments.parse(cursor, dialect))
    except CommandSyntaxError as error:
        return Refused(tag, error.message)
    except CommandRefusedError as error:
        return Refused(tag, error.message, error.code, bad=False)
