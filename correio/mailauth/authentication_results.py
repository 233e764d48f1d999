"""The Authentication-Results field (RFC 8601): written, read, and taken out where somebody forged ours."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from correio.mime.header_fields import unfold

MAX_VALUE: Final = 320
"""Characters of one value that are written: an address fits."""
MAX_RESULTS: Final = 100
"""Results of one field that are read."""
MAX_ID: Final = 1000
"""Octets of a field within which it says whose it is, or it is taken for one that does not."""
MAX_FIELDS: Final = 1000
"""Fields of one message of which it is asked whose they are; those after them go unread."""

# RFC 2045 section 5.1, and an address of such words as RFC 8601 section 2.2 allows it.
_BARE: Final = re.compile(r"(?:[A-Za-z0-9!#$%&'*+\-.^_`{|}~]*@)?[A-Za-z0-9!#$%&'*+\-.^_`{|}~]+")
_TOKEN: Final = re.compile(r'\s++|"((?:[^"\\]++|\\.)*+)"|([^\s();"=]++)|.', re.DOTALL)
_COMMENT_PIECE: Final = re.compile(r"[^()\\]++|\\.?|[()]", re.DOTALL)
_QUOTED_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOT_IN_COMMENT: Final = re.compile(r"[()\\]")
_OWN_FIELD: Final = re.compile(
    rb"^authentication-results[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)\n?", re.IGNORECASE | re.MULTILINE
)


class MethodResult(msgspec.Struct, frozen=True):
    """One result: ``dkim=pass header.d=example.org``."""

    method: str
    result: str
    reason: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    """``ptype.property`` and value."""
    comment: str = ""

    def get(self, name: str) -> str:
        """Return the value of a property, "" where it is not there."""
        return next((value for key, value in self.properties if key == name), "")


class Results(msgspec.Struct, frozen=True):
    """A whole field."""

    authserv_id: str
    results: tuple[MethodResult, ...]


def results_value(authserv_id: str, results: Sequence[MethodResult]) -> str:
    """Return the value of a field, folded before each result. Nothing in it can leave its place."""
    lines = [_value(authserv_id)]
    for one in results:
        words = [f"{one.method}={one.result}"]
        if one.comment:
            words.append(f"({_NOT_IN_COMMENT.sub('', _clean(_ascii(one.comment)))})")
        if one.reason:
            words.append(f"reason={_quoted(_ascii(one.reason))}")
        words += [f"{name}={_value(value)}" for name, value in one.properties if value]
        lines.append(_joined(words))
    if not results:
        lines.append("none")
    return ";\r\n\t".join(lines)


def results_field(authserv_id: str, results: Sequence[MethodResult]) -> bytes:
    """Return the whole field with its CRLF."""
    return f"Authentication-Results: {results_value(authserv_id, results)}\r\n".encode()


def parse_results(value: bytes) -> Results | None:
    """Return what a field says; None where it does not say whose it is. What makes no sense in it is left out."""
    statements = list(_statements(unfold(value)))
    if not statements or not statements[0] or statements[0][0] in ("=", ""):
        return None
    found = []
    for statement in statements[1 : MAX_RESULTS + 1]:
        words = _whole_names(statement)
        pairs = [(words[at - 1], words[at + 1]) for at in range(1, len(words) - 1) if words[at] == "="]
        if not pairs:
            continue
        (method, result), *properties = [(name.lower(), text) for name, text in pairs]
        reason = next((text for name, text in properties if name == "reason"), "")
        found.append(
            MethodResult(
                method.partition("/")[0],
                result.lower(),
                reason,
                tuple((name, text) for name, text in properties if name != "reason"),
            )
        )
    return Results(statements[0][0], tuple(found))


def _whole_names(words: list[str]) -> list[str]:
    """Return the words with ``ptype . property`` made one, and without the version of the method (``method / 1``)."""
    if words[1:2] == ["/"]:
        words = [words[0], *words[3:]]
    whole: list[str] = []
    for word in words:
        if len(whole) >= 2 and whole[-1] == ".":
            whole[-2:] = [f"{whole[-2]}.{word}"]
        else:
            whole.append(word)
    return whole


def _whose(value: bytes) -> str:
    """Return the authserv-id of a field, "" where it does not say it soon."""
    statements = list(itertools.islice(_statements(unfold(value[:MAX_ID])), 2))
    if len(value) > MAX_ID and len(statements) < 2:
        # Cut before the first semicolon: perhaps within the very word.
        return ""
    words = statements[0]
    return "" if not words or words[0] == "=" else words[0]


def without_forged(message: bytes, authserv_id: str) -> bytes:
    """Return a message without the fields that claim to be ours, or nobody's (RFC 8601 section 5)."""
    blank = message.find(b"\r\n\r\n")
    end = len(message) if blank < 0 else blank + 2
    kept: list[bytes] = []
    at = 0
    own = authserv_id.lower().rstrip(".")
    for number, field in enumerate(_OWN_FIELD.finditer(message, 0, end)):
        whose = _whose(field[1]).lower().rstrip(".") if number < MAX_FIELDS else ""
        if whose in ("", own):
            kept.append(message[at : field.start()])
            at = field.end()
    return b"".join([*kept, message[at:]]) if at else message


def _statements(text: str) -> Iterator[list[str]]:
    """Yield the words between the semicolons, "=" being a word, comments left out."""
    words: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        assert match is not None
        at = match.end()
        word = match[0]
        if word == "(":
            at = _after_comment(text, at)
        elif word == ";":
            yield words
            words = []
        elif match[1] is not None:
            words.append(_QUOTED_PAIR.sub(r"\1", match[1]))
        elif match[2] is not None or word == "=":
            words.append(word)
    yield words


def _after_comment(text: str, at: int) -> int:
    depth = 1
    for piece in _COMMENT_PIECE.finditer(text, at):
        depth += {"(": 1, ")": -1}.get(piece[0], 0)
        if not depth:
            return piece.end()
    return len(text)


def _ascii(text: str) -> str:
    """Our own words need no header of RFC 6532, whatever they quote."""
    return text.encode("ascii", "replace").decode("ascii")


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub("?", text[:MAX_VALUE])


def _quoted(text: str) -> str:
    return '"' + _clean(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _value(text: str) -> str:
    return text if len(text) <= MAX_VALUE and _BARE.fullmatch(text) else _quoted(text)


def _joined(words: Sequence[str]) -> str:
    """Return words with spaces between them, and line ends where a line would be long."""
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) > 76:
            lines.append(word)
        else:
            lines[-1] += f" {word}"
    return "\r\n\t ".join(lines)
