"""What can be wrong with a script, in words its author can act on."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from correio.errors import InvalidInputError


class Position(msgspec.Struct, frozen=True):
    """A place in a script; both numbers count from 1, columns in characters."""

    line: int
    column: int


class Problem(msgspec.Struct, frozen=True):
    """One mistake."""

    message: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}"


class SieveSyntaxError(InvalidInputError):
    """A script that cannot be run. ``problems`` holds every mistake that was found, the first in the script first."""

    code = "invalid-script"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"The script has a mistake in {problems[0]}", "script")
        self.problems = tuple(problems)
        self.line = problems[0].line
        self.column = problems[0].column


class Mistake(Exception):  # noqa: N818 - becomes a Problem, and leaves this package in a SieveSyntaxError
    """Raised where the reader of a script cannot go on."""

    def __init__(self, message: str, at: Position) -> None:
        super().__init__(message)
        self.problem = Problem(message, at.line, at.column)


class SieveRuntimeError(Exception):
    """A script failed while it ran: it is as if it had not been there, and the message is kept (RFC 5228 section 2.10.6)."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
