"""Message flags and keywords (RFC 9051 section 2.3.2), interned so that a million messages share a few sets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from correio.errors import InvalidInputError

SEEN: Final = "\\Seen"
ANSWERED: Final = "\\Answered"
FLAGGED: Final = "\\Flagged"
DELETED: Final = "\\Deleted"
DRAFT: Final = "\\Draft"
RECENT: Final = "\\Recent"

SYSTEM_FLAGS: Final = (ANSWERED, FLAGGED, DELETED, SEEN, DRAFT)
_CANONICAL: Final = {flag.lower(): flag for flag in SYSTEM_FLAGS}
_KEYWORD: Final = re.compile(r"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]+")
MAX_KEYWORD_LENGTH: Final = 128


class FlagSet:
    """An immutable set of flags. Use :func:`flag_set`, which shares one object among equal sets."""

    __slots__ = ("imap", "names", "ordered", "seen")

    def __init__(self, names: frozenset[str]) -> None:
        self.names: Final = names
        self.ordered: Final = tuple(sorted(names, key=lambda name: (not name.startswith("\\"), name.lower())))
        self.imap: Final = b"(" + " ".join(self.ordered).encode("ascii") + b")"
        """As IMAP sends it, parentheses included, without \\Recent."""
        self.seen: Final = SEEN in names

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FlagSet) and self.names == other.names

    def __hash__(self) -> int:
        return hash(self.names)

    def __contains__(self, flag: str) -> bool:
        return flag in self.names

    def __repr__(self) -> str:
        return f"FlagSet({self.imap.decode()})"


_interned: dict[frozenset[str], FlagSet] = {}
_MAX_INTERNED: Final = 65_536


def flag_set(names: Iterable[str] = ()) -> FlagSet:
    """Return the one FlagSet of these names, which are canonical already (see :func:`canonical_flag`)."""
    key = names if isinstance(names, frozenset) else frozenset(names)
    found = _interned.get(key)
    if found is None:
        found = FlagSet(key)
        if len(_interned) < _MAX_INTERNED:
            _interned[key] = found
    return found


NO_FLAGS: Final = flag_set()


def canonical_flag(text: str) -> str:
    """Return a flag as it is stored: system flags in their standard case, keywords as given.

    Raises InvalidInputError for \\Recent, for an unknown ``\\`` flag, and for a keyword that is not an IMAP atom.
    """
    if text.startswith("\\"):
        canonical = _CANONICAL.get(text.lower())
        if canonical is None:
            raise InvalidInputError(f"The flag {text[:64]!a} cannot be set.", "flags")
        return canonical
    if len(text) > MAX_KEYWORD_LENGTH or not _KEYWORD.fullmatch(text):
        raise InvalidInputError(
            f"The keyword {text[:64]!a} is not an atom of at most {MAX_KEYWORD_LENGTH} characters.", "keywords"
        )
    return text
