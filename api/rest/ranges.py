"""Byte ranges (RFC 9110 section 14): one range; several at once are answered with the whole, as the section allows."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from api.rest.entity_tags import entity_tag
from api.rest.problems import ProblemError

_RANGE: Final = re.compile(r"bytes[ \t]*=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.IGNORECASE | re.ASCII)


class ByteRange(msgspec.Struct, frozen=True):
    """Octets from ``start`` up to but not including ``end``, of ``size`` in all."""

    start: int
    end: int
    size: int

    @property
    def content_range(self) -> str:
        """The value of Content-Range."""
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


def requested_range(field: str | None, if_range: str | None, opaque: str, size: int) -> ByteRange | None:
    """Return the range to send, or None for the whole.

    A Range that is malformed, in another unit, or of several ranges is ignored (section 14.2), as is one whose If-Range is
    not the current strong tag. Raises a 416 problem for a range that begins behind the end.
    """
    if field is None or (if_range is not None and if_range.strip() != entity_tag(opaque)):
        return None
    found = _RANGE.fullmatch(field.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if found[1]:
        start = int(found[1])
        if found[2] and int(found[2]) < start:
            return None
        end = min(int(found[2]) + 1, size) if found[2] else size
    else:
        length = int(found[2])
        start = max(size - length, 0) if length else size
        end = size
    if start >= size:
        raise ProblemError(
            416,
            "range-not-satisfiable",
            f"The range begins behind the end: there are {size} octets.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return ByteRange(start, end, size)
