"""Whether a message's header or text holds some words (RFC 9051 section 6.4.4). Pure; run in a worker thread.

Text is compared decoded and casefolded (i;unicode-casemap would strip accents too; clients expect substrings alone).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from correio.mime.dates import parse_date
from correio.mime.header_fields import decode_value, header_fields
from correio.mime.model import ParsedMessage, Part
from correio.mime.text import part_text
from correio.mime.transfer import UnknownEncodingError, decode_transfer
from protocols.imap.core.date_time import DAY, MONTHS
from protocols.imap.core.search_keys import Body, Header, Sent

_DECLARED: Final = (re.compile(rb"transfer-encoding[^\n]*\n?[^\n]*"), re.compile(rb"charset[^\n]*\n?[^\n]*"))
"""Where a message in lower case declares an encoding; the value may stand on the next line."""
PIECE: Final = 256 * 1024
_UNPLAIN: Final = re.compile(rb"quoted-printable|base64|uue|utf-?7|utf-?16|utf-?32|ucs|iso-2022|hz-gb")
_DATE: Final = re.compile(
    rb"^date[ \t]*:(?:[^\r\n]*?[,\s])??(\d{1,2})[ \t-]+([A-Za-z]{3})[a-z]*[ \t-]+(\d{4}|\d\d)\b", re.I | re.M
)
_MONTH: Final = {name.upper(): number for number, name in enumerate(MONTHS, 1)}


class Searchable:
    """A message for searching: its octets, or of a large one the ranges that may be looked into.

    ``parse`` gives its structure, and is called only where it is needed.
    """

    __slots__ = ("_parse", "_parsed", "_ranges", "whole")

    def __init__(
        self,
        parse: Callable[[], ParsedMessage],
        whole: bytes | None,
        ranges: dict[tuple[int, int], bytes] | None = None,
    ) -> None:
        self._parse = parse
        self._parsed: ParsedMessage | None = None
        self._ranges = ranges or {}
        self.whole: Final = whole

    @property
    def parsed(self) -> ParsedMessage:
        """The structure of the message."""
        if self._parsed is None:
            self._parsed = self._parse()
        return self._parsed

    def read(self, start: int, end: int) -> bytes:
        """Return octets of the message, empty where they were not read."""
        if self.whole is not None:
            return self.whole[start:end]
        return self._ranges.get((start, end), b"")

    @property
    def header(self) -> bytes:
        """The message's own header."""
        if self.whole is not None:
            end = self.whole.find(b"\r\n\r\n")
            if end >= 0 and b"\n\n" not in self.whole[:end]:
                return self.whole[: end + 2]
        root = self.parsed.parts[0]
        return self.read(root.header_start, root.body_start)


def text_ranges(parsed: ParsedMessage) -> list[tuple[int, int]]:
    """Return the ranges that a search may look into: headers and text, not attachments."""
    root = parsed.parts[0]
    ranges = [(root.header_start, root.body_start)]
    for part in parsed.parts:
        if part.message >= 0:
            inner = parsed.parts[part.message]
            ranges.append((inner.header_start, inner.body_start))
        elif part.media_type.startswith("text/"):
            ranges.append((part.body_start, part.end))
    return ranges


def matches(message: Searchable, key: Header | Body | Sent) -> bool:
    """Tell whether one message matches the key."""
    match key:
        case Header():
            return _header(message, key)
        case Body():
            return _body(message, key)
        case Sent():
            return _sent(message, key)


@lru_cache(maxsize=256)
def _field(name: str) -> re.Pattern[bytes]:
    """Find the raw values of one field, possessively: no line is read twice."""
    written = re.escape(name.encode("utf-8", "replace"))
    return re.compile(rb"^" + written + rb"[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)", re.IGNORECASE | re.MULTILINE)


def _header(message: Searchable, key: Header) -> bool:
    wanted = key.text.casefold()
    values = _field(key.field).findall(message.header)
    return any(wanted in decode_value(value).casefold() for value in values)


def _body(message: Searchable, key: Body) -> bool:
    wanted = key.text.casefold()
    if not wanted:
        return True
    whole = message.whole
    if whole is not None and _cannot_hold(whole, wanted):
        return False
    overlap = 4 * len(wanted.encode("utf-8")) + 64
    return any(wanted in text.casefold() for text in _texts(message, overlap, header=key.header))


def _cannot_hold(whole: bytes, wanted: str) -> bool:
    """Tell most messages apart without decoding anything: all is plain ASCII, and the words are not in it."""
    if not wanted.isascii() or not wanted.isprintable() or " " in wanted or not whole.isascii():
        return False
    folded = whole.lower()
    if wanted.encode("ascii") in folded or b"=?" in folded or b"delsp" in folded:
        return False
    return not any(_UNPLAIN.search(declared) for where in _DECLARED for declared in where.findall(folded))


def _texts(message: Searchable, overlap: int, *, header: bool) -> Iterable[str]:
    if header:
        yield _decoded_header(message.header)
    for part in message.parsed.parts:
        if part.message >= 0:
            inner = message.parsed.parts[part.message]
            yield _decoded_header(message.read(inner.header_start, inner.body_start))
        elif part.media_type.startswith("text/"):
            yield from _part_texts(message, part, overlap)


def _decoded_header(octets: bytes) -> str:
    return "\n".join(f"{field.name}: {field.decoded}" for field in header_fields(octets))


def _part_texts(message: Searchable, part: Part, overlap: int) -> Iterable[str]:
    """Yield the text of a part, a large one in pieces that overlap, so that no step holds up the other threads."""
    octets = message.read(part.body_start, part.end)
    try:
        octets = decode_transfer(octets, part.encoding)
    except UnknownEncodingError:
        return
    for start in range(0, max(len(octets), 1), PIECE):
        yield part_text(part, octets[max(0, start - overlap) : start + PIECE])


def _sent(message: Searchable, key: Sent) -> bool:
    """The day as it is written in the Date field, whatever its zone (RFC 9051 section 6.4.4)."""
    day = _written_day(message)
    return day is not None and (key.first is None or day >= key.first) and (key.last is None or day < key.last)


def _written_day(message: Searchable) -> int | None:
    found = _DATE.search(message.header)
    if found is not None and found[2].decode("ascii").upper() in _MONTH:
        seconds = parse_date(b" ".join((found[1], found[2], found[3])).decode("ascii") + " 00:00:00 +0000")
        if seconds is not None:
            return seconds // DAY
    date = message.parsed.summary.date
    return None if date is None else date // DAY
