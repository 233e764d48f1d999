"""What a request does to keywords, in flags."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from correio.mail.keywords import flag_of


class KeywordChange(msgspec.Struct, frozen=True):
    """What a request does to keywords, in flags. ``replace`` excludes the others."""

    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    replace: frozenset[str] | None = None


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
