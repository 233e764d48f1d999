"""The parser: the octets of a message to its structure, in one pass, without recursion, never failing.

How it reads what the RFCs leave open follows RFC 2046 and the IMAP servers that clients are used to:

- A header ends at the first empty line, or with its entity. A body part that begins with a line that cannot be a field
  has no header.
- A line begins with a delimiter when it begins with ``--`` and the boundary of an open multipart (RFC 2046 section 5.1.1);
  of several that fit, the longest counts, then the innermost. An outer delimiter ends everything within.
- A multipart without a boundary, or in which the boundary never occurs, is text.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from correio.mime.bodies import mark_attachments
from correio.mime.body_structure import render_parts
from correio.mime.entity import MESSAGE_TYPES, OPAQUE_TYPE, describe, make_text
from correio.mime.envelope import render_envelope
from correio.mime.header_fields import begins_with_field, first_stray_line, raw_fields
from correio.mime.message_header import MessageHeader
from correio.mime.model import ParsedMessage, Part
from correio.mime.preview import preview
from correio.mime.transfer import is_identity


class ParseLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What the parser is willing to look at. Past a limit the rest is one opaque leaf, and ``truncated`` says so."""

    depth: int = 100
    """Entities within entities, the message itself counted."""
    parts: int = 10_000
    header: int = 1024 * 1024
    """Octets of one entity's header whose fields are read; those after them are kept but mean nothing."""


DEFAULT: Final = ParseLimits()

_WINDOW: Final = 1024 * 1024
"""Octets searched by one C call, so that no call holds the interpreter for long."""
_EMPTY_LINE: Final = re.compile(rb"\n\r?\n")
_NOWHERE: Final = 1 << 62


class _Open:
    """A multipart or message/rfc822 whose end is not known yet."""

    __slots__ = ("at", "children", "delimiter", "index", "is_message", "searched")

    def __init__(self, index: int, boundary: bytes | None, start: int) -> None:
        self.index = index
        self.is_message = boundary is None
        self.delimiter = b"" if boundary is None else b"\n--" + boundary
        """Empty also once the closing delimiter was met."""
        self.at = -1
        """Where the next delimiter is, if found already."""
        self.searched = start
        """No delimiter begins before this."""
        self.children = 0


def parse_message(raw: bytes, limits: ParseLimits = DEFAULT) -> ParsedMessage:
    """Return the structure of a message. Any octets whatever are a message; nothing is raised.

    The time is linear in the size, and no single step holds the interpreter lock for more than a few milliseconds;
    large messages are still parsed off the event loop.
    """
    scan = _Scan(raw, limits)
    scan.run()
    parts = scan.parts
    _count_lines(raw, parts)
    mark_attachments(parts)
    header = scan.header or MessageHeader([])
    summary = header.summary()
    summary.preview = preview(raw, parts)
    summary.has_attachment = any(part.is_attachment for part in parts)
    return ParsedMessage(
        size=len(raw),
        parts=parts,
        summary=summary,
        envelope=render_envelope(header),
        body_structure=render_parts(parts, extensible=True),
        truncated=scan.truncated,
    )


def with_prefix(parsed: ParsedMessage, prefix_length: int) -> ParsedMessage:
    """Return the structure of the same message with ``prefix_length`` octets of trace fields in front of its header.

    Whole fields only, and none that ENVELOPE or BODYSTRUCTURE show (RFC 5321 section 4.4: Return-Path, Received). Every
    offset moves; the header of the message still begins at 0.
    """
    parts = [
        msgspec.structs.replace(
            part,
            header_start=part.header_start + prefix_length if at else 0,
            body_start=part.body_start + prefix_length,
            end=part.end + prefix_length,
        )
        for at, part in enumerate(parsed.parts)
    ]
    return msgspec.structs.replace(parsed, size=parsed.size + prefix_length, parts=parts)


class _Scan:
    """The state of one parse."""

    def __init__(self, raw: bytes, limits: ParseLimits) -> None:
        self.raw = raw
        self.size = len(raw)
        self.limits = limits
        self.parts: list[Part] = []
        self.open: list[_Open] = []
        self.at = 0
        """No delimiter before this is of interest any more."""
        self.header: MessageHeader | None = None
        self.truncated = False
        self.budget = 16 * self.size + 16 * _WINDOW
        """Octets still to be searched for delimiters: deep nesting around a large body would search it a hundred times."""

    def run(self) -> None:
        """Read entity after entity until the end of the message."""
        start = 0
        while start >= 0:
            start = self._entity(start)
        for part in self.parts:
            if part.end < 0:
                part.end = self.size

    def _entity(self, start: int) -> int:
        """Read the header of the entity at ``start``, add its Part, and return where the next entity starts, -1 at the end."""
        around = self.open[-1] if self.open else None
        is_root = around is None or around.is_message
        part = Part(
            path="", parent=-1 if around is None else around.index, media_type="text/plain", parameters=[],
            encoding="7bit", header_start=start, body_start=start, end=-1, lines=0,
        )  # fmt: skip
        index = len(self.parts)
        self.parts.append(part)
        if index + 1 >= self.limits.parts and around is not None and not is_root:
            part.media_type = OPAQUE_TYPE
            part.path = self._path(around, is_root=False, is_multipart=False)
            self.truncated = True
            return -1
        fields = self._read_header(part, is_root)
        default_type = "text/plain"
        if not is_root and around is not None and self.parts[around.index].media_type == "multipart/digest":
            default_type = "message/rfc822"
        boundary = describe(part, fields, default_type)
        if is_root:
            header = MessageHeader(fields)
            if around is None:
                self.header = header
            else:
                part.envelope = render_envelope(header)
                self.parts[around.index].message = index
        next_start = self._open_multipart(part, index, boundary) if boundary is not None else -1
        part.path = self._path(around, is_root, is_multipart=next_start >= 0)
        if next_start >= 0:
            return next_start
        if part.media_type in MESSAGE_TYPES and is_identity(part.encoding):
            if len(self.open) + 1 < self.limits.depth and index + 1 < self.limits.parts:
                self.open.append(_Open(index, None, part.body_start))
                return part.body_start
            self.truncated = True
        return self._end_entity(part)

    def _path(self, around: _Open | None, is_root: bool, is_multipart: bool) -> str:
        """Return the section number of the entity being added (RFC 9051 section 6.4.5.1)."""
        if around is None:
            return "" if is_multipart else "1"
        prefix = self.parts[around.index].path
        if is_root:
            return prefix if is_multipart else f"{prefix}.1"
        around_children = self.open[-2 if is_multipart else -1]
        around_children.children += 1
        return f"{prefix}.{around_children.children}" if prefix else str(around_children.children)

    def _read_header(self, part: Part, is_root: bool) -> list[tuple[bytes, bytes]]:
        """Find the end of the entity's header and return its fields."""
        raw, start = self.raw, part.header_start
        limit = min(self.size, max(start, self._next_delimiter()[0] + 1))
        if raw.startswith((b"\r\n", b"\n"), start, limit):
            part.body_start = start + (1 if raw[start] == 10 else 2)
            return []
        if not is_root and not begins_with_field(raw, start, limit):
            return []
        part.body_start = end = _end_of_header(raw, start, limit)
        if end - start > self.limits.header:
            end = start + self.limits.header
            # The last line was cut and says nothing.
            end = raw.rfind(b"\n", start, end) + 1 or end
            self.truncated = True
        header = raw[start:end]
        if part.body_start == limit and not header.endswith((b"\n\r\n", b"\n\n")):
            # Without an empty line the header ends where something else begins.
            stray = first_stray_line(header)
            if stray >= 0:
                part.body_start = start + stray
                header = header[:stray]
        return raw_fields(header)

    def _open_multipart(self, part: Part, index: int, boundary: bytes) -> int:
        """Open a multipart and return the start of its first part. -1: it has none, and is made a leaf."""
        if len(self.open) + 1 >= self.limits.depth or self.budget < 0:
            self.truncated = True
            part.media_type, part.parameters = OPAQUE_TYPE, []
            return -1
        self.at = max(self.at, part.body_start - 1)
        self.open.append(_Open(index, boundary, self.at))
        at, winner = self._next_delimiter()
        if winner == len(self.open) - 1:
            after = at + len(self.open[-1].delimiter)
            newline = _find(self.raw, b"\n", after, self.size)
            if newline >= 0 and not self.raw.startswith(b"--", after):
                self.at = newline
                return newline + 1
        self.open.pop()
        make_text(part)
        return -1

    def _end_entity(self, part: Part) -> int:
        """Find the delimiter that ends the leaf just read, close what it closes, and return the start of the next entity."""
        raw = self.raw
        leaf: Part | None = part
        while True:
            at, winner = self._next_delimiter()
            if winner < 0:
                return -1
            # RFC 2046 section 5.1.1: the line end before a delimiter belongs to it.
            end = at - 1 if at and raw[at - 1] == 13 else at
            if leaf is not None:
                leaf.end = end = max(leaf.body_start, end)
                leaf = None
            while len(self.open) - 1 > winner:
                closed = self.parts[self.open.pop().index]
                closed.end = end = max(closed.body_start, end)
            frame = self.open[winner]
            after = at + len(frame.delimiter)
            if raw.startswith(b"--", after):
                frame.delimiter = b""
                self.at = after
                continue
            self.at = _find(raw, b"\n", after, self.size)
            return self.at + 1 if self.at >= 0 else -1

    def _next_delimiter(self) -> tuple[int, int]:
        """Return (offset of the line end before it, position in ``open``) of the next delimiter; (_NOWHERE, -1): none."""
        best, winner, longest = _NOWHERE, -1, 0
        start = self.at
        for position, frame in enumerate(self.open):
            delimiter = frame.delimiter
            if not delimiter:
                continue
            length = len(delimiter)
            if frame.at < start:
                # What lies behind an outer delimiter is not searched, so that all searches together stay linear.
                end = min(self.size, best + length)
                begin = max(frame.searched, start)
                if begin + length > end:
                    continue
                frame.at = _find(self.raw, delimiter, begin, end)
                self.budget -= (frame.at if frame.at >= 0 else end) - begin
                if frame.at < 0:
                    frame.searched = end - length + 1
                    continue
            if frame.at < best or (frame.at == best and length >= longest):
                best, winner, longest = frame.at, position, length
        return best, winner


def _find(raw: bytes, needle: bytes, begin: int, end: int) -> int:
    """``raw.find``, in windows."""
    while end - begin > _WINDOW:
        at = raw.find(needle, begin, begin + _WINDOW + len(needle) - 1)
        if at >= 0:
            return at
        begin += _WINDOW
    return raw.find(needle, begin, end)


def _end_of_header(raw: bytes, start: int, limit: int) -> int:
    """Return the offset after the first empty line, or ``limit`` where there is none."""
    begin = start
    while begin < limit:
        match = _EMPTY_LINE.search(raw, begin, min(limit, begin + _WINDOW))
        if match:
            return match.end()
        # An empty line across the edge of two windows has its first line end in the last two octets.
        begin += _WINDOW - 2
    return limit


def _count_lines(raw: bytes, parts: list[Part]) -> None:
    """Fill in ``lines``, reading every octet once however deep the parts are nested."""
    at = lines = 0
    before: dict[int, int] = {}
    for offset in sorted({offset for part in parts for offset in (part.body_start, part.end)}):
        while at < offset:
            end = min(offset, at + _WINDOW)
            lines += raw.count(b"\n", at, end)
            at = end
        before[offset] = lines
    for part in parts:
        start, end = part.body_start, part.end
        if end > start:
            part.lines = before[end] - before[start] + (raw[end - 1] != 10)
