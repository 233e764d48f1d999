"""Header fields as octets: folded at 78 characters, never over 998, text beyond US-ASCII as encoded words (RFC 2047)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from correio.mime.encoded_words import encode_words

LINE: Final = 78
"""RFC 5322 section 2.1.1; a line with an encoded word has at most 76 (RFC 2047 section 2)."""
_ENCODED_LINE: Final = 76
_WORD_OCTETS: Final = 36
"""Octets of text in an encoded word: 60 characters with its frame, so that it fits behind the name of its field."""
_LEAST_OCTETS: Final = 6
LONGEST_WORD: Final = 900
"""Octets that stand together in a line."""


def text_words(text: str, *, name: str = "", encode: bool = False) -> list[bytes]:
    """Return unstructured text (RFC 5322 section 3.2.5) as words to be folded between, encoded where it must be.

    ``name`` is that of the field: behind a long one the encoded words are short. Encoded is whatever would not come back the
    same: other alphabets, what looks like an encoded word, white space at the ends, and what is too long for a line.
    """
    if not text:
        return []
    words = text.split(" ")
    plain = text.isascii() and "=?" not in text and text == text.strip()
    if encode or not plain or max(map(len, words)) > LONGEST_WORD or " " * LINE in text:
        room = (_ENCODED_LINE - len(name) - len(": =?UTF-8?B??=")) // 4 * 3
        return encode_words(text, max(_LEAST_OCTETS, min(room, _WORD_OCTETS))).split(b" ")
    return [word.encode("ascii") for word in words]


def fold(name: str, words: Sequence[bytes]) -> bytes:
    """Return a field of words with single spaces between them, folded, with its CRLF.

    An empty word stands for a further space; no line is ever made of white space alone (RFC 5322 section 3.2.2).
    """
    line = name.encode("ascii") + b":"
    lines: list[bytes] = []
    gap = b""
    encoded = False
    for at, word in enumerate(words):
        if not word:
            gap += b" "
            continue
        is_encoded = word.startswith(b"=?")
        limit = _ENCODED_LINE if encoded or is_encoded else LINE
        # Not behind the name: readers differ in what they make of a first line without a value.
        if len(line) + len(gap) + 1 + len(word) > limit and at > 0:
            lines.append(line)
            line, encoded = b"", False
        line += gap + b" " + word
        gap = b""
        encoded = encoded or is_encoded
    lines.append(line)
    return b"\r\n".join(lines) + b"\r\n"


def comma_separated(items: Iterable[list[bytes]]) -> list[bytes]:
    """Return the words of a list with commas between its items."""
    words: list[bytes] = []
    for item in items:
        if words:
            words[-1] += b","
        words += item
    return words
