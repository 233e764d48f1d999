"""Commands of any state, and those before sign-in (RFC 9051 sections 6.1 and 6.2)."""

from __future__ import annotations

from typing import Self

from protocols.imap.core.commands.arguments import Arguments, Dialect, NoArguments
from protocols.imap.core.cursor import Cursor
from protocols.imap.core.syntax_error import CommandSyntaxError
from protocols.wire.sasl.encoding import MAX_RESPONSE

MOST_ID_FIELDS = 30


class Capability(NoArguments, frozen=True):
    """RFC 9051 section 6.1.1"""


class Noop(NoArguments, frozen=True):
    """RFC 9051 section 6.1.2"""


class Logout(NoArguments, frozen=True):
    """RFC 9051 section 6.1.3"""


class StartTls(NoArguments, frozen=True):
    """RFC 9051 section 6.2.1"""


class Idle(NoArguments, frozen=True):
    """RFC 2177"""


class Compress(Arguments, frozen=True):
    """RFC 4978 section 3"""

    algorithm: str

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:  # noqa: ARG003 - the same for every dialect
        cursor.space()
        algorithm = cursor.atom("a compression algorithm").decode("ascii").upper()
        cursor.end()
        return cls(algorithm)


class Id(Arguments, frozen=True):
    """RFC 2971 section 3.1. What the client says of itself is bounded and then only logged."""

    fields: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:  # noqa: ARG003 - the same for every dialect
        cursor.space()
        fields: list[tuple[str, str]] = []
        if cursor.peek() == 0x28:
            items = cursor.parenthesised(Cursor.nstring)
            if len(items) % 2 or len(items) > 2 * MOST_ID_FIELDS:
                raise CommandSyntaxError(f"ID takes up to {MOST_ID_FIELDS} pairs of a field and its value.")
            texts = ["" if item is None else item.decode("utf-8", "replace") for item in items]
            fields = list(zip(texts[::2], texts[1::2], strict=True))
        else:
            cursor.need(b"NIL")
        cursor.end()
        if any(len(name) > 30 or len(value) > 1024 for name, value in fields):
            raise CommandSyntaxError("A field of ID has at most 30 octets and its value at most 1024.")
        return cls(tuple(fields))


class Enable(Arguments, frozen=True):
    """RFC 9051 section 6.3.1"""

    capabilities: tuple[bytes, ...]

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:  # noqa: ARG003 - the same for every dialect
        names: list[bytes] = []
        while not names or not cursor.at_end:
            cursor.space()
            names.append(cursor.atom("a capability").upper())
        return cls(tuple(names))


class Login(Arguments, frozen=True):
    """RFC 9051 section 6.2.3"""

    name: bytes
    password: bytes

    def __repr__(self) -> str:
        return "Login(...)"

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:  # noqa: ARG003 - the same for every dialect
        cursor.space()
        name = cursor.astring()
        cursor.space()
        password = cursor.astring()
        cursor.end()
        return cls(name, password)


class Authenticate(Arguments, frozen=True):
    """RFC 9051 section 6.2.2, with the initial response of SASL-IR (RFC 4959), still in base64."""

    mechanism: str
    initial: bytes | None

    def __repr__(self) -> str:
        return f"Authenticate({self.mechanism!r}, ...)"

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:  # noqa: ARG003 - the same for every dialect
        cursor.space()
        mechanism = cursor.atom("a SASL mechanism").decode("ascii").upper()
        initial: bytes | None = None
        if not cursor.at_end:
            cursor.space()
            initial = cursor.astring()
            if len(initial) > MAX_RESPONSE:
                raise CommandSyntaxError(f"The initial response is longer than {MAX_RESPONSE} octets.")
        cursor.end()
        return cls(mechanism, initial)
