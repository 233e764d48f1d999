"""IMAP's section specifications (RFC 9051 section 6.4.5.1): which octets ``BODY[...]`` means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Literal

from correio.mime.model import ParsedMessage, Part

Specifier = Literal["HEADER", "TEXT", "MIME"]

_EMPTY_LINE: Final = re.compile(rb"(?:(?<=\n)|\A)\r?\n\Z")
_NOTHING: Final = re.compile(rb"(?!)")


def part_at(parsed: ParsedMessage, path: tuple[int, ...]) -> Part | None:
    """Return the part with this section number, None where there is none. The empty path is the message itself.

    ``(1,)`` of a message that is no multipart is the message as a leaf.
    """
    if not path:
        return parsed.parts[0]
    wanted = ".".join(map(str, path))
    # The message/rfc822 part stands before the multipart inside it, which has the same path.
    return next((part for part in parsed.parts if part.path == wanted), None)


def section_range(
    parsed: ParsedMessage, path: tuple[int, ...], specifier: Specifier | None = None
) -> tuple[int, int] | None:
    """Return (start, end) of a section in the octets of the message, None where there is no such section.

    ``HEADER`` and ``TEXT`` exist for the message and for message/rfc822 parts, ``MIME`` for everything with a number.
    ``HEADER.FIELDS`` is ``HEADER`` passed through :func:`select_header_fields`.
    """
    part = part_at(parsed, path)
    if part is None:
        return None
    if not path:
        if specifier == "MIME":
            return None
        entity = part
        if specifier is None:
            return 0, parsed.size
    elif specifier is None:
        return part.body_start, part.end
    elif specifier == "MIME":
        return part.header_start, part.body_start
    elif part.message < 0:
        return None
    else:
        entity = parsed.parts[part.message]
    if specifier == "HEADER":
        return entity.header_start, entity.body_start
    return entity.body_start, entity.end


def select_header_fields(header: bytes, names: Iterable[str], *, exclude: bool) -> bytes:
    """Return the fields with these names, or with ``exclude`` all others, octet for octet in their order.

    Names match in any case. The empty line after the header stays, where there is one. Lines that are no field count as
    fields of another name.
    """
    pattern = _fields_pattern(frozenset(name.lower().encode("utf-8", "replace") for name in names))
    if exclude:
        return pattern.sub(b"", header)
    found: list[bytes] = pattern.findall(header)
    empty_line = _EMPTY_LINE.search(header, max(len(header) - 4, 0))
    if empty_line:
        found.append(empty_line[0])
    return b"".join(found)


@lru_cache(maxsize=256)
def _fields_pattern(names: frozenset[bytes]) -> re.Pattern[bytes]:
    """Clients ask for the same few names of every message."""
    alternatives = b"|".join(re.escape(name) for name in sorted(names) if name)
    if not alternatives:
        return _NOTHING
    # The same rule as in header_fields: a field begins a line, and goes on over lines that begin with white space.
    return re.compile(
        rb"^(?:" + alternatives + rb")[ \t]*+:[^\n]*+(?:\n[ \t][^\n]*+)*+(?:\n|\Z)", re.IGNORECASE | re.MULTILINE
    )
