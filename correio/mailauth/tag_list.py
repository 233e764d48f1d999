"""Lists of ``tag=value`` (RFC 6376 section 3.2), as in signatures, key records and DMARC records."""

from __future__ import annotations

import re
from typing import Final

MAX_TAG_LIST: Final = 64 * 1024
"""Characters of a list that is read at all."""

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*+")
_SPACE: Final = " \t\r\n"
_SPACES: Final = re.compile(r"[ \t\r\n]++")


class TagListError(ValueError):
    """The list breaks the grammar, or a value is not acceptable."""


def parse_tags(text: str) -> dict[str, str]:
    """Return the values by tag, in order, without the white space around them. Raises TagListError."""
    if len(text) > MAX_TAG_LIST:
        raise TagListError("the list is too long")
    tags: dict[str, str] = {}
    specs = text.split(";")
    if not specs[-1].strip(_SPACE):
        specs.pop()
    for spec in specs:
        name, equals, value = spec.partition("=")
        name = name.strip(_SPACE)
        if not equals or not _NAME.fullmatch(name):
            raise TagListError(f"no tag: {spec.strip(_SPACE)[:40]!r}")
        if name in tags:
            raise TagListError(f"{name}= stands there twice")
        tags[name] = value.strip(_SPACE)
    return tags


def without_spaces(value: str) -> str:
    """Return a value of base64 or of a list without the white space it may be folded at."""
    return _SPACES.sub("", value)


def items(value: str) -> list[str]:
    """Return the items of a list with colons between them."""
    return [item.strip(_SPACE) for item in value.split(":")]
