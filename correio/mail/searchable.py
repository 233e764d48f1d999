"""What of a message is searched: its headers and its text, decoded and folded (RFC 9051 section 6.4.4). Pure.

TEXT looks into every header, those of parts and of messages within included, and into every text part. BODY looks into the
text parts alone: "unlike TEXT, this doesn't match any header fields".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from correio.mime.charsets import guess_text
from correio.mime.collation import folded
from correio.mime.header_fields import decode_value, header_fields
from correio.mime.model import ParsedMessage, Part
from correio.mime.text import html_to_text, is_flowed, unflow, written_text
from correio.mime.transfer import UnknownEncodingError, decode_transfer

PIECE: Final = 256 * 1024
"""Octets of a part that are made text at once, so that no step holds up the other threads."""
NUL: Final = b"\0"
"""Stands between what must not be read on; no text holds it."""
_ENTITY: Final = re.compile(
    r"&(?!(?:nbsp|amp|lt|gt|quot|apos|#160|#39|#34|#38);)(?:[A-Za-z]{2,31}|#[0-9xX][0-9A-Fa-f]{0,7});"
)
_DECLARED: Final = (re.compile(rb"transfer-encoding[^\n]*\n?[^\n]*"), re.compile(rb"charset[^\n]*\n?[^\n]*"))
"""Where a message in lower case declares an encoding; the value may stand on the next line."""
_UNPLAIN: Final = re.compile(rb"quoted-printable|base64|uue|utf-?7|utf-?16|utf-?32|ucs|iso-2022|hz-gb")
_ASCII_ENTITY: Final = re.compile(rb"&(?:#|[a-z])")


class HeaderWords(msgspec.Struct, frozen=True):
    """Words to look for in one header field, by its name in lower case; empty words ask whether the field is there."""

    field: str
    text: str


class TextWords(msgspec.Struct, frozen=True):
    """Words to look for in the text, and with ``header`` in every header as well."""

    text: str
    header: bool


Words = HeaderWords | TextWords


def fold_words(text: str) -> bytes:
    """Return words in the form in which they are looked for. NUL, which no text holds, is dropped."""
    return _folded(text.replace("\r\n", "\n").replace("\r", "\n"))


def _folded(text: str) -> bytes:
    return folded(text).replace("\0", "").encode("utf-8", "surrogatepass")


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


def is_text(part: Part) -> bool:
    """Tell whether a part is looked into: text, and reports such as message/delivery-status, which are text too."""
    return part.media_type.startswith("text/") or (part.media_type.startswith("message/") and part.message < 0)


def text_ranges(parsed: ParsedMessage) -> list[tuple[int, int]]:
    """Return the ranges that a search may look into: headers and text, not attachments."""
    ranges: list[tuple[int, int]] = []
    for part in parsed.parts:
        ranges.append((part.header_start, part.body_start))
        if is_text(part):
            ranges.append((part.body_start, part.end))
    return [(start, end) for start, end in dict.fromkeys(ranges) if start < end]


def folded_headers(message: Searchable) -> bytes:
    """Return the headers as lines ``\\nname: value``, folded: the message's own, NUL, and those of everything within."""
    own = _lines(message.header)
    parts = message.parsed.parts
    if len(parts) == 1:
        return own
    return own + NUL + b"".join(_lines(message.read(part.header_start, part.body_start)) for part in parts[1:])


def _lines(header: bytes) -> bytes:
    lines: list[bytes] = []
    at = 0
    for field in header_fields(header):
        if field.start > at:
            lines.append(_stray(header[at : field.start]))
        lines.append(b"\n%b: %b" % (_folded(field.name), _folded(decode_value(field.value))))
        at = field.end
    if at < len(header):
        lines.append(_stray(header[at:]))
    return b"".join(lines)


def _stray(octets: bytes) -> bytes:
    """Return lines among the fields that are none: a client that shows the header shows them too."""
    return b"\n" + _folded(guess_text(octets.strip()).replace("\r\n", "\n")) if octets.strip() else b""


def folded_texts(message: Searchable, overlap: int = 0) -> Iterator[bytes]:
    """Yield the text of each part, folded, a large part in pieces that overlap by so many octets."""
    for part in message.parsed.parts:
        if is_text(part):
            for text in _part_texts(message, part, overlap):
                yield _folded(text)


def _part_texts(message: Searchable, part: Part, overlap: int) -> Iterator[str]:
    octets = message.read(part.body_start, part.end)
    try:
        octets = decode_transfer(octets, part.encoding)
    except UnknownEncodingError:
        return
    flowed = is_flowed(part)
    for start in range(0, max(len(octets), 1), PIECE):
        text = written_text(part, octets[max(0, start - overlap) : start + PIECE])
        yield text
        # What stands there otherwise than it is shown is found in either way: in broken lines, or as an entity.
        if flowed is not None and " \n" in text:
            yield unflow(text, delete_space=flowed)
        elif part.media_type == "text/html" and _ENTITY.search(text):
            yield html_to_text(text)


def matches(message: Searchable, words: Words) -> bool:
    """Tell whether one message holds the words."""
    wanted = fold_words(words.text)
    if isinstance(words, HeaderWords):
        return has_field(_lines(message.header), fold_words(words.field), wanted)
    if not wanted:
        return True
    whole = message.whole
    if whole is not None and _cannot_hold(whole, wanted):
        return False
    if words.header and wanted in folded_headers(message):
        return True
    # Folding may make a character longer or shorter; four octets each way are more than any takes.
    return any(wanted in text for text in folded_texts(message, 4 * len(wanted) + 64))


def has_field(lines: bytes, field: bytes, wanted: bytes) -> bool:
    """Tell whether a field of folded header lines holds the words."""
    start = b"\n" + field + b": "
    at = lines.find(start)
    while at >= 0:
        at += len(start)
        end = lines.find(b"\n", at)
        value = lines[at : end if end >= 0 else len(lines)]
        if wanted in value:
            return True
        at = lines.find(start, at)
    return False


def _cannot_hold(whole: bytes, wanted: bytes) -> bool:
    """Tell most messages apart without decoding anything: all is plain ASCII, and the words are not in it."""
    if not wanted.isalnum() or not wanted.isascii() or not whole.isascii():
        return False
    lower = whole.lower()
    if wanted in lower or b"=?" in lower or b"delsp" in lower or _ASCII_ENTITY.search(lower):
        return False
    return not any(_UNPLAIN.search(declared) for where in _DECLARED for declared in where.findall(lower))
