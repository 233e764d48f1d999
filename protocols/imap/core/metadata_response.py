"""The METADATA response (RFC 5464 section 4.4). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_QUOTABLE: Final = re.compile(rb"[ -~]{0,1024}")
_ATOM: Final = re.compile(r"[A-Za-z0-9/._\-+]+")


def metadata_value(value: bytes | None) -> bytes:
    """Write a value, octet for octet: NIL, a quoted string where it is one, else a literal, with NUL octets a literal8."""
    if value is None:
        return b"NIL"
    if _QUOTABLE.fullmatch(value):
        return b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    return b"%b{%d}\r\n%b" % (b"~" if b"\0" in value else b"", len(value), value)


def _entry(name: str) -> bytes:
    if _ATOM.fullmatch(name):
        return name.encode("ascii")
    return b'"' + name.replace("\\", "\\\\").replace('"', '\\"').encode("ascii") + b'"'


def metadata_values(mailbox: bytes, values: Iterable[tuple[str, bytes | None]]) -> bytes:
    """Write entries with their values; nothing for none. ``mailbox`` is as it is sent."""
    pairs = b" ".join(_entry(name) + b" " + metadata_value(value) for name, value in values)
    return b"* METADATA %b (%b)\r\n" % (mailbox, pairs) if pairs else b""


def metadata_changes(mailbox: bytes, entries: Iterable[str]) -> bytes:
    """Write the names of entries that others have changed (RFC 5464 section 4.4.2)."""
    return b"* METADATA %b %b\r\n" % (mailbox, b" ".join(map(_entry, entries)))
