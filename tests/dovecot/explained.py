"""Why a difference is as it is: the names of docs/imap.md, section "Beside Dovecot"."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.header import decode_header, make_header
from email.utils import parsedate_to_datetime
from typing import Any

from tests.dovecot.run import Difference

_EMBEDDED = re.compile(rb"(?i)content-type:\s*message/[^\r\n]*(?:\r\n[^\r\n]+)*\r\n\r\n(?![!-9;-~]+[ \t]*:)")
_BROKEN_LINE = re.compile(rb"\A[ \t]|(?:\A|\n)(?![!-9;-~]+[ \t]*:)[^\r\n \t]")
_MADE_UP = (b"MISSING_MAILBOX", b"MISSING_DOMAIN", b"INVALID_ROUTE", b"SYNTAX_ERROR")


def _octets(value: Any) -> list[bytes]:
    """All the strings of a value."""
    if isinstance(value, bytes):
        return [value]
    if isinstance(value, list | tuple):
        return [one for item in value for one in _octets(item)]
    return []


def _text(value: Any) -> bytes:
    return b" ".join(_octets(value))


def _header(raw: bytes) -> bytes:
    return raw.partition(b"\r\n\r\n")[0]


def _bytes_of(test: Callable[[bytes, bytes], bool]) -> Callable[[Difference], bool]:
    def both(one: Difference) -> bool:
        return isinstance(one.correio, bytes) and isinstance(one.dovecot, bytes) and test(one.correio, one.dovecot)

    return both


def _is_envelope(one: Difference) -> bool:
    return "ENVELOPE" in one.kind or " envelope " in one.kind


def _is_search(one: Difference) -> bool:
    return one.kind.startswith("SEARCH ")


def _no_header(one: Difference) -> bool:
    """The message, or one of its parts, begins with something that is no header."""
    head = _header(one.raw)
    pieces = [head, *(part.partition(b"\r\n\r\n")[0] for part in re.split(rb"\r\n--[^\r\n]*\r\n", one.raw)[1:])]
    return any(_BROKEN_LINE.search(piece) for piece in pieces) or _EMBEDDED.search(one.raw) is not None


def _in_clear(value: Any) -> Any:
    """A value with its encoded words decoded, by somebody else's code."""
    if isinstance(value, bytes):
        try:
            return str(make_header(decode_header(value.decode("latin-1"))))
        except (ValueError, LookupError):
            return value
    return [_in_clear(one) for one in value] if isinstance(value, list | tuple) else value


def _plain_date(raw: bytes) -> bool:
    """The Date field says a moment that everybody reads alike: RFC 5322, and within what 32 bits hold."""
    found = re.search(
        rb"(?im)^date:[ \t]*((?:\w{3}, )?\d{1,2} \w{3} \d{4} \d\d:\d\d(?::\d\d)? [+-]\d{4})", _header(raw)
    )
    try:
        return found is not None and 1970 < parsedate_to_datetime(found[1].decode()).year < 2038
    except ValueError:
        return False


def _no_parts(raw: bytes) -> bool:
    """The header says multipart, and no line of the body begins a part."""
    head = _header(raw)
    if not re.search(rb"(?i)content-type:\s*multipart/", head):
        return False
    named = re.search(rb'(?i)boundary\s*=\s*"?([^"\r\n;]+)', head)
    return named is None or not re.search(rb"(?m)^--" + re.escape(named[1].strip()) + rb"[ \t]*\r?$", raw[len(head) :])


def _odd_addresses(raw: bytes) -> bool:
    """Some address field has two at signs, a semicolon or a comment between two commas."""
    for field in re.findall(rb"(?ims)^(?:from|sender|reply-to|to|cc|bcc)[ \t]*:(.*?)(?=\r\n[^ \t]|\Z)", raw):
        plain = re.sub(rb'"[^"\\]*"', b"", field)
        if re.search(rb"@[^,]*@|[;()\\\"]|<[^>]*$|>\s*[^\s,]|\.[^,<]*<|=\?", plain) or not re.search(rb"@", plain):
            return True
    return False


_RULES: tuple[tuple[str, Callable[[Difference], bool]], ...] = (
    ("NUL octets", lambda one: b"\0" in one.raw and _text(one.correio).replace(b"\0", b"\x80") == _text(one.dovecot)),
    ("a section that is not there", lambda one: one.correio is None and one.dovecot == b""),
    (
        "the day of INTERNALDATE",
        lambda one: one.kind == "INTERNALDATE" and one.correio.strip() == one.dovecot.lstrip(b"0"),
    ),
    ("the last line", lambda one: one.kind.endswith(" lines") and one.correio == one.dovecot + 1),
    ("addresses that are none", lambda one: _is_envelope(one) and any(word in _text(one.dovecot) for word in _MADE_UP)),
    (
        "8-bit header fields",
        lambda one: (
            not _text(one.dovecot).isascii()
            and _text(one.correio).isascii()
            and (_is_envelope(one) or one.kind.startswith("BODY"))
        ),
    ),
    (
        "parameters of RFC 2231",
        lambda one: (
            re.search(r"parameters|disposition", one.kind) is not None
            and any(name.endswith(b"*") or re.search(rb"\*\d", name) for name in _octets(one.dovecot))
        ),
    ),
    (
        "white space in header fields",
        lambda one: _is_envelope(one) and b"".join(_text(one.correio).split()) == b"".join(_text(one.dovecot).split()),
    ),
    ("no empty line after the header", _bytes_of(lambda ours, theirs: ours.strip() == theirs.strip())),
    (
        "base64 that is broken",
        lambda one: (
            one.kind == "BINARY completion"
            and (one.correio, one.dovecot) in {("OK", "NO"), ("OK", "closed"), ("NO", "closed")}
        ),
    ),
    (
        "messages without a date",
        lambda one: _is_search(one) and " SENT" in one.kind and not re.search(rb"(?im)^date[ \t]*:", _header(one.raw)),
    ),
    ("text where a header should be", lambda one: bool(one.raw) and (_no_header(one) or one.raw.startswith(b"\r\n"))),
    ("encoded words", lambda one: one.kind.startswith("BODY") and _in_clear(one.correio) == _in_clear(one.dovecot)),
    ("identifiers in angle brackets", lambda one: one.kind.endswith(" id") and one.correio == b"<%b>" % one.dovecot),
    ("a multipart without parts", lambda one: one.kind.startswith(("BODY", "BINARY", "SEARCH")) and _no_parts(one.raw)),
    (
        "embedded messages",
        lambda one: (
            (one.kind.endswith("(shape)") or _is_search(one))
            and re.search(rb"(?i)content-type:\s*message/", one.raw) is not None
        ),
    ),
    (
        "what is too deep or too much",
        lambda one: (
            one.raw.count(b"boundary=") > 90
            or len(_header(one.raw)) > 60_000
            or len(re.findall(rb"(?m)^--", one.raw)) > 9_000
        ),
    ),
    (
        "fields that break their syntax",
        lambda one: (
            re.search(r" (parameters|disposition|encoding)$|\(shape\)$", one.kind) is not None
            or (one.kind.startswith("BINARY") and isinstance(one.correio, bytes))
        ),
    ),
    (
        "address lists that break their syntax",
        lambda one: (
            re.search(r"(?i) (from|sender|reply-to|to|cc|bcc)$", one.kind) is not None and _odd_addresses(one.raw)
        ),
    ),
    ("dates that break their syntax", lambda one: " SENT" in one.kind and not _plain_date(one.raw)),
    (
        "what SEARCH compares",
        lambda one: (
            re.match(r"SEARCH (SUBJECT|BODY|TEXT)$", one.kind) is not None
            and (
                b"=?" in one.raw
                or not one.raw.isascii()
                or re.search(rb"(?i)base64|quoted-printable|charset", one.raw) is not None
                or re.search(rb"(?i)content-type:[ \t]*[a-z]+/[a-z0-9.+-]*[^a-z0-9.+;\s-]", one.raw) is not None
                or not one.where.isascii()
                or '"  "' in one.where
            )
        ),
    ),
    ("sets of flags", lambda one: one.where.startswith("NOT (SEEN FLAGGED)")),
    ("names of mailboxes", lambda one: re.match(r"(CREATE|SUBSCRIBE|STATUS|LIST|LSUB)\b", one.kind) is not None),
)


def explanation(difference: Difference) -> str | None:
    """The name of the reason, or None where nobody has found one."""
    return next((name for name, applies in _RULES if applies(difference)), None)
