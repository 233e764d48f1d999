"""A strict reader of the IMAP grammar of ENVELOPE, BODYSTRUCTURE and BODY (RFC 3501 section 9, RFC 9051 section 9)."""

from __future__ import annotations

import re

Value = bytes | int | None | list["Value"]

_QUOTED = re.compile(rb'"((?:[\x01-\x09\x0b\x0c\x0e-\x21\x23-\x5b\x5d-\x7f]|\\["\\])*)"')
_NUMBER = re.compile(rb"0|[1-9][0-9]*")


class GrammarError(Exception):
    """The octets are not of the grammar."""


class Reader:
    """One production a method; each raises GrammarError."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self.at = 0

    def literal(self, expected: bytes) -> None:
        if not self.octets.startswith(expected, self.at):
            raise GrammarError(f"{expected!r} expected at {self.at}: {self.octets[self.at : self.at + 60]!r}")
        self.at += len(expected)

    def peek(self, expected: bytes) -> bool:
        return self.octets.startswith(expected, self.at)

    def string(self) -> bytes:
        match = _QUOTED.match(self.octets, self.at)
        if match is None:
            raise GrammarError(f"string expected at {self.at}: {self.octets[self.at : self.at + 60]!r}")
        self.at = match.end()
        return re.sub(rb"\\(.)", rb"\1", match[1])

    def nstring(self) -> bytes | None:
        if self.peek(b"NIL"):
            self.at += 3
            return None
        return self.string()

    def number(self) -> int:
        match = _NUMBER.match(self.octets, self.at)
        if match is None:
            raise GrammarError(f"number expected at {self.at}")
        self.at = match.end()
        return int(match[0])

    def space(self) -> None:
        self.literal(b" ")

    def end(self) -> None:
        if self.at != len(self.octets):
            raise GrammarError(f"trailing octets at {self.at}: {self.octets[self.at : self.at + 60]!r}")

    def addresses(self) -> Value:
        if self.peek(b"NIL"):
            self.at += 3
            return None
        self.literal(b"(")
        found: list[Value] = []
        while not self.peek(b")"):
            self.literal(b"(")
            one: list[Value] = []
            for position in range(4):
                if position:
                    self.space()
                one.append(self.nstring())
            self.literal(b")")
            found.append(one)
        if not found:
            raise GrammarError("an empty address list")
        self.literal(b")")
        return found

    def envelope(self) -> list[Value]:
        self.literal(b"(")
        out: list[Value] = [self.nstring()]
        self.space()
        out.append(self.nstring())
        for _ in range(6):
            self.space()
            out.append(self.addresses())
        for _ in range(2):
            self.space()
            out.append(self.nstring())
        self.literal(b")")
        return out

    def parameters(self) -> Value:
        if self.peek(b"NIL"):
            self.at += 3
            return None
        self.literal(b"(")
        out: list[Value] = [self.string()]
        self.space()
        out.append(self.string())
        while self.peek(b" "):
            self.space()
            out.append(self.string())
            self.space()
            out.append(self.string())
        self.literal(b")")
        return out

    def disposition(self) -> Value:
        if self.peek(b"NIL"):
            self.at += 3
            return None
        self.literal(b"(")
        kind = self.string()
        self.space()
        parameters = self.parameters()
        self.literal(b")")
        return [kind, parameters]

    def language(self) -> Value:
        if not self.peek(b"("):
            return self.nstring()
        self.literal(b"(")
        out: list[Value] = [self.string()]
        while self.peek(b" "):
            self.space()
            out.append(self.string())
        self.literal(b")")
        return out

    def extension(self) -> list[Value]:
        self.space()
        disposition = self.disposition()
        self.space()
        language = self.language()
        self.space()
        return [disposition, language, self.nstring()]

    def body(self, *, extensible: bool) -> list[Value]:
        self.literal(b"(")
        out: list[Value] = []
        if self.peek(b"("):
            children: list[Value] = []
            while self.peek(b"("):
                children.append(self.body(extensible=extensible))
            self.space()
            out = [children, self.string()]
            if extensible:
                self.space()
                out.append(self.parameters())
                out += self.extension()
        else:
            kind = self.string()
            self.space()
            subtype = self.string()
            self.space()
            out = [kind, subtype, self.parameters()]
            for _ in range(2):
                self.space()
                out.append(self.nstring())
            self.space()
            out.append(self.string())
            self.space()
            out.append(self.number())
            if kind.upper() == b"MESSAGE" and subtype.upper() in (b"RFC822", b"GLOBAL"):
                self.space()
                out.append(self.envelope())
                self.space()
                out.append(self.body(extensible=extensible))
                self.space()
                out.append(self.number())
            elif kind.upper() == b"TEXT":
                self.space()
                out.append(self.number())
            if extensible:
                self.space()
                out.append(self.nstring())
                out += self.extension()
        self.literal(b")")
        return out


def read_envelope(octets: bytes) -> list[Value]:
    """Return the ten fields. Raises GrammarError."""
    reader = Reader(octets)
    out = reader.envelope()
    reader.end()
    return out


def read_body(octets: bytes, *, extensible: bool) -> list[Value]:
    """Return the body as nested lists. Raises GrammarError."""
    reader = Reader(octets)
    out = reader.body(extensible=extensible)
    reader.end()
    return out
