"""The base subject: what is left of a subject without its marks of replies and forwards (RFC 5256 section 2.1). Pure."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_SPACES: Final = re.compile(r"[ \t\r\n]+")
# Possessive, so that no character is read twice: subjects may be long and hostile.
_BLOB: Final = r"\[[^\[\]]*+\] *+"
_BLOBS: Final = re.compile(rf"(?:{_BLOB})*+")
_REFWD: Final = re.compile(rf"(?:re|fwd?) *+(?:{_BLOB})?+:", re.IGNORECASE)
_FORWARD: Final = "[fwd:"
_TRAILER: Final = "(fwd)"


class BaseSubject(NamedTuple):
    """The base subject, and whether the subject was that of a reply or forward (the same section, last paragraph)."""

    text: str
    is_reply: bool


def base_subject(subject: str) -> BaseSubject:
    """Extract the base subject of a subject whose encoded words are decoded. Linear in its length.

    The numbers are those of the RFC's steps.
    """
    text = _SPACES.sub(" ", subject)  # (1)
    lower = text.lower() if text.isascii() else "".join(c.lower() if c < "\x80" else c for c in text)
    start, end = 0, len(text)
    is_reply = False
    while True:
        while end > start:  # (2)
            if text[end - 1] == " ":
                end -= 1
            elif lower.endswith(_TRAILER, start, end):
                end -= len(_TRAILER)
                is_reply = True
            else:
                break
        start, replied = _without_leaders(text, start, end)
        is_reply = is_reply or replied
        if not (lower.startswith(_FORWARD, start, end) and text.endswith("]", start, end)):
            return BaseSubject(text[start:end], is_reply)
        start, end = start + len(_FORWARD), end - 1  # (6)
        is_reply = True


def _without_leaders(text: str, start: int, end: int) -> tuple[int, bool]:
    """Pass over prefixes: steps (3) to (5). Returns where the rest begins, and whether a mark of a reply was among them."""
    replied = False
    while True:
        while start < end and text[start] == " ":
            start += 1
        blobs = _BLOBS.match(text, start, end)
        after = blobs.end() if blobs is not None else start
        mark = _REFWD.match(text, after, end)
        if mark is not None:  # (3)
            start = mark.end()
            replied = True
            continue
        if after < end:  # (4), for each of the blobs in turn
            return after, replied
        # Without the last blob nothing would be left, so it stays.
        last = text.rfind("[", start, end)
        return (last if last >= 0 else start), replied
