"""Content-Type and Content-Disposition with their parameters (RFC 2045 section 5.1, RFC 2231)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from correio.errors import InvalidInputError
from correio.mime.compose.clean_text import require_clean
from correio.mime.parameters import parse_media_type, parse_parameters

MAX_MEDIA_TYPE: Final = 512
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+")
_ATTRIBUTE: Final = re.compile(r"[!#$&+\-.0-9A-Z^_`a-z{|}~]+")
_QUOTABLE: Final = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]*")
_SECTION: Final = 60
"""Octets of one section of a long value."""
_LONGEST: Final = 200
"""Characters of a value that stands in quotes on one line."""

Parameters = Sequence[tuple[str, str]]


def read_media_type(text: str, field: str) -> tuple[str, list[tuple[str, str]]]:
    """Return a media type in lower case, and its parameters. Raises InvalidInputError that names the field."""
    require_clean(text, field, MAX_MEDIA_TYPE)
    found = parse_media_type(text)
    if found is None or not _TOKEN.fullmatch(found[0]) or not _TOKEN.fullmatch(found[1]):
        raise InvalidInputError("It is not a media type such as image/png.", field)
    main, sub, rest = found
    parameters = parse_parameters(rest)
    if (rest.strip() and not rest.lstrip().startswith(";")) or not all(
        _ATTRIBUTE.fullmatch(one) for one, _ in parameters
    ):
        raise InvalidInputError("It is not a media type such as image/png.", field)
    return f"{main}/{sub}", parameters


def with_parameters(name: str, value: str, parameters: Parameters) -> bytes:
    """Return a whole field, each parameter on a line of its own where they do not fit behind the value."""
    pieces = [piece for attribute, text in parameters for piece in _written(attribute, text)]
    line = f"{name}: {value}"
    lines: list[str] = []
    for piece in pieces:
        line += ";"
        if len(line) + 1 + len(piece) > 78:
            lines.append(line)
            line = ""
        line += " " + piece
    lines.append(line)
    return "\r\n".join(lines).encode("ascii") + b"\r\n"


def _written(attribute: str, text: str) -> list[str]:
    """Return one parameter as it is written: in RFC 2231's form, and for a file name in a plain one too.

    The plain one stands second: who knows both and takes the first takes the right one.
    """
    if _QUOTABLE.fullmatch(text) and len(text) <= _LONGEST and "=?" not in text and text == text.strip():
        return [f'{attribute}="{text}"']
    extended = _extended(attribute, text)
    if attribute in ("filename", "name"):
        extended.append(f'{attribute}="{_plain(text)}"')
    return extended


def _extended(attribute: str, text: str) -> list[str]:
    """Return a value in RFC 2231's form, in sections (section 3) where it is long; no character is split between two."""
    sections = [""]
    for character in text:
        octets = quote(character, safe="")
        if len(sections[-1]) + len(octets) > _SECTION:
            sections.append("")
        sections[-1] += octets
    if len(sections) == 1:
        return [f"{attribute}*=UTF-8''{sections[0]}"]
    return [f"{attribute}*{at}*={'' if at else _CHARSET}{section}" for at, section in enumerate(sections)]


_CHARSET: Final = "UTF-8''"


def _plain(text: str) -> str:
    """Return what a program that does not know RFC 2231 calls the file; its ending is kept."""
    stem, dot, ending = text.rpartition(".")
    stem, ending = (stem, dot + ending) if dot and len(ending) <= 16 else (text, "")
    shown = re.sub(r"[^!#-\[\]-~ ]", "_", stem)[:_SECTION] + re.sub(r"[^!#-\[\]-~]", "_", ending)
    return shown.replace("=?", "_?").strip() or "file"
