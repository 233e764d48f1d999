"""Keywords as JMAP writes them (RFC 8621 section 4.1.1), and the IMAP flags they stand for (RFC 9051 section 2.3.2).

``$seen``, ``$answered``, ``$flagged``, ``$deleted`` and ``$draft``, in any case, are the system flags; everything else is
the IMAP keyword of the same name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from correio.errors import InvalidInputError
from correio.mail.flags import SYSTEM_FLAGS, FlagSet, canonical_flag

_TO_KEYWORD: Final = {flag: f"${flag[1:].lower()}" for flag in SYSTEM_FLAGS}
_TO_FLAG: Final = {keyword: flag for flag, keyword in _TO_KEYWORD.items()}


class KeywordChange(msgspec.Struct, frozen=True):
    """What a request does to keywords, in flags. ``replace`` excludes the others."""

    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    replace: frozenset[str] | None = None


def keyword_of(flag: str) -> str:
    """Return the keyword of a stored flag."""
    return _TO_KEYWORD.get(flag, flag)


def flag_of(keyword: str) -> str:
    """Return the flag that a keyword stands for. Raises InvalidInputError."""
    if keyword.startswith("\\"):
        raise InvalidInputError("A keyword is written without a backslash: $seen, not \\Seen.", "keywords")
    return _TO_FLAG.get(keyword.lower()) or canonical_flag(keyword)


_lists: dict[FlagSet, list[str]] = {}
_MAX_LISTS: Final = 4096


def keywords_of(flags: FlagSet) -> list[str]:
    """Return the keywords of a set of flags, sorted. Treat it as immutable: equal sets share one list."""
    found = _lists.get(flags)
    if found is None:
        found = sorted({keyword_of(flag) for flag in flags.names})
        if len(_lists) < _MAX_LISTS:
            _lists[flags] = found
    return found


def flags_of(keywords: Iterable[str]) -> frozenset[str]:
    """Return the flags of keywords. Raises InvalidInputError."""
    return frozenset(flag_of(keyword) for keyword in keywords)


def keyword_change(given: dict[str, bool] | list[str] | msgspec.UnsetType) -> KeywordChange:
    """Return what a request asks for: an object sets and clears, an array replaces. Raises InvalidInputError."""
    if isinstance(given, dict):
        return KeywordChange(
            add=flags_of(keyword for keyword, value in given.items() if value),
            remove=flags_of(keyword for keyword, value in given.items() if not value),
        )
    if isinstance(given, list):
        return KeywordChange(replace=flags_of(given))
    return KeywordChange()
