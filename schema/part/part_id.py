"""Ids of parts: the message's id, a dot, and the part's IMAP section number (RFC 9051 section 6.4.5.1).

A multipart that is the whole of a message, or of an embedded one, has no section number of its own: ``0`` stands for it.
"""

from __future__ import annotations

import re
from typing import Final

from correio.ids import Kind, is_id
from correio.mime.model import ParsedMessage, Part

_PATH: Final = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,200}")


def part_id(message_id: str, parsed: ParsedMessage, index: int) -> str:
    """Return the id of the part at an index of ``ParsedMessage.parts``."""
    part = parsed.parts[index]
    return f"{message_id}.{_section(parsed, part)}"


def _section(parsed: ParsedMessage, part: Part) -> str:
    if not part.path:
        return "0"
    if part.parent >= 0 and parsed.parts[part.parent].path == part.path:
        return f"{part.path}.0"
    return part.path


def split_part_id(text: str) -> tuple[str, str] | None:
    """Return the message id and the section of a part's id, None where it is none."""
    message_id, dot, section = text.partition(".")
    if dot and is_id(message_id, Kind.MESSAGE) and _PATH.fullmatch(section):
        return message_id, section
    return None


def find_part(parsed: ParsedMessage, section: str) -> int | None:
    """Return the index of the part with this section, or None."""
    for index, part in enumerate(parsed.parts):
        if _section(parsed, part) == section:
            return index
    return None
