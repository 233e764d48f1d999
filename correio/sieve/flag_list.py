"""Lists of IMAP flags (RFC 5232 section 2): words in strings, in any case, each once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_SYSTEM: Final = {flag.lower(): flag for flag in ("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft")}
_KEYWORD: Final = re.compile(r"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]{1,128}")
MAX_FLAGS: Final = 64
"""Flags of one list; those after them are ignored."""


def read_flags(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the flags in strings, each once in the first spelling. What is no flag that can be set is ignored."""
    found: dict[str, str] = {}
    for text in texts:
        for word in text.split():
            flag = _SYSTEM.get(word.lower())
            if flag is None:
                if not _KEYWORD.fullmatch(word):
                    continue
                flag = word
            if len(found) < MAX_FLAGS:
                found.setdefault(flag.lower(), flag)
    return tuple(found.values())


def without(flags: Iterable[str], gone: Iterable[str]) -> tuple[str, ...]:
    """Return flags without some."""
    dropped = {flag.lower() for flag in gone}
    return tuple(flag for flag in flags if flag.lower() not in dropped)
