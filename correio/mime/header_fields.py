"""Header fields: finding them, unfolding and decoding their values. Never raises, linear, bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from correio.mime.charsets import guess_text
from correio.mime.encoded_words import decode_encoded_words

MAX_VALUE: Final = 64 * 1024
"""Octets of one field's value that are ever decoded; the rest is ignored."""

# A field with its continuation lines, or else one line that is no field. Possessive, so that no line is read twice.
_FIELD: Final = re.compile(rb"([^\s:\x00]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)\n?|[^\n]*+\n|[^\n]++")
_FIELD_START: Final = re.compile(rb"[^\s:\x00]++[ \t]*+:")
_FOLD: Final = re.compile(r"\r*\n[ \t]")
_CONTROL: Final = re.compile(r"[\x00\r\n]+")


class HeaderField(NamedTuple):
    """One field. ``name`` is as it was written; ``value`` is raw, everything after the colon without the last CRLF."""

    name: str
    value: bytes
    start: int
    """Offset of the field's first octet in the header."""
    end: int
    """Offset after its last line, line end included."""

    @property
    def unfolded(self) -> str:
        """The value on one line (RFC 5322 section 2.2.3), 8-bit octets made text."""
        return unfold(self.value)

    @property
    def decoded(self) -> str:
        """The unfolded value with its encoded words decoded (RFC 2047)."""
        return decode_encoded_words(unfold(self.value))


def header_fields(header: bytes) -> Iterator[HeaderField]:
    """Yield the fields of a header in order. Lines that are no fields, such as mbox's ``From ``, are passed over."""
    for match in _FIELD.finditer(header):
        name = match[1]
        if name is not None:
            value = match[2]
            yield HeaderField(name.decode("latin-1"), value.removesuffix(b"\r"), match.start(), match.end())


def raw_fields(header: bytes) -> list[tuple[bytes, bytes]]:
    """Return (name in lower case, raw value) of each field: the quick form that the parser uses."""
    return [(name.lower(), value) for name, value in _FIELD.findall(header) if name]


def overlong_fields(header: bytes) -> set[str]:
    """Return the names, in lower case, of the fields that are longer than what is decoded of them, all of a name together.

    What is read of such a field is not all that others may read.
    """
    if len(header) <= MAX_VALUE:
        return set()
    sizes: dict[bytes, int] = {}
    for name, value in raw_fields(header):
        sizes[name] = sizes.get(name, 0) + len(value) + 1
    return {name.decode("latin-1") for name, size in sizes.items() if size > MAX_VALUE}


def begins_with_field(octets: bytes, start: int, end: int) -> bool:
    """Tell whether the line at ``start`` can be a header field."""
    return _FIELD_START.match(octets, start, end) is not None


def first_stray_line(header: bytes) -> int:
    """Return the offset of the first line that is neither a field nor a part of one, -1 where all are.

    An mbox ``From `` line at the top is let pass.
    """
    for match in _FIELD.finditer(header):
        if match[1] is None and not (match.start() == 0 and match[0].startswith((b"From ", b">From "))):
            return match.start()
    return -1


def unfold(value: bytes) -> str:
    """Return a raw value on one line: folds become one space each, NUL, CR and LF go, and 8-bit octets are guessed at.

    RFC 6532 makes raw UTF-8 proper; anything else in 8 bits is read as windows-1252 or Latin-1.
    """
    value = value[:MAX_VALUE]
    try:
        text = value.decode("ascii")
    except UnicodeDecodeError:
        text = _cut_utf_8(value) if len(value) == MAX_VALUE else guess_text(value)
    if "\n" in text:
        text = _FOLD.sub(" ", text)
    text = text.strip()
    if "\r" in text or "\x00" in text or "\n" in text:
        text = _CONTROL.sub(" ", text).strip()
    return text


def _cut_utf_8(value: bytes) -> str:
    """Decode a value that was cut off, perhaps in the middle of a character."""
    for cut in range(4):
        try:
            return value[: len(value) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
    return guess_text(value)


def decode_value(value: bytes) -> str:
    """Return a raw value unfolded, with its encoded words decoded: one line, so that no word passes for another field."""
    text = unfold(value)
    return _CONTROL.sub(" ", decode_encoded_words(text)) if "=?" in text else text
