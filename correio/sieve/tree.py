"""A script that was found good: commands and tests with their arguments in their types."""

from __future__ import annotations

from typing import Literal

import msgspec

from correio.sieve.address_part import AddressPart
from correio.sieve.match import Match
from correio.sieve.template import Template

Templates = tuple[Template, ...]


class Index(msgspec.Struct, frozen=True):
    """``:index`` (RFC 5260 section 6): one field of several."""

    number: int
    last: bool = False


# Tests


class Constant(msgspec.Struct, frozen=True):
    """``true`` and ``false``."""

    value: bool


class Not(msgspec.Struct, frozen=True):
    test: Test


class AllOf(msgspec.Struct, frozen=True):
    tests: tuple[Test, ...]


class AnyOf(msgspec.Struct, frozen=True):
    tests: tuple[Test, ...]


class Exists(msgspec.Struct, frozen=True):
    names: Templates


class Size(msgspec.Struct, frozen=True):
    over: bool
    limit: int


class HeaderTest(msgspec.Struct, frozen=True):
    names: Templates
    keys: Templates
    match: Match
    index: Index | None


class AddressTest(msgspec.Struct, frozen=True):
    names: Templates
    keys: Templates
    match: Match
    part: AddressPart
    index: Index | None


class EnvelopeTest(msgspec.Struct, frozen=True):
    parts: Templates
    keys: Templates
    match: Match
    part: AddressPart


class BodyTest(msgspec.Struct, frozen=True):
    transform: Literal["raw", "content", "text"]
    types: Templates
    keys: Templates
    match: Match


class StringTest(msgspec.Struct, frozen=True):
    """RFC 5229 section 5."""

    sources: Templates
    keys: Templates
    match: Match


class HasFlag(msgspec.Struct, frozen=True):
    """RFC 5232 section 4; without variables it is about the internal one."""

    variables: Templates
    keys: Templates
    match: Match


class DateTest(msgspec.Struct, frozen=True):
    """RFC 5260 section 4. Without a header it is ``currentdate``."""

    header: Template | None
    part: Template
    keys: Templates
    match: Match
    zone: Template | None
    original_zone: bool
    index: Index | None


class MailboxExists(msgspec.Struct, frozen=True):
    names: Templates


class SpecialUseExists(msgspec.Struct, frozen=True):
    """RFC 8579 section 3."""

    mailbox: Template | None
    uses: Templates


class Duplicate(msgspec.Struct, frozen=True):
    """RFC 7352 section 3. Without a header and an id it is about the Message-ID field."""

    handle: Template | None
    header: Template | None
    unique_id: Template | None
    seconds: int
    last: bool


Test = (
    Constant | Not | AllOf | AnyOf | Exists | Size | HeaderTest | AddressTest | EnvelopeTest | BodyTest | StringTest
    | HasFlag | DateTest | MailboxExists | SpecialUseExists | Duplicate
)  # fmt: skip


# Commands


class If(msgspec.Struct, frozen=True):
    """``if`` with its ``elsif`` and ``else``; the test of ``else`` is ``true``."""

    branches: tuple[tuple[Test, tuple[Statement, ...]], ...]


class Stop(msgspec.Struct, frozen=True):
    pass


class KeepCommand(msgspec.Struct, frozen=True):
    flags: Templates | None


class FileIntoCommand(msgspec.Struct, frozen=True):
    mailbox: Template
    flags: Templates | None
    create: bool
    copy: bool
    special_use: Template | None


class RedirectCommand(msgspec.Struct, frozen=True):
    address: Template
    copy: bool


class DiscardCommand(msgspec.Struct, frozen=True):
    pass


class RejectCommand(msgspec.Struct, frozen=True):
    reason: Template
    early: bool
    """``ereject``."""


class VacationCommand(msgspec.Struct, frozen=True):
    seconds: int
    """How long the same answer is not repeated to the same sender; 0: it is always given."""
    subject: Template | None
    sender: Template | None
    addresses: Templates
    mime: bool
    handle: str
    """What the answer is known by: what ``:handle`` says, or else all that makes up the answer, as it is written."""
    reason: Template


class SetCommand(msgspec.Struct, frozen=True):
    """``set``; modifiers in the order in which they are applied."""

    name: str
    value: Template
    modifiers: tuple[str, ...]


class FlagsCommand(msgspec.Struct, frozen=True):
    """``setflag``, ``addflag``, ``removeflag``."""

    mode: Literal["set", "add", "remove"]
    variable: str | None
    flags: Templates


Statement = (
    If | Stop | KeepCommand | FileIntoCommand | RedirectCommand | DiscardCommand | RejectCommand | VacationCommand
    | SetCommand | FlagsCommand
)  # fmt: skip


class Script(msgspec.Struct, frozen=True):
    """A compiled script."""

    size: int
    """Octets it was written in."""
    requires: frozenset[str]
    statements: tuple[Statement, ...]
