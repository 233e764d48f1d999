"""The grammar (RFC 5228 section 8.2): tokens to commands with their arguments, whatever the commands are called."""

from __future__ import annotations

import msgspec

from correio.sieve.errors import Mistake, Position
from correio.sieve.lexer import Token, tokens


class Strings(msgspec.Struct, frozen=True):
    """A string or a list of strings, each with its place."""

    values: tuple[tuple[str, Position], ...]
    listed: bool
    at: Position


class Number(msgspec.Struct, frozen=True):
    """A number."""

    value: int
    at: Position


class Tag(msgspec.Struct, frozen=True):
    """A tag, in lower case and without its colon."""

    name: str
    at: Position


Argument = Strings | Number | Tag


class Command(msgspec.Struct, frozen=True):
    """A command or a test as it is written."""

    name: str
    at: Position
    arguments: tuple[Argument, ...]
    tests: tuple[Command, ...]
    test_list: bool
    """Whether the tests stood in parentheses."""
    block: tuple[Command, ...] | None
    """None: it ended with a semicolon, or it is a test."""


def parse(script: bytes, nesting: int) -> tuple[Command, ...]:
    """Return the commands of a script. Raises Mistake."""
    parser = _Parser(tokens(script), nesting)
    return parser.commands(0, until="end")


class _Parser:
    def __init__(self, found: list[Token], nesting: int) -> None:
        self._tokens = found
        self._at = 0
        self._nesting = nesting

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _is_mark(self, mark: str) -> bool:
        return self._next.kind == "mark" and self._next.text == mark

    def _take(self) -> Token:
        token = self._next
        self._at += 1
        return token

    def _check_depth(self, depth: int, what: str, at: Position) -> None:
        if depth > self._nesting:
            raise Mistake(f"{what} may be nested {self._nesting} levels deep, and no deeper.", at)

    def commands(self, depth: int, until: str) -> tuple[Command, ...]:
        """Read commands up to ``}`` or to the end."""
        found: list[Command] = []
        while True:
            if self._next.kind == "end" if until == "end" else self._is_mark("}"):
                return tuple(found)
            if self._next.kind != "identifier":
                wanted = "A command" if until == "end" else 'A command or "}"'
                raise Mistake(f"{wanted} is expected here, not {self._next}.", self._next.at)
            found.append(self._command(depth))

    def _command(self, depth: int) -> Command:
        name = self._take()
        arguments, tests, test_list = self._arguments(0)
        if self._is_mark(";"):
            self._take()
            return Command(name.text, name.at, arguments, tests, test_list, None)
        if not self._is_mark("{"):
            raise Mistake(f'After {name.text} a ";" or a block is expected, not {self._next}.', self._next.at)
        opening = self._take()
        self._check_depth(depth + 1, "Blocks", opening.at)
        block = self.commands(depth + 1, until="}")
        self._take()
        return Command(name.text, name.at, arguments, tests, test_list, block)

    def _test(self, depth: int) -> Command:
        name = self._take()
        self._check_depth(depth, "Tests", name.at)
        if name.kind != "identifier":
            raise Mistake(f"A test is expected here, not {name}.", name.at)
        arguments, tests, test_list = self._arguments(depth)
        return Command(name.text, name.at, arguments, tests, test_list, None)

    def _arguments(self, depth: int) -> tuple[tuple[Argument, ...], tuple[Command, ...], bool]:
        found: list[Argument] = []
        while True:
            token = self._next
            if token.kind == "string":
                self._take()
                found.append(Strings(((token.text, token.at),), listed=False, at=token.at))
            elif token.kind == "number":
                self._take()
                found.append(Number(token.number, token.at))
            elif token.kind == "tag":
                self._take()
                found.append(Tag(token.text, token.at))
            elif self._is_mark("["):
                found.append(self._string_list())
            else:
                break
        if self._next.kind == "identifier":
            return tuple(found), (self._test(depth + 1),), False
        if self._is_mark("("):
            return tuple(found), self._test_list(depth), True
        return tuple(found), (), False

    def _test_list(self, depth: int) -> tuple[Command, ...]:
        self._take()
        found = [self._test(depth + 1)]
        while self._is_mark(","):
            self._take()
            found.append(self._test(depth + 1))
        if not self._is_mark(")"):
            raise Mistake(f'Between tests a "," is expected and after the last a ")", not {self._next}.', self._next.at)
        self._take()
        return tuple(found)

    def _string_list(self) -> Strings:
        opening = self._take()
        values: list[tuple[str, Position]] = []
        while True:
            token = self._take()
            if token.kind != "string":
                raise Mistake(f"A list holds strings in quotes, not {token}.", token.at)
            values.append((token.text, token.at))
            after = self._take()
            if after.kind == "mark" and after.text == "]":
                return Strings(tuple(values), listed=True, at=opening.at)
            if not (after.kind == "mark" and after.text == ","):
                raise Mistake(f'Between strings a "," is expected and after the last a "]", not {after}.', after.at)
