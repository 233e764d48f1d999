"""Commands as they are written to statements as they are run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from correio.sieve import tree
from correio.sieve.arguments import Arguments, CommandSpec, Context, TagSpec, check_constants, read_arguments
from correio.sieve.capabilities import BUILT_IN, CAPABILITIES, IMPLIED
from correio.sieve.errors import Mistake
from correio.sieve.limits import DAY
from correio.sieve.parser import Command
from correio.sieve.read_tests import read_test
from correio.sieve.sieve_address import read_address, read_addresses
from correio.sieve.special_use import is_special_use
from correio.sieve.template import VARIABLE_NAME

_CASES: Final = ("lower", "upper")
_FIRSTS: Final = ("lowerfirst", "upperfirst")
_FLAGS: Final = TagSpec("strings", extension="imap4flags")


class _CommandSpec(msgspec.Struct, frozen=True):
    """A command: its arguments, its extension, and what makes the statement of them."""

    spec: CommandSpec
    make: Callable[[Arguments, Context], tree.Statement]
    extension: str = ""


def read_commands(commands: Sequence[Command], context: Context, *, top: bool = False) -> tuple[tree.Statement, ...]:
    """Return statements. What is wrong with each command goes to the context, and the others are read all the same."""
    found: list[tree.Statement] = []
    at = 0
    beginning = top
    while at < len(commands) and len(context.problems) < context.limits.problems:
        command = commands[at]
        at += 1
        try:
            if command.name == "require":
                _require(command, context, allowed=beginning)
                continue
            beginning = False
            if command.name == "if":
                chain = [command]
                while at < len(commands) and commands[at].name in ("elsif", "else"):
                    chain.append(commands[at])
                    at += 1
                    if chain[-1].name == "else":
                        break
                found.append(_if(chain, context))
            else:
                found.append(_command(command, context))
        except Mistake as mistake:
            context.problems.append(mistake.problem)
    return tuple(found)


def _require(command: Command, context: Context, *, allowed: bool) -> None:
    if not allowed:
        raise Mistake("require stands at the beginning of the script, before all other commands.", command.at)
    # Its strings are taken as they are: what they require is not in effect for them.
    arguments = read_arguments(command, CommandSpec(positional=(("capabilities", "strings"),)), Context(context.limits))
    for given in arguments.all_strings["capabilities"]:
        name = given.template.source
        if name not in CAPABILITIES:
            shown = ", ".join(sorted(CAPABILITIES - BUILT_IN))
            raise Mistake(f'There is no extension "{name[:60]}" here; there are {shown}.', given.at)
        context.required.add(name)
        if name in IMPLIED:
            context.required.add(IMPLIED[name])


def _if(chain: Sequence[Command], context: Context) -> tree.Statement:
    branches: list[tuple[tree.Test, tuple[tree.Statement, ...]]] = []
    for command in chain:
        alone = command.name == "else"
        test: tree.Test = tree.Constant(True)
        try:
            read_arguments(command, CommandSpec(tests="" if alone else "one", block=True), context)
            if not alone:
                test = read_test(command.tests[0], context)
        except Mistake as mistake:
            context.problems.append(mistake.problem)
        branches.append((test, read_commands(command.block or (), context)))
    return tree.If(tuple(branches))


def _command(command: Command, context: Context) -> tree.Statement:
    known = _COMMANDS.get(command.name)
    if known is None:
        if command.name in ("elsif", "else"):
            raise Mistake(f"{command.name} stands after the block of an if or elsif only.", command.at)
        raise Mistake(f'There is no command "{command.name}".', command.at)
    context.need(known.extension, f"The command {command.name}", command.at)
    return known.make(read_arguments(command, known.spec, context), context)


def _flags_of(arguments: Arguments) -> tree.Templates | None:
    return arguments.strings("flags") if arguments.has("flags") else None


def _fileinto(arguments: Arguments, _: Context) -> tree.Statement:
    check_constants(arguments, "mailbox", lambda name: bool(name.strip()), lambda _: "A mailbox has a name.")
    check_constants(
        arguments, "specialuse", is_special_use, lambda use: f'"{use}" is no special use such as "\\\\Junk".'
    )
    return tree.FileIntoCommand(
        arguments.string("mailbox"),
        _flags_of(arguments),
        arguments.has("create"),
        arguments.has("copy"),
        arguments.maybe("specialuse"),
    )


def _redirect(arguments: Arguments, _: Context) -> tree.Statement:
    check_constants(
        arguments, "address", lambda text: read_address(text) is not None, lambda text: f'"{text}" is no address.'
    )
    return tree.RedirectCommand(arguments.string("address"), arguments.has("copy"))


def _reject(arguments: Arguments, _: Context) -> tree.Statement:
    return tree.RejectCommand(arguments.string("reason"), early=arguments.name == "ereject")


def _has_8bit_header(entity: str) -> bool:
    return not entity.partition("\r\n\r\n")[0].isascii()


def _vacation(arguments: Arguments, context: Context) -> tree.Statement:
    limits = context.limits
    days, seconds = arguments.number("days"), arguments.number("seconds")
    if seconds is None:
        seconds = DAY * max(1, limits.vacation_days if days is None else days)
    check_constants(
        arguments, "from", lambda text: read_addresses(text) is not None, lambda text: f'"{text}" is no address.'
    )
    mime = arguments.has("mime")
    if mime:
        check_constants(
            arguments,
            "reason",
            lambda entity: not _has_8bit_header(entity),
            lambda _: (
                "The header of a :mime answer is in US-ASCII; write other characters as encoded words (RFC 2047)."
            ),
        )
    handle = arguments.maybe("handle")
    subject, sender, reason = arguments.maybe("subject"), arguments.maybe("from"), arguments.string("reason")
    # RFC 5230 section 4.2: what makes up the answer, before variables are put in. Lengths keep the pieces apart.
    made = [one.source if one is not None else "" for one in (subject, sender, reason)]
    synthesised = f"{mime:d}" + "".join(f"{len(one)}:{one}" for one in made)
    return tree.VacationCommand(
        min(seconds, limits.vacation_most),
        subject,
        sender,
        arguments.strings("addresses"),
        mime,
        f"handle {handle.source}" if handle is not None else f"answer {synthesised}",
        reason,
    )


def _variable_name(arguments: Arguments, name: str, context: Context) -> str:
    given = arguments.given(name)
    assert given is not None
    text = given.template.source
    if not given.template.constant or not VARIABLE_NAME.fullmatch(text):
        hint = " no extension here has a namespace." if "." in text else " letters, digits and _, no digit first."
        raise Mistake(f'"{text[:80]}" is no name of a variable:{hint}', given.at)
    if len(text) > context.limits.variable_name:
        raise Mistake(f"The name of a variable has at most {context.limits.variable_name} characters.", given.at)
    return text.lower()


def _set(arguments: Arguments, context: Context) -> tree.Statement:
    # In the order in which they are applied (RFC 5229 section 4.1).
    order = (*_CASES, *_FIRSTS, "quotewildcard", "length")
    modifiers = tuple(one for one in order if arguments.has(one))
    value = arguments.string("value")
    if value.constant and len(value.source) > context.limits.variable:
        raise Mistake(
            f"The value of a variable has at most {context.limits.variable} characters.",
            arguments.all_strings["value"][0].at,
        )
    return tree.SetCommand(_variable_name(arguments, "name", context), value, modifiers)


def _change_flags(arguments: Arguments, context: Context) -> tree.Statement:
    variable = None
    if (given := arguments.given("variable-name")) is not None:
        context.need("variables", f"A variable of {arguments.name}", given.at)
        variable = _variable_name(arguments, "variable-name", context)
    flags = arguments.strings("list-of-flags")
    match arguments.name:
        case "setflag":
            return tree.FlagsCommand("set", variable, flags)
        case "addflag":
            return tree.FlagsCommand("add", variable, flags)
        case _:
            return tree.FlagsCommand("remove", variable, flags)


_REASON: Final = ("reason", "string")
_FLAG_CHANGE: Final = CommandSpec(
    positional=(("variable-name", "string"), ("list-of-flags", "strings")), optional_first=True
)
_COPY: Final = TagSpec(extension="copy")

_COMMANDS: Final[dict[str, _CommandSpec]] = {
    "stop": _CommandSpec(CommandSpec(), lambda *_: tree.Stop()),
    "keep": _CommandSpec(CommandSpec({"flags": _FLAGS}), lambda given, _: tree.KeepCommand(_flags_of(given))),
    "discard": _CommandSpec(CommandSpec(), lambda *_: tree.DiscardCommand()),
    "fileinto": _CommandSpec(
        CommandSpec(
            {
                "flags": _FLAGS,
                "copy": _COPY,
                "create": TagSpec(extension="mailbox"),
                "specialuse": TagSpec("string", extension="special-use"),
            },
            (("mailbox", "string"),),
        ),
        _fileinto,
        "fileinto",
    ),
    "redirect": _CommandSpec(CommandSpec({"copy": _COPY}, (("address", "string"),)), _redirect),
    "reject": _CommandSpec(CommandSpec(positional=(_REASON,)), _reject, "reject"),
    "ereject": _CommandSpec(CommandSpec(positional=(_REASON,)), _reject, "ereject"),
    "vacation": _CommandSpec(
        CommandSpec(
            {
                "days": TagSpec("number", "period"),
                "seconds": TagSpec("number", "period", "vacation-seconds"),
                "subject": TagSpec("string"),
                "from": TagSpec("string"),
                "addresses": TagSpec("strings"),
                "mime": TagSpec(),
                "handle": TagSpec("string"),
            },
            (_REASON,),
        ),
        _vacation,
        "vacation",
    ),
    "set": _CommandSpec(
        CommandSpec(
            {
                **{name: TagSpec(group="case") for name in _CASES},
                **{name: TagSpec(group="first character") for name in _FIRSTS},
                "quotewildcard": TagSpec(),
                "length": TagSpec(),
            },
            (("name", "string"), ("value", "string")),
        ),
        _set,
        "variables",
    ),
    "setflag": _CommandSpec(_FLAG_CHANGE, _change_flags, "imap4flags"),
    "addflag": _CommandSpec(_FLAG_CHANGE, _change_flags, "imap4flags"),
    "removeflag": _CommandSpec(_FLAG_CHANGE, _change_flags, "imap4flags"),
}
