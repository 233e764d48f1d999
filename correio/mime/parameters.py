"""Parameters of Content-Type and Content-Disposition: RFC 2045 section 5.1, RFC 2231, and RFC 2047 where it should not be."""

from __future__ import annotations

import re
from typing import Final

from correio.mime.charsets import decode_charset, guess_text
from correio.mime.encoded_words import decode_encoded_words

_TOKEN: Final = r"[!#$%&'*+\-.0-9A-Z\[\]^_`a-z{|}~]+"  # noqa: S105
_MEDIA_TYPE: Final = re.compile(rf'\s*"?({_TOKEN})\s*/\s*({_TOKEN})"?')
_PARAMETER: Final = re.compile(
    r"[\s;]*+(?:"
    r'([^\s=;"(),]++)\s*+=\s*+(?:"((?:[^"\\]++|\\.)*+)(?:"|\\?$)|([^;]*+))'
    r"|\((?:[^()\\]++|\\.)*+\)|[^\s;]++)",
    re.DOTALL,
)
_QUOTED_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)
_SECTION: Final = re.compile(r"([^*]+)(?:\*(\d{1,4}))?(\*)?")
_PERCENT: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_MAX_PARAMETERS: Final = 1000
_FILENAMES: Final = frozenset(("name", "filename"))


def parse_media_type(text: str) -> tuple[str, str, str] | None:
    """Return (type, subtype, the rest with the parameters), lower case, or None where there is no valid type."""
    match = _MEDIA_TYPE.match(text)
    if match is None:
        return None
    return match[1].lower(), match[2].lower(), text[match.end() :]


def parse_parameters(text: str) -> list[tuple[str, str]]:
    """Return (name in lower case, decoded value) of ``; name=value`` parameters. Of a repeated name the first counts.

    Continuations and charsets (RFC 2231) are put together; an extended value wins over a plain one of the same name.
    Missing semicolons, missing quotes, unquoted spaces and comments are read as senders meant them.
    """
    if "=" not in text:
        return []
    plain: dict[str, str] = {}
    extended: dict[str, list[tuple[int, bool, str]]] = {}
    for count, match in enumerate(_PARAMETER.finditer(text)):
        if count >= _MAX_PARAMETERS:
            break
        name = match[1]
        if name is None:
            continue
        name = name.lower()
        value = match[2]
        if value is not None:
            if "\\" in value:
                value = _unescape(value, name)
        else:
            value = match[3].strip()
            if '"' in value:
                # Half a pair of quotes, or escaped ones.
                value = value.removeprefix('\\"').removesuffix('"').removesuffix("\\")
            if value and name not in _FILENAMES:
                # Outside quotes a space ends the value; what follows is a comment or a forgotten semicolon.
                value = value.split(None, 1)[0].partition("(")[0]
        if "*" in name:
            section = _SECTION.fullmatch(name)
            if section is None:
                continue
            extended.setdefault(section[1], []).append((int(section[2] or 0), section[3] is not None, value))
        else:
            plain.setdefault(name, value)
    for name, sections in extended.items():
        plain[name] = _join_sections(sections)
    return [
        (name, decode_encoded_words(value) if "=?" in value and name != "boundary" else value)
        for name, value in plain.items()
    ]


def _unescape(value: str, name: str) -> str:
    if name in _FILENAMES and '\\"' not in value and "\\\\" not in value:
        # A Windows path that was never escaped.
        return value
    return _QUOTED_PAIR.sub(r"\1", value)


def _join_sections(sections: list[tuple[int, bool, str]]) -> str:
    """Put the sections of one parameter together (RFC 2231 sections 3 and 4)."""
    sections.sort(key=lambda section: section[0])
    charset: str | None = None
    pieces: list[bytes] = []
    is_encoded = False
    seen = -1
    for number, encoded, value in sections:
        if number == seen:
            continue
        octets = value.encode("utf-8", "surrogateescape")
        if encoded:
            is_encoded = True
            if seen < 0 and value.count("'") >= 2:
                charset = value.split("'", 1)[0]
                octets = octets.split(b"'", 2)[2]
            pieces.append(_PERCENT.sub(lambda escape: bytes((int(escape[1], 16),)), octets))
        else:
            pieces.append(octets)
        seen = number
    octets = b"".join(pieces)
    return decode_charset(octets, charset) if is_encoded else guess_text(octets)
