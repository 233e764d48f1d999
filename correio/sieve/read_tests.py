"""Tests as they are written to tests as they are run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from correio.sieve import tree
from correio.sieve.address_part import AddressPart
from correio.sieve.arguments import Arguments, CommandSpec, Context, TagSpec, check_constants, read_arguments
from correio.sieve.comparator import ALWAYS, COMPARATORS, DEFAULT
from correio.sieve.dates import DATE_PARTS, read_zone
from correio.sieve.errors import Mistake
from correio.sieve.match import RELATIONS, Match, MatchType
from correio.sieve.parser import Command
from correio.sieve.special_use import is_special_use

ADDRESS_FIELDS: Final = frozenset(
    (
        "from", "to", "cc", "bcc", "sender", "reply-to", "resent-from", "resent-to", "resent-cc", "resent-bcc",
        "resent-sender", "resent-reply-to", "return-path", "delivered-to", "x-original-to", "envelope-to",
        "x-envelope-to", "errors-to", "apparently-to", "disposition-notification-to", "return-receipt-to",
        "mail-reply-to", "mail-followup-to", "x-forwarded-to", "x-forwarded-for", "x-mailing-list",
    )
)  # fmt: skip
"""Fields that hold addresses (RFC 5228 section 5.1)."""

_MATCH_TAGS: Final = {
    "is": TagSpec(group="match type"),
    "contains": TagSpec(group="match type"),
    "matches": TagSpec(group="match type"),
    "value": TagSpec("string", "match type", "relational"),
    "count": TagSpec("string", "match type", "relational"),
    "comparator": TagSpec("string"),
}
_PART_TAGS: Final = {
    "all": TagSpec(group="address part"),
    "localpart": TagSpec(group="address part"),
    "domain": TagSpec(group="address part"),
    "user": TagSpec(group="address part", extension="subaddress"),
    "detail": TagSpec(group="address part", extension="subaddress"),
}
_INDEX_TAGS: Final = {"index": TagSpec("number", extension="index"), "last": TagSpec(extension="index")}
_ZONE: Final = TagSpec("string", "zone")
_KEYS: Final = ("key-list", "strings")


class _TestSpec(msgspec.Struct, frozen=True):
    """A test: its arguments, its extension, and what makes the test of them."""

    spec: CommandSpec
    make: Callable[[Arguments, Context, tuple[tree.Test, ...]], tree.Test]
    extension: str = ""


def read_test(command: Command, context: Context) -> tree.Test:
    """Return a test. Raises Mistake."""
    known = _TESTS.get(command.name)
    if known is None:
        raise Mistake(f'There is no test "{command.name}".', command.at)
    context.need(known.extension, f"The test {command.name}", command.at)
    arguments = read_arguments(command, known.spec, context)
    return known.make(arguments, context, tuple(read_test(test, context) for test in command.tests))


def _read_match(arguments: Arguments, context: Context) -> Match:
    match: MatchType = "is"
    relation = ""
    types: tuple[MatchType, ...] = ("is", "contains", "matches", "value", "count")
    for kind in types:
        if arguments.has(kind):
            match = kind
    if match in ("value", "count"):
        given = arguments.given(match)
        assert given is not None
        relation = given.template.source.lower()
        if relation not in RELATIONS:
            raise Mistake(f":{match} is to be followed by one of {', '.join(RELATIONS)}.", given.at)
    comparator = DEFAULT
    if (wanted := arguments.given("comparator")) is not None:
        name = wanted.template.source
        if name not in COMPARATORS:
            raise Mistake(f'There is no comparator "{name[:40]}"; there are {", ".join(COMPARATORS)}.', wanted.at)
        if name not in ALWAYS:
            context.need(f"comparator-{name}", f"The comparator {name}", wanted.at)
        comparator = COMPARATORS[name]
        if match in ("contains", "matches") and not comparator.substrings:
            raise Mistake(f"The comparator {name} compares whole values; it cannot be used with :{match}.", wanted.at)
    return Match(match, comparator, relation)


def _read_part(arguments: Arguments) -> AddressPart:
    parts: tuple[AddressPart, ...] = ("all", "localpart", "domain", "user", "detail")
    return next((part for part in parts if arguments.has(part)), "all")


def _read_index(arguments: Arguments) -> tree.Index | None:
    number = arguments.number("index")
    if number is None:
        if arguments.has("last"):
            raise Mistake(":last says from where :index counts; it is nothing without it.", arguments.tags["last"])
        return None
    if number < 1:
        raise Mistake(":index counts from 1.", arguments.tags["index"])
    return tree.Index(number, arguments.has("last"))


def is_address_field(name: str) -> bool:
    """Tell whether the address test can be applied to a field."""
    return name.lower() in ADDRESS_FIELDS


def is_envelope_part(name: str) -> bool:
    """Tell whether there is such a part of the envelope."""
    return name.lower() in ("from", "to")


def _header(arguments: Arguments, context: Context, _: tuple[tree.Test, ...]) -> tree.Test:
    match = _read_match(arguments, context)
    return tree.HeaderTest(
        arguments.strings("header-names"), arguments.strings("key-list"), match, _read_index(arguments)
    )


def _address(arguments: Arguments, context: Context, _: tuple[tree.Test, ...]) -> tree.Test:
    check_constants(
        arguments,
        "header-list",
        is_address_field,
        lambda name: f'"{name}" is no field that holds addresses; use the test header for it.',
    )
    match = _read_match(arguments, context)
    return tree.AddressTest(
        arguments.strings("header-list"),
        arguments.strings("key-list"),
        match,
        _read_part(arguments),
        _read_index(arguments),
    )


def _envelope(arguments: Arguments, context: Context, _: tuple[tree.Test, ...]) -> tree.Test:
    check_constants(
        arguments,
        "envelope-part",
        is_envelope_part,
        lambda name: f'The envelope has no part "{name}"; it has "from" and "to".',
    )
    match = _read_match(arguments, context)
    return tree.EnvelopeTest(
        arguments.strings("envelope-part"), arguments.strings("key-list"), match, _read_part(arguments)
    )


def _size(arguments: Arguments, _: Context, __: tuple[tree.Test, ...]) -> tree.Test:
    if not (arguments.has("over") or arguments.has("under")):
        raise Mistake("size takes :over or :under.", arguments.at)
    return tree.Size(arguments.has("over"), arguments.number("limit") or 0)


def _body(arguments: Arguments, context: Context, _: tuple[tree.Test, ...]) -> tree.Test:
    match = _read_match(arguments, context)
    keys = arguments.strings("key-list")
    if arguments.has("raw"):
        return tree.BodyTest("raw", (), keys, match)
    if arguments.has("content"):
        return tree.BodyTest("content", arguments.strings("content"), keys, match)
    return tree.BodyTest("text", (), keys, match)


def _string(arguments: Arguments, context: Context, _: tuple[tree.Test, ...]) -> tree.Test:
    return tree.StringTest(arguments.strings("source"), arguments.strings("key-list"), _read_match(arguments, context))


def _hasflag(arguments: Arguments, context: Context, _: tuple[tree.Test, ...]) -> tree.Test:
    variables = arguments.all_strings.get("variable-list", ())
    if variables:
        context.need("variables", "A variable of hasflag", variables[0].at)
    return tree.HasFlag(
        arguments.strings("variable-list"), arguments.strings("list-of-flags"), _read_match(arguments, context)
    )


def _date(arguments: Arguments, context: Context, _: tuple[tree.Test, ...]) -> tree.Test:
    check_constants(
        arguments,
        "date-part",
        lambda part: part.lower() in DATE_PARTS,
        lambda part: f'A date has no part "{part}"; it has {", ".join(DATE_PARTS)}.',
    )
    check_constants(
        arguments,
        "zone",
        lambda zone: read_zone(zone) is not None,
        lambda zone: f'"{zone}" is no zone; write it as "+0100" or "-0330".',
    )
    return tree.DateTest(
        arguments.maybe("header-name"),
        arguments.string("date-part"),
        arguments.strings("key-list"),
        _read_match(arguments, context),
        arguments.maybe("zone"),
        arguments.has("originalzone"),
        _read_index(arguments),
    )


def _specialuse_exists(arguments: Arguments, _: Context, __: tuple[tree.Test, ...]) -> tree.Test:
    check_constants(
        arguments, "special-use-attrs", is_special_use, lambda use: f'"{use}" is no special use such as "\\\\Junk".'
    )
    return tree.SpecialUseExists(arguments.maybe("mailbox"), arguments.strings("special-use-attrs"))


def _duplicate(arguments: Arguments, context: Context, _: tuple[tree.Test, ...]) -> tree.Test:
    seconds = arguments.number("seconds")
    limits = context.limits
    return tree.Duplicate(
        arguments.maybe("handle"),
        arguments.maybe("header"),
        arguments.maybe("uniqueid"),
        limits.duplicate_default if seconds is None else min(seconds, limits.duplicate_most),
        arguments.has("last"),
    )


_TESTS: Final[dict[str, _TestSpec]] = {
    "true": _TestSpec(CommandSpec(), lambda *_: tree.Constant(True)),
    "false": _TestSpec(CommandSpec(), lambda *_: tree.Constant(False)),
    "not": _TestSpec(CommandSpec(tests="one"), lambda _, __, tests: tree.Not(tests[0])),
    "allof": _TestSpec(CommandSpec(tests="list"), lambda _, __, tests: tree.AllOf(tests)),
    "anyof": _TestSpec(CommandSpec(tests="list"), lambda _, __, tests: tree.AnyOf(tests)),
    "exists": _TestSpec(
        CommandSpec(positional=(("header-names", "strings"),)),
        lambda given, *_: tree.Exists(given.strings("header-names")),
    ),
    "size": _TestSpec(
        CommandSpec({"over": TagSpec(group="size"), "under": TagSpec(group="size")}, (("limit", "number"),)), _size
    ),
    "header": _TestSpec(CommandSpec({**_MATCH_TAGS, **_INDEX_TAGS}, (("header-names", "strings"), _KEYS)), _header),
    "address": _TestSpec(
        CommandSpec({**_MATCH_TAGS, **_PART_TAGS, **_INDEX_TAGS}, (("header-list", "strings"), _KEYS)), _address
    ),
    "envelope": _TestSpec(
        CommandSpec({**_MATCH_TAGS, **_PART_TAGS}, (("envelope-part", "strings"), _KEYS)), _envelope, "envelope"
    ),
    "body": _TestSpec(
        CommandSpec(
            {
                **_MATCH_TAGS,
                "raw": TagSpec(group="transform"),
                "content": TagSpec("strings", "transform"),
                "text": TagSpec(group="transform"),
            },
            (_KEYS,),
        ),
        _body,
        "body",
    ),
    "string": _TestSpec(CommandSpec(_MATCH_TAGS, (("source", "strings"), _KEYS)), _string, "variables"),
    "hasflag": _TestSpec(
        CommandSpec(_MATCH_TAGS, (("variable-list", "strings"), ("list-of-flags", "strings")), optional_first=True),
        _hasflag,
        "imap4flags",
    ),
    "date": _TestSpec(
        CommandSpec(
            {**_MATCH_TAGS, **_INDEX_TAGS, "zone": _ZONE, "originalzone": TagSpec(group="zone")},
            (("header-name", "string"), ("date-part", "string"), _KEYS),
        ),
        _date,
        "date",
    ),
    "currentdate": _TestSpec(
        CommandSpec({**_MATCH_TAGS, "zone": _ZONE}, (("date-part", "string"), _KEYS)), _date, "date"
    ),
    "mailboxexists": _TestSpec(
        CommandSpec(positional=(("mailbox-names", "strings"),)),
        lambda given, *_: tree.MailboxExists(given.strings("mailbox-names")),
        "mailbox",
    ),
    "specialuse_exists": _TestSpec(
        CommandSpec(positional=(("mailbox", "string"), ("special-use-attrs", "strings")), optional_first=True),
        _specialuse_exists,
        "special-use",
    ),
    "duplicate": _TestSpec(
        CommandSpec(
            {
                "handle": TagSpec("string"),
                "header": TagSpec("string", "id"),
                "uniqueid": TagSpec("string", "id"),
                "seconds": TagSpec("number"),
                "last": TagSpec(),
            }
        ),
        _duplicate,
        "duplicate",
    ),
}
