"""Keywords as the APIs write them (RFC 8621 section 4.1.1): ``$seen`` for ``\\Seen``, any other under its own name."""

from __future__ import annotations

from typing import Final

from correio.errors import InvalidInputError
from correio.mail.flags import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN, FlagSet, canonical_flag

_FLAG_BY_KEYWORD: Final = {
    "$seen": SEEN,
    "$answered": ANSWERED,
    "$flagged": FLAGGED,
    "$draft": DRAFT,
    # JMAP has no word for \\Deleted and hides such messages; here they are seen, as IMAP and POP3 show them.
    "$deleted": DELETED,
}
_KEYWORD_BY_FLAG: Final = {flag: keyword for keyword, flag in _FLAG_BY_KEYWORD.items()}


_lists: dict[FlagSet, list[str]] = {}
_MAX_LISTS: Final = 4096


def keywords_of(flags: FlagSet) -> list[str]:
    """Return the keywords of a message, sorted. Treat it as immutable: equal sets share one list."""
    found = _lists.get(flags)
    if found is None:
        found = sorted({_KEYWORD_BY_FLAG.get(flag, flag) for flag in flags.names})
        if len(_lists) < _MAX_LISTS:
            _lists[flags] = found
    return found


def flag_of(keyword: str) -> str:
    """Return the flag a keyword stands for. Raises InvalidInputError for what no keyword may be."""
    flag = _FLAG_BY_KEYWORD.get(keyword.lower())
    if flag is not None:
        return flag
    if keyword.startswith("\\"):
        raise InvalidInputError(f"{keyword[:64]!a} is written as a keyword, such as $seen.", "keywords")
    return canonical_flag(keyword)
