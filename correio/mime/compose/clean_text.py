"""What no string may hold that becomes a part of a header: whatever some reader takes for the end of a line."""

from __future__ import annotations

import re
from typing import Final

from correio.errors import InvalidInputError

# C0 and C1 with CR, LF, NUL and U+0085; the line and paragraph separators; surrogates, which are no characters.
_UNCLEAN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNCLEAN_BODY: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_WINDOW: Final = 1024 * 1024


def require_clean(text: str, field: str, most: int) -> None:
    """Raise InvalidInputError, naming the field, for a control character or more than ``most`` characters."""
    if len(text) > most:
        raise InvalidInputError(f"It is longer than {most} characters.", field)
    if _UNCLEAN.search(text):
        raise InvalidInputError("Control characters and line ends are not allowed here.", field)


def require_clean_body(text: str, field: str) -> None:
    """Raise InvalidInputError, naming the field, for a control character other than a tab and the ends of lines.

    Looks at 1 MiB at a time, so that no call holds the interpreter for long.
    """
    for at in range(0, len(text), _WINDOW):
        if _UNCLEAN_BODY.search(text, at, at + _WINDOW):
            raise InvalidInputError("Control characters other than tabs and line ends are not allowed here.", field)


def clean_body(text: str) -> str:
    """Return text that was made, not given, without what :func:`require_clean_body` refuses."""
    return _UNCLEAN_BODY.sub(" ", text)
