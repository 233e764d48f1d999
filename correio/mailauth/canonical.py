"""Canonicalization (RFC 6376 section 3.4): what mail servers may change without breaking a signature.

Every step is one pass in C over all octets, so that a hostile body costs no more than another one.
"""

from __future__ import annotations

import re
from typing import Literal

Canonicalization = Literal["simple", "relaxed"]

_EMPTY_LINES = re.compile(rb"(?:\n\r)*+")


def canonical_field(field: bytes, how: Canonicalization) -> bytes:
    """Return a whole field, CRLF included, as it is signed (sections 3.4.1 and 3.4.2)."""
    if how == "simple":
        return field
    name, _, value = field.partition(b":")
    return name.rstrip(b" \t").lower() + b":" + _one_space(value.replace(b"\r\n", b"")).strip(b" ") + b"\r\n"


def canonical_body(body: bytes, how: Canonicalization) -> bytes:
    """Return a body as it is signed (sections 3.4.3 and 3.4.4)."""
    if how == "relaxed":
        body = _one_space(body).replace(b" \r\n", b"\r\n")
        if body.endswith(b" "):
            body = body[:-1]
    body = _without_empty_lines(body)
    if not body:
        return b"\r\n" if how == "simple" else b""
    return body if body.endswith(b"\r\n") else body + b"\r\n"


def _one_space(text: bytes) -> bytes:
    """Make every run of spaces and tabs one space. Each round halves the longest run."""
    if b"\t" in text:
        text = text.replace(b"\t", b" ")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text


def _without_empty_lines(body: bytes) -> bytes:
    """Cut the empty lines at the end, and the line end before them where nothing else is left."""
    content = body.rstrip(b"\r\n")
    tail = body[len(content) :]
    match = _EMPTY_LINES.match(tail[::-1])
    assert match is not None
    ends = match.end()
    rest = len(body) - ends
    if rest == 0 or ends == 0:
        return body[:rest]
    return body[: rest + 2]
