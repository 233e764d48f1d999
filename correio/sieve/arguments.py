"""The arguments of one command, held against what it takes (RFC 5228 section 2.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

import msgspec

from correio.sieve.encoded_characters import decode_characters
from correio.sieve.errors import Mistake, Position, Problem
from correio.sieve.limits import SieveLimits
from correio.sieve.parser import Argument, Command, Number, Strings, Tag
from correio.sieve.template import Template, read_template

ValueKind = Literal["", "string", "strings", "number"]


class TagSpec(msgspec.Struct, frozen=True):
    """A tag: what follows it, which others it excludes, and which extension it belongs to."""

    value: ValueKind = ""
    group: str = ""
    """Of the tags of one group a command takes one."""
    extension: str = ""


class CommandSpec(msgspec.Struct, frozen=True):
    """What a command takes. ``tests``: "" none, "one", or "list"."""

    tags: Mapping[str, TagSpec] = {}
    positional: tuple[tuple[str, ValueKind], ...] = ()
    """Name and kind of each."""
    optional_first: bool = False
    """Whether the first of them may be left out."""
    tests: Literal["", "one", "list"] = ""
    block: bool = False


class Context:
    """What is known while a script is read: what it requires, and what was found wrong so far."""

    def __init__(self, limits: SieveLimits) -> None:
        self.limits: Final = limits
        self.required: set[str] = set()
        self.problems: list[Problem] = []

    def has(self, extension: str) -> bool:
        """Tell whether the script requires an extension."""
        return extension in self.required

    def need(self, extension: str, what: str, at: Position) -> None:
        """Raise Mistake unless the script requires an extension."""
        if extension and extension not in self.required:
            raise Mistake(f'{what} needs require "{extension}"; at the beginning of the script.', at)

    def template(self, text: str, at: Position) -> Template:
        """Return a string of the script as what it becomes under the extensions in effect. Raises Mistake."""
        if "encoded-character" in self.required:
            text = decode_characters(text, at)
        if "variables" in self.required:
            return read_template(text, at, self.limits.captures)
        return Template(text)


class Given(msgspec.Struct, frozen=True):
    """A string with its place."""

    template: Template
    at: Position


class Arguments:
    """The arguments of one command by their names. Whatever is asked for was checked already."""

    def __init__(self, name: str, at: Position) -> None:
        self.name: Final = name
        self.at: Final = at
        self.tags: Final[dict[str, Position]] = {}
        self.all_strings: Final[dict[str, tuple[Given, ...]]] = {}
        self.numbers: Final[dict[str, tuple[int, Position]]] = {}

    def has(self, tag: str) -> bool:
        """Tell whether a tag was given."""
        return tag in self.tags

    def given(self, name: str) -> Given | None:
        """Return a single string with its place."""
        found = self.all_strings.get(name)
        return found[0] if found else None

    def string(self, name: str) -> Template:
        """Return a string that had to be given."""
        return self.all_strings[name][0].template

    def maybe(self, name: str) -> Template | None:
        """Return a string, None where it was not given."""
        found = self.given(name)
        return found.template if found else None

    def strings(self, name: str) -> tuple[Template, ...]:
        """Return a list of strings, empty where it was not given."""
        return tuple(one.template for one in self.all_strings.get(name, ()))

    def number(self, name: str) -> int | None:
        """Return a number, None where it was not given."""
        found = self.numbers.get(name)
        return found[0] if found else None


_KIND_NAMES: Final = {"string": "a string", "strings": "a string or a list of strings", "number": "a number"}


def read_arguments(command: Command, spec: CommandSpec, context: Context) -> Arguments:
    """Return the arguments of a command. Raises Mistake."""
    found = Arguments(command.name, command.at)
    rest = _read_tags(command, spec, context, found)
    _read_positional(command, spec, context, found, rest)
    _check_shape(command, spec)
    return found


def _read_tags(command: Command, spec: CommandSpec, context: Context, found: Arguments) -> list[Argument]:
    arguments = list(command.arguments)
    groups: dict[str, str] = {}
    at = 0
    while at < len(arguments):
        argument = arguments[at]
        if not isinstance(argument, Tag):
            break
        tag = spec.tags.get(argument.name)
        if tag is None:
            taken = ", ".join(f":{name}" for name in sorted(spec.tags)) or "no tags"
            raise Mistake(f"{command.name} has no tag :{argument.name}; it takes {taken}.", argument.at)
        context.need(tag.extension, f"The tag :{argument.name} of {command.name}", argument.at)
        if argument.name in found.tags:
            raise Mistake(f"The tag :{argument.name} stands there twice.", argument.at)
        if tag.group and (other := groups.setdefault(tag.group, argument.name)) != argument.name:
            raise Mistake(f":{other} and :{argument.name} exclude each other.", argument.at)
        found.tags[argument.name] = argument.at
        at += 1
        if tag.value:
            if at == len(arguments) or isinstance(arguments[at], Tag):
                raise Mistake(f":{argument.name} is to be followed by {_KIND_NAMES[tag.value]}.", argument.at)
            _take(found, argument.name, f":{argument.name}", tag.value, arguments[at], context)
            at += 1
    return arguments[at:]


def _read_positional(
    command: Command, spec: CommandSpec, context: Context, found: Arguments, rest: list[Argument]
) -> None:
    wanted = list(spec.positional)
    if spec.optional_first and len(rest) == len(wanted) - 1:
        wanted = wanted[1:]
    for argument in rest:
        if isinstance(argument, Tag):
            raise Mistake(f"Tags stand before the other arguments: move :{argument.name} forward.", argument.at)
    if len(rest) < len(wanted):
        name, kind = wanted[len(rest)]
        raise Mistake(f"{command.name} lacks its argument <{name}>, {_KIND_NAMES[kind]}.", command.at)
    if len(rest) > len(wanted):
        raise Mistake(f"{command.name} takes no argument here.", rest[len(wanted)].at)
    for (name, kind), argument in zip(wanted, rest, strict=True):
        _take(found, name, f"<{name}> of {command.name}", kind, argument, context)


def _take(found: Arguments, name: str, what: str, kind: ValueKind, argument: Argument, context: Context) -> None:
    if isinstance(argument, Number) and kind == "number":
        found.numbers[name] = (argument.value, argument.at)
    elif isinstance(argument, Strings) and (kind == "strings" or (kind == "string" and not argument.listed)):
        found.all_strings[name] = tuple(Given(context.template(text, at), at) for text, at in argument.values)
    else:
        raise Mistake(f"{what} is to be {_KIND_NAMES[kind]}.", argument.at)


def _check_shape(command: Command, spec: CommandSpec) -> None:
    if spec.tests == "":
        if command.tests:
            raise Mistake(
                f'{command.name} takes no test; is a ";" missing before {command.tests[0].name}?', command.tests[0].at
            )
    elif not command.tests:
        what = "a list of tests in parentheses" if spec.tests == "list" else "a test"
        raise Mistake(f"{command.name} is to be followed by {what}.", command.at)
    elif spec.tests == "list" and not command.test_list:
        raise Mistake(f"The tests of {command.name} stand in parentheses.", command.tests[0].at)
    elif spec.tests == "one" and (command.test_list or len(command.tests) > 1):
        raise Mistake(f"{command.name} takes one test; allof (...) and anyof (...) join several.", command.tests[0].at)
    if spec.block and command.block is None:
        raise Mistake(f"{command.name} is to be followed by a block in braces.", command.at)
    if not spec.block and command.block is not None:
        raise Mistake(f"{command.name} takes no block; it ends with a semicolon.", command.at)


def check_constants(
    arguments: Arguments, name: str, good: Callable[[str], bool], complaint: Callable[[str], str]
) -> None:
    """Raise Mistake for a string without variables that is not good; one with variables is looked at when it is known."""
    for given in arguments.all_strings.get(name, ()):
        if given.template.constant and not good(given.template.source):
            raise Mistake(complaint(given.template.source[:80]), given.at)
