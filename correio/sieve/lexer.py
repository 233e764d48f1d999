"""The tokens of a script (RFC 5228 section 8.1)."""

from __future__ import annotations

import bisect
import re
from typing import Final, Literal, NoReturn

import msgspec

from correio.sieve.errors import Mistake, Position

Kind = Literal["identifier", "tag", "number", "string", "mark", "end"]

_TOKEN: Final = re.compile(
    r"(?P<space>[ \t\n]+|#[^\n]*)"
    r"|(?P<comment>/\*)"
    r"|(?P<text>text:)"
    r"|(?P<identifier>[a-z_][a-z0-9_]*)"
    r"|(?P<tag>:[a-z_][a-z0-9_]*)"
    r"|(?P<number>[0-9]+[kmg]?)(?![a-z0-9_])"
    r'|(?P<string>")'
    r"|(?P<mark>[\[\](){},;])",
    re.IGNORECASE | re.ASCII,
)
_STRING: Final = re.compile(r'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_QUOTED_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)
_TEXT_START: Final = re.compile(r"[ \t]*(?:#[^\n]*)?\n")
_TEXT_END: Final = re.compile(r"^\.(?:\n|\Z)", re.MULTILINE)
_WORD: Final = re.compile(r"\S{1,30}")
_UNITS: Final = {"k": 10, "m": 20, "g": 30}
_MAX_NUMBER: Final = 2**63 - 1


class Token(msgspec.Struct, frozen=True):
    """One token. Identifiers and tags are in lower case, tags without their colon; ``number`` is a number's value."""

    kind: Kind
    text: str
    at: Position
    number: int = 0

    def __str__(self) -> str:
        match self.kind:
            case "end":
                return "the end of the script"
            case "string":
                return "a string"
            case "tag":
                return f"the tag :{self.text}"
            case "number":
                return f"the number {self.text}"
            case _:
                return f'"{self.text}"'


def tokens(script: bytes) -> list[Token]:
    """Return the tokens of a script, the last of kind "end". Line ends may be CRLF or LF; in strings they are CRLF.

    Raises Mistake.
    """
    text = script.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    return _Lexer(text).run()


class _Lexer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def _place(self, at: int) -> Position:
        line = bisect.bisect_right(self._lines, at)
        return Position(line, at - self._lines[line - 1] + 1)

    def _refuse_stray(self) -> None:
        for character, name in (("\0", "NUL"), ("\r", "CR without LF")):
            at = self._text.find(character)
            if at >= 0:
                raise Mistake(f"A script must not hold the character {name}.", self._place(at))

    def run(self) -> list[Token]:
        self._refuse_stray()
        found: list[Token] = []
        at = 0
        while at < len(self._text):
            match = _TOKEN.match(self._text, at)
            if match is None:
                self._fail(at)
            kind = match.lastgroup
            start, at = at, match.end()
            if kind == "space":
                continue
            if kind == "comment":
                at = self._text.find("*/", at) + 2
                if at < 2:
                    raise Mistake("This comment is not closed with */.", self._place(start))
                continue
            place = self._place(start)
            match kind:
                case "string":
                    value, at = self._quoted(start)
                    found.append(Token("string", value, place))
                case "text":
                    value, at = self._multi_line(start, at)
                    found.append(Token("string", value, place))
                case "number":
                    found.append(self._number(match[0], place))
                case "tag":
                    found.append(Token("tag", match[0][1:].lower(), place))
                case "identifier":
                    found.append(Token("identifier", match[0].lower(), place))
                case _:
                    found.append(Token("mark", match[0], place))
        found.append(Token("end", "", self._place(len(self._text))))
        return found

    def _fail(self, at: int) -> NoReturn:
        word = _WORD.match(self._text, at)
        shown = word[0] if word else repr(self._text[at])
        if shown[0] in "0123456789":
            raise Mistake(f"{shown} is no number: digits, and at most one of K, M and G after them.", self._place(at))
        raise Mistake(f"{shown!a} is nothing that a script can hold here; strings stand in quotes.", self._place(at))

    def _quoted(self, start: int) -> tuple[str, int]:
        match = _STRING.match(self._text, start)
        if match is None:
            raise Mistake('This string is not closed with a quote (").', self._place(start))
        value = match[1]
        if "\\" in value:
            value = _QUOTED_PAIR.sub(r"\1", value)
        return value.replace("\n", "\r\n"), match.end()

    def _multi_line(self, start: int, at: int) -> tuple[str, int]:
        begin = _TEXT_START.match(self._text, at)
        if begin is None:
            raise Mistake("After text: the line must end; the text begins on the next one.", self._place(at))
        end = _TEXT_END.search(self._text, begin.end())
        if end is None:
            raise Mistake("This text: is not closed by a line with a single dot.", self._place(start))
        value = self._text[begin.end() : end.start()]
        if "\n.." in value or value.startswith(".."):
            value = re.sub(r"^\.\.", ".", value, flags=re.MULTILINE)
        return value.replace("\n", "\r\n"), end.end()

    @staticmethod
    def _number(text: str, at: Position) -> Token:
        shift = _UNITS.get(text[-1].lower(), 0)
        digits = (text[:-1] if shift else text).lstrip("0") or "0"
        value = int(digits) << shift if len(digits) < 20 else _MAX_NUMBER + 1
        if value > _MAX_NUMBER:
            raise Mistake(f"The number {text[:30]} is too large.", at)
        return Token("number", text, at, value)
