"""Reads the tokens of RFC 9051 section 9 out of one whole command, from left to right. Every step is bounded and linear."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from protocols.imap.core.framer import Literal
from protocols.imap.core.syntax_error import CommandSyntaxError

T = TypeVar("T")

MOST_NESTING: Final = 100
"""Parentheses inside each other; RFC 9051 names no bound, and no client needs more."""

_ATOM: Final = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\\]]+")
_ASTRING: Final = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\]+")
_TAG: Final = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\+]{1,255}")
_LIST_MAILBOX: Final = re.compile(rb"[^\x00-\x20\x7f(){\"\\]+")
_QUOTED: Final = re.compile(rb'"((?:[^"\\\r\n\x00]|\\["\\])*)"')
_NUMBER: Final = re.compile(rb"[0-9]{1,20}")
_WORD: Final = re.compile(rb"[A-Za-z0-9.=\-]+")
_SET: Final = re.compile(rb"[0-9:*,$]+")
_RANGE: Final = re.compile(rb"-?[0-9]{1,10}:-?[0-9]{1,10}(?![0-9])")
_FLAG: Final = re.compile(rb"\\?[^\x00-\x20\x7f-\xff(){%*\"\\\]]+|\\\*")
MOST_NUMBER: Final = 2**63 - 1


class Cursor:
    """A place in a command. Methods named after a token take it and raise CommandSyntaxError where it is not there."""

    __slots__ = ("_at", "_depth", "_piece", "_pieces", "_text")

    def __init__(self, pieces: Sequence[bytes | Literal]) -> None:
        self._pieces = pieces
        self._piece = 0
        self._depth = 0
        first = pieces[0] if pieces else b""
        assert isinstance(first, bytes)
        self._text: bytes = first
        self._at = 0

    # Looking.

    def peek(self) -> int:
        """Return the next octet, or -1 at the end of the text (before a literal or at the end of the command)."""
        return self._text[self._at] if self._at < len(self._text) else -1

    @property
    def at_end(self) -> bool:
        """Whether the whole command has been read."""
        return self._at >= len(self._text) and self._piece >= len(self._pieces) - 1

    @property
    def at_literal(self) -> bool:
        """Whether a literal comes next."""
        return self._at >= len(self._text) and self._piece + 1 < len(self._pieces)

    def looking_at(self, text: bytes) -> bool:
        """Whether the text comes next, in any case."""
        return self._text[self._at : self._at + len(text)].upper() == text

    # Taking.

    def _match(self, pattern: re.Pattern[bytes], what: str) -> bytes:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise self.wrong(what)
        self._at = found.end()
        return found[0]

    def wrong(self, expected: str) -> CommandSyntaxError:
        """Make the error that says what was expected here, and where."""
        if self.at_end:
            return CommandSyntaxError(f"The command ends where {expected} was expected.")
        if self.at_literal:
            return CommandSyntaxError(f"A literal stands where {expected} was expected.")
        near = self._text[self._at : self._at + 20].decode("ascii", "replace")
        shown = "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in near)
        return CommandSyntaxError(f"Expected {expected} at '{shown}'.")

    def space(self) -> None:
        """Take SP. More than one is taken as one, since clients written by hand do so."""
        if self.peek() != 0x20:
            raise self.wrong("a space")
        while self.peek() == 0x20:
            self._at += 1

    def end(self) -> None:
        """The command ends here, but for spaces."""
        while self.peek() == 0x20:
            self._at += 1
        if not self.at_end:
            raise self.wrong("the end of the command")

    def take(self, octets: bytes) -> bool:
        """Take these octets if they come next, in any case; tell whether they did."""
        if self.looking_at(octets):
            self._at += len(octets)
            return True
        return False

    def need(self, octets: bytes) -> None:
        """Take these octets, in any case."""
        if not self.take(octets):
            raise self.wrong(f"'{octets.decode('ascii')}'")

    def tag(self) -> bytes:
        """tag = 1*<any ASTRING-CHAR except "+">"""
        return self._match(_TAG, "a tag")

    def word(self, what: str = "a word") -> bytes:
        """A name that the protocol defines, in upper case."""
        return self._match(_WORD, what).upper()

    def atom(self, what: str = "an atom") -> bytes:
        """atom = 1*ATOM-CHAR"""
        return self._match(_ATOM, what)

    def flag(self) -> str:
        """flag, or ``\\*``; not yet canonical."""
        return self._match(_FLAG, "a flag").decode("ascii")

    def number(self, most: int = 2**32 - 1) -> int:
        """number (at most 2^32 - 1) or number64"""
        value = int(self._match(_NUMBER, "a number"))
        if value > most:
            raise CommandSyntaxError(f"The number {value} is larger than {most}.")
        return value

    def set_text(self) -> bytes:
        """The octets of a sequence-set."""
        return self._match(_SET, "a set of message numbers")

    def range_text(self) -> bytes:
        """The octets of two numbers with a colon between, each perhaps negative."""
        return self._match(_RANGE, "a range of numbers")

    def literal(self) -> Literal:
        """literal or literal8"""
        if not self.at_literal:
            raise self.wrong("a literal")
        piece = self._pieces[self._piece + 1]
        text = self._pieces[self._piece + 2] if self._piece + 2 < len(self._pieces) else b""
        assert isinstance(piece, Literal)
        assert isinstance(text, bytes)
        self._piece += 2
        self._text = text
        self._at = 0
        return piece

    def string(self) -> bytes:
        """string = quoted / literal"""
        if self.at_literal:
            literal = self.literal()
            if b"\0" in literal.octets:
                raise CommandSyntaxError("A string may not hold a NUL octet.")
            return literal.octets
        found = _QUOTED.match(self._text, self._at)
        if found is None:
            raise self.wrong("a closed quoted string or a literal" if self.peek() == 0x22 else "a string")
        self._at = found.end()
        text = found[1]
        return re.sub(rb"\\(.)", rb"\1", text) if b"\\" in text else text

    def astring(self) -> bytes:
        """astring = 1*ASTRING-CHAR / string"""
        if self.at_literal or self.peek() == 0x22:
            return self.string()
        return self._match(_ASTRING, "a string")

    def nstring(self) -> bytes | None:
        """nstring = string / nil"""
        if not self.at_literal and self.peek() != 0x22:
            self.need(b"NIL")
            return None
        return self.string()

    def list_mailbox(self) -> bytes:
        """list-mailbox = 1*list-char / string: a pattern with ``*`` and ``%``"""
        if self.at_literal or self.peek() == 0x22:
            return self.string()
        return self._match(_LIST_MAILBOX, "a mailbox pattern")

    def parenthesised(self, item: Callable[[Cursor], T], *, empty: bool = True) -> list[T]:
        """ "(" [item *(SP item)] ")" """
        self.need(b"(")
        self._depth += 1
        if self._depth > MOST_NESTING:
            raise CommandSyntaxError(f"Parentheses are nested deeper than {MOST_NESTING}.")
        items: list[T] = []
        while self.peek() == 0x20:
            self._at += 1
        if not (empty and self.peek() == 0x29):
            items.append(item(self))
            while self.peek() == 0x20:
                self.space()
                if self.peek() == 0x29:
                    break
                items.append(item(self))
        self.need(b")")
        self._depth -= 1
        return items

    def descend(self) -> None:
        """Enter one more level of nesting that has no parentheses, such as NOT in SEARCH."""
        self._depth += 1
        if self._depth > MOST_NESTING:
            raise CommandSyntaxError(f"Search keys are nested deeper than {MOST_NESTING}.")

    def ascend(self) -> None:
        """Leave a level of nesting."""
        self._depth -= 1
