"""Internationalised messages (RFC 6532) for clients that take US-ASCII headers alone: a surrogate, as RFC 6858 has it.

Only a message with an address beyond US-ASCII in its header is one. Raw 8-bit octets elsewhere, in a subject or a display
name, are what programs have always sent against the rules and read all the same; such a message stays as it is.

In a surrogate every header field of the message and of its parts is in US-ASCII: names, subjects and other text become
encoded words (RFC 2047), parameters RFC 2231's form, and an address that cannot be written in US-ASCII one that cannot
be replied to by mistake. Fields whose syntax has no room for that are left out. Bodies stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

import idna

from correio.mime.addresses import parse_addresses
from correio.mime.encoded_words import encode_words
from correio.mime.header_fields import HeaderField, header_fields
from correio.mime.model import Address, ParsedMessage
from correio.mime.parameters import parse_media_type, parse_parameters

MAX_HEADER: Final = 256 * 1024
"""Octets of a longer header stay as they are."""
NOWHERE: Final = "invalid@internationalized-address.invalid"
"""Stands for an address that US-ASCII cannot express (RFC 6858 section 2.1)."""

ADDRESS_FIELDS: Final = frozenset(
    {"from", "sender", "reply-to", "to", "cc", "bcc", "resent-from", "resent-sender", "resent-to", "resent-cc"}
    | {
        "resent-bcc",
        "resent-reply-to",
        "return-path",
        "delivered-to",
        "disposition-notification-to",
        "mail-followup-to",
    }
)
"""Fields with addresses, in lower case."""
_PARAMETERS: Final = frozenset({"content-type", "content-disposition"})
_STRUCTURED: Final = frozenset(
    {"date", "message-id", "in-reply-to", "references", "mime-version", "content-transfer-encoding", "content-id"}
    | {"received", "resent-date", "resent-message-id", "dkim-signature", "arc-seal", "arc-message-signature"}
    | {
        "arc-authentication-results",
        "authentication-results",
        "received-spf",
        "list-id",
        "list-post",
        "list-unsubscribe",
    }
    | {"content-location", "content-language", "content-md5", "auto-submitted", "original-recipient"}
)
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+")
_ATOMS: Final = re.compile(r"[!#$%&'*+\-/=?^_`{|}~0-9A-Za-z ]+")


def is_internationalised(header: bytes) -> bool:
    """Tell whether a message's header has an address that needs RFC 6532."""
    if header.isascii():
        return False
    return any(
        field.name.lower() in ADDRESS_FIELDS
        and not field.value.isascii()
        and any(not one.email.isascii() for one in parse_addresses(field.unfolded))
        for field in header_fields(header[:MAX_HEADER])
    )


def downgrade_header(header: bytes) -> bytes:
    """Return a header, empty line included or not, in US-ASCII. Lines that are in US-ASCII already stay as they are."""
    if header.isascii():
        return header
    pieces: list[bytes] = []
    at = 0
    for field in header_fields(header):
        pieces += _ascii_only(header[at : field.start])
        whole = header[field.start : field.end]
        pieces.append(whole if whole.isascii() else _downgrade(field))
        at = field.end
    pieces += _ascii_only(header[at:])
    return b"".join(pieces)


class Downgrader:
    """Takes a message in pieces of any size and passes it on with its headers in US-ASCII."""

    def __init__(self, parsed: ParsedMessage) -> None:
        self._headers = sorted(_outer_headers(parsed), reverse=True)
        self._at = 0
        self._held = bytearray()

    def feed(self, data: bytes) -> bytes:
        """Return what a piece adds to the surrogate."""
        out: list[bytes] = []
        while data:
            start, end = self._headers[-1] if self._headers else (1 << 62, 1 << 62)
            if self._at < start:
                piece, data = data[: start - self._at], data[start - self._at :]
                out.append(piece)
            else:
                piece, data = data[: end - self._at], data[end - self._at :]
                self._held += piece
            self._at += len(piece)
            if self._at >= end:
                out.append(self.end())
                self._headers.pop()
        return b"".join(out)

    def end(self) -> bytes:
        """Return what is left where a message ends within a header."""
        held = bytes(self._held)
        self._held.clear()
        return downgrade_header(held)


def _outer_headers(parsed: ParsedMessage) -> Iterable[tuple[int, int]]:
    """Where the headers are of the message and its parts, but not of messages within it, which are bodies."""
    inner: set[int] = set()
    for index, part in enumerate(parsed.parts):
        parent = parsed.parts[part.parent] if part.parent >= 0 else None
        if parent is not None and (part.parent in inner or parent.message == index):
            inner.add(index)
        elif 0 < part.body_start - part.header_start <= MAX_HEADER:
            yield part.header_start, part.body_start


def _ascii_only(octets: bytes) -> list[bytes]:
    return [line for line in octets.splitlines(keepends=True) if line.isascii()]


def _downgrade(field: HeaderField) -> bytes:
    name = field.name.lower()
    if not name.isascii() or name in _STRUCTURED:
        return b""
    if name in ADDRESS_FIELDS:
        value = _addresses(parse_addresses(field.unfolded))
    elif name in _PARAMETERS:
        value = _with_parameters(field.unfolded)
    else:
        value = encode_words(field.decoded).replace(b" ", b"\r\n ")
    return field.name.encode("ascii") + b": " + value + b"\r\n" if value else b""


def _addresses(addresses: list[Address]) -> bytes:
    return b",\r\n ".join(_mailbox(one) for one in addresses if one.local or one.domain) or b"undisclosed-recipients:;"


def _mailbox(address: Address) -> bytes:
    spec = ascii_addr_spec(address)
    name = address.name or ("" if spec else address.email)
    if not name:
        return spec
    if _ATOMS.fullmatch(name):
        phrase = name.encode("ascii")
    elif name.isascii() and name.isprintable():
        phrase = b'"' + re.sub(r'(["\\])', r"\\\1", name).encode("ascii") + b'"'
    else:
        phrase = encode_words(name).replace(b" ", b"\r\n ")
    return phrase + b" <" + (spec or NOWHERE.encode("ascii")) + b">"


def ascii_addr_spec(address: Address) -> bytes:
    """Return the address in US-ASCII, with A-labels where only the domain needs them; empty where that cannot be."""
    if not address.local.isascii():
        return b""
    local = address.local
    if not re.fullmatch(r"[!#$%&'*+\-/=?^_`{|}~0-9A-Za-z.]+", local):
        local = '"' + re.sub(r'(["\\])', r"\\\1", local) + '"'
    domain = address.domain
    try:
        ascii_domain = domain.encode("ascii") if domain.isascii() else idna.encode(domain, uts46=True)
    except idna.IDNAError:
        return b""
    return local.encode("ascii") + (b"@" + ascii_domain if ascii_domain else b"")


def _with_parameters(value: str) -> bytes:
    found = parse_media_type(value)
    if found is not None:
        head, rest = f"{found[0]}/{found[1]}", found[2]
    else:
        head, _, rest = value.partition(";")
        head = head.strip()
    if not all(map(_TOKEN.fullmatch, head.split("/", 1))):
        return b""
    written = [head.encode("ascii")]
    for name, text in parse_parameters(rest):
        if not _TOKEN.fullmatch(name):
            continue
        if text.isascii() and text.isprintable():
            escaped = re.sub(r'(["\\])', r"\\\1", text)
            written.append(f'{name}="{escaped}"'.encode("ascii"))
        else:
            written.append(f"{name}*=UTF-8''{quote(text, safe='', errors='replace')}".encode("ascii"))
    return b";\r\n\t".join(written)
