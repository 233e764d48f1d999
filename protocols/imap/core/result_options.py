"""RETURN of SEARCH and SORT: what to say of the result (RFC 4731, RFC 5182, RFC 5267 section 3, RFC 9394). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from protocols.imap.core.cursor import Cursor
from protocols.imap.core.partial_range import PartialRange
from protocols.imap.core.syntax_error import CommandSyntaxError

RETURN_OPTIONS: Final = (b"MIN", b"MAX", b"ALL", b"COUNT", b"SAVE", b"PARTIAL")


class ResultOptions(msgspec.Struct, frozen=True):
    """The options by name, each once; ``names`` None where there was no RETURN."""

    names: tuple[bytes, ...] | None = None
    partial: PartialRange | None = None


def parse_result_options(cursor: Cursor) -> ResultOptions:
    """Read ``RETURN (...) SP`` if it comes next. Without any option in it ALL is meant. Raises CommandSyntaxError."""
    if not cursor.looking_at(b"RETURN "):
        return ResultOptions()
    cursor.need(b"RETURN")
    cursor.space()
    options = cursor.parenthesised(_option)
    cursor.space()
    given = [name for name, _ in options]
    if b"PARTIAL" in given and given.count(b"PARTIAL") + given.count(b"ALL") > 1:
        # RFC 9394 section 3.1
        raise CommandSyntaxError("RETURN takes one PARTIAL, or ALL, and not both.")
    partial = next((value for _, value in options if value is not None), None)
    return ResultOptions(tuple(dict.fromkeys(given)) or (b"ALL",), partial)


def _option(cursor: Cursor) -> tuple[bytes, PartialRange | None]:
    name = cursor.word("a RETURN option")
    if name not in RETURN_OPTIONS:
        raise CommandSyntaxError("RETURN takes MIN, MAX, ALL, COUNT, SAVE and PARTIAL.")
    if name != b"PARTIAL":
        return name, None
    cursor.space()
    return name, PartialRange.parse(cursor)


def returned(found: Sequence[int], names: Sequence[bytes], partial: PartialRange | None) -> list[int]:
    """Return which of the messages found are part of the result, in their order.

    These are what SAVE keeps (RFC 5182 section 2.4, RFC 9394 section 3.2) and whose modification sequences count (RFC
    4731 section 3.2): all of them, unless only ends and a page were asked for.
    """
    some = set(names) & {b"MIN", b"MAX", b"PARTIAL"}
    if not some or set(names) & {b"ALL", b"COUNT"}:
        return list(found)
    kept = set(partial.of(found)) if partial is not None else set()
    if b"MIN" in some:
        kept.update(found[:1])
    if b"MAX" in some:
        kept.update(found[-1:])
    return [one for one in found if one in kept]
