"""What the ``body`` test looks into (RFC 5173 section 5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from correio.mime.charsets import decode_charset
from correio.mime.model import ParsedMessage, Part
from correio.mime.text import html_to_text, part_text
from correio.mime.transfer import UnknownEncodingError, decode_transfer
from correio.sieve.comparator import Value

_DELIMITER_LINE: Final = re.compile(rb"\A(?:\r?\n)?--[^\n]*\n?")
_HTML: Final = 1024 * 1024
"""Octets of an HTML part that are read as text."""


def fits(wanted: str, media_type: str) -> bool:
    """Tell whether a content type of a script means a media type (section 5.2)."""
    wanted = wanted.lower()
    if not wanted:
        return True
    kind, slash, subtype = wanted.partition("/")
    if slash and not (kind and subtype and "/" not in subtype):
        return False
    return media_type == wanted if slash else media_type.partition("/")[0] == kind


class Body:
    """The body of one message. What is made of it is kept, as the same test often comes again."""

    def __init__(self, content: bytes, parsed: ParsedMessage, limit: int) -> None:
        """``limit``: octets that are looked at, from the first."""
        self._content = content
        self._parsed = parsed
        self._end = parsed.parts[0].body_start + limit
        self._contents: dict[int, tuple[Value, ...]] = {}
        self._texts: tuple[Value, ...] | None = None

    def _octets(self, start: int, end: int) -> bytes:
        return self._content[start : min(end, self._end)]

    def raw(self) -> tuple[Value, ...]:
        """The whole body as it came."""
        return (self._octets(self._parsed.parts[0].body_start, len(self._content)),)

    def contents(self, types: Sequence[str]) -> list[Value]:
        """The parts of these types, each for itself; of a container what stands around its parts."""
        found: list[Value] = []
        for index, part in enumerate(self._parsed.parts):
            if any(fits(one, part.media_type) for one in types):
                if index not in self._contents:
                    self._contents[index] = self._content_of(index, part)
                found += self._contents[index]
        return found

    def texts(self) -> tuple[Value, ...]:
        """The text of each part that is text, HTML without its markup."""
        if self._texts is None:
            self._texts = tuple(
                self._text_of(part) for part in self._parsed.parts if part.media_type.startswith("text/")
            )
        return self._texts

    def _decoded(self, part: Part) -> bytes:
        octets = self._octets(part.body_start, part.end)
        try:
            return decode_transfer(octets, part.encoding)
        except UnknownEncodingError:
            return octets

    def _text_of(self, part: Part) -> str:
        decoded = self._decoded(part)
        if part.media_type == "text/html":
            return html_to_text(part_text(part, decoded[:_HTML])).replace("\n", "\r\n")
        return part_text(part, decoded).replace("\n", "\r\n")

    def _content_of(self, index: int, part: Part) -> tuple[Value, ...]:
        if part.message >= 0:
            root = self._parsed.parts[part.message]
            return (self._octets(root.header_start, root.body_start),)
        if part.media_type.startswith("multipart/"):
            return self._around(index, part)
        decoded = self._decoded(part)
        return (decode_charset(decoded, part.charset) if part.media_type.startswith("text/") else decoded,)

    def _around(self, index: int, part: Part) -> tuple[Value, ...]:
        """The prologue and the epilogue of a multipart."""
        inner = [one for one in self._parsed.parts if one.parent == index]
        if not inner:
            return (self._octets(part.body_start, part.end), b"")
        before = self._octets(part.body_start, inner[0].header_start)
        # The last line of it is the delimiter, to which the line end before it belongs (RFC 2046 section 5.1.1).
        cut = before.rstrip(b"\r\n").rfind(b"\n")
        after = self._octets(max(one.end for one in inner), part.end)
        return (before[: cut + 1].removesuffix(b"\n").removesuffix(b"\r"), _DELIMITER_LINE.sub(b"", after, count=1))
