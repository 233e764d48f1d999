"""Match types (RFC 5228 section 2.7.1, RFC 5231): whether values match keys."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final, Literal

import msgspec

from correio.sieve.comparator import DEFAULT, Comparator, Key, Value, captured, folded_form, plain_form
from correio.sieve.glob import Glob, compile_glob

MatchType = Literal["is", "contains", "matches", "value", "count"]
Relation = Literal["gt", "ge", "lt", "le", "eq", "ne"]

RELATIONS: Final[dict[str, Callable[[Key, Key], bool]]] = {
    "gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le, "eq": operator.eq, "ne": operator.ne,
}  # fmt: skip
_KIB: Final = 1024


class Match(msgspec.Struct, frozen=True):
    """How values are matched with keys."""

    type: MatchType = "is"
    comparator: Comparator = DEFAULT
    relation: str = ""
    """For "value" and "count"."""

    @property
    def counts(self) -> bool:
        """Whether it is not the values that matter but how many there are."""
        return self.type == "count"


class Matched(msgspec.Struct, frozen=True):
    """What a match found. ``captures`` are those of ``:matches``: all that was matched, then each wildcard's part."""

    captures: tuple[str, ...] | None = None


@lru_cache(maxsize=512)
def _glob(pattern: str, comparator: Comparator) -> Glob:
    return compile_glob(plain_form(comparator, pattern), lambda text: folded_form(comparator, text))


def find_match(
    match: Match, values: Iterable[Value], keys: Sequence[str], spend: Callable[[int], None], captures: int
) -> Matched | None:
    """Return the first match of any value with any key, None where there is none.

    ``spend`` is told each step; it may raise. ``captures`` is the highest match variable wanted.
    """
    comparator = match.comparator
    if match.type == "matches":
        return _find_glob(match, values, keys, spend, captures)
    wanted = [comparator.key(key) for key in keys]
    for value in values:
        given = comparator.key(value)
        size = len(value) // _KIB
        for key in wanted:
            spend(1 + size)
            if _compares(match, given, key):
                return Matched()
    return None


def _compares(match: Match, given: Key, key: Key) -> bool:
    match match.type:
        case "is":
            return given == key
        case "contains":
            assert isinstance(given, str) and isinstance(key, str)  # noqa: PT018 - the comparator is one of substrings
            return key in given
        case _:
            return RELATIONS[match.relation](given, key)


def _find_glob(
    match: Match, values: Iterable[Value], keys: Sequence[str], spend: Callable[[int], None], captures: int
) -> Matched | None:
    comparator = match.comparator
    globs = [_glob(key, comparator) for key in keys]
    for value in values:
        plain = plain_form(comparator, value)
        given = folded_form(comparator, plain)
        if len(given) != len(plain):
            # Folding made some characters longer: what was captured is shown folded.
            plain = given
        for glob in globs:
            spend(1 + len(given) * glob.cost // _KIB)
            spans = glob.match(given)
            if spans is not None:
                found = [(0, len(plain)), *spans[:captures]]
                return Matched(tuple(captured(comparator, plain[start:end]) for start, end in found))
    return None


def match_count(match: Match, count: int, keys: Sequence[str]) -> bool:
    """Tell whether a number stands in the relation to any key (RFC 5231 section 4.2)."""
    given = match.comparator.key(str(count))
    return any(RELATIONS[match.relation](given, match.comparator.key(key)) for key in keys)
