"""The preview: the first words a person would read (RFC 8970). Looks at the first few KiB only."""

from __future__ import annotations

import re
from typing import Final

from correio.mime.bodies import choose_parts
from correio.mime.model import Part
from correio.mime.text import html_to_text, part_text
from correio.mime.transfer import decode_transfer, is_known_encoding

PREVIEW_LENGTH: Final = 200
"""Characters."""
_LOOK: Final = 4096
"""Octets of the encoded text that are looked at: of HTML four times as many, since most of it is style."""
_AMPLE: Final = 4 * PREVIEW_LENGTH
"""Characters of text that are mostly enough for a preview."""
_INVISIBLE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffc\ufffd]+"
)
_RULE: Final = re.compile(r"[\-_=*#~]{4,}")
_ATTRIBUTION: Final = re.compile(
    r"(?:.{0,300}\b(?:wrote|writes|schrieb|escribió|escreveu|a écrit|ha scritto|skrev|написал[аи]?)\s?.{0,40}:"
    r"|-{3,}.{0,40}-{3,})\s*$"
)


def preview(raw: bytes, parts: list[Part]) -> str:
    """Return at most 200 characters of a message's text on one line, without quoted text where there is other text."""
    bodies = choose_parts(parts)
    for index in (bodies.text, bodies.html):
        if index is not None:
            text = _beginning(raw, parts[index])
            if text:
                return text
    return ""


def _beginning(raw: bytes, part: Part) -> str:
    if not is_known_encoding(part.encoding):
        return ""
    is_html = part.media_type == "text/html"
    end = min(part.end, part.body_start + (4 * _LOOK if is_html else _LOOK))
    encoded = raw[part.body_start : end]
    text = part_text(part, decode_transfer(encoded, part.encoding))
    return preview_text(html_to_text(text) if is_html else text)


def preview_text(text: str) -> str:
    """Return the beginning of plain text as a preview."""
    kept: list[str] = []
    length, ample = 0, _AMPLE
    for line in text[: 4 * _LOOK].split("\n"):
        if line.startswith((">", " >")):
            continue
        if line.rstrip() == "--" and kept and any(kept):
            # What follows is the signature.
            break
        kept.append(line)
        length += len(line)
        if length > ample:
            if len(beginning := _one_line(" ".join(kept))) == PREVIEW_LENGTH:
                return beginning
            # Little of it was visible. Doubled, so that looking again and again stays cheap.
            ample *= 2
    while kept and (not kept[-1].strip() or _ATTRIBUTION.match(kept[-1])):
        kept.pop()
    return _one_line(" ".join(kept)) or _one_line(text[:_LOOK].replace(">", " "))


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    if not (text.isascii() and text.isprintable()):
        text = _INVISIBLE.sub(" ", text)
    text = " ".join(_RULE.sub(" ", text).split())
    return text if len(text) <= PREVIEW_LENGTH else text[:PREVIEW_LENGTH].rstrip()
