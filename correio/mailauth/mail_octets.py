"""A message as signatures see it: its fields octet for octet, and the hashes of its body."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from correio.mailauth.canonical import Canonicalization, canonical_body, canonical_field
from correio.mime.header_fields import header_fields

MAX_FIELDS: Final = 10_000
"""Header fields that are looked at; who sends more has something to hide."""


class Field(NamedTuple):
    """One header field."""

    name: bytes
    """In lower case."""
    value: bytes
    """What follows the colon, without the last CRLF."""
    octets: bytes
    """The whole field with its CRLF."""


class MailOctets:
    """A message with CRLF line ends."""

    def __init__(self, message: bytes) -> None:
        if message.startswith(b"\r\n"):
            end, begin = 0, 2
        else:
            blank = message.find(b"\r\n\r\n")
            end, begin = (blank + 2, blank + 4) if blank >= 0 else (len(message), len(message))
        header = message[:end]
        self.fields: Final = [
            Field(
                one.name.lower().encode("latin-1"),
                one.value,
                header[one.start : one.end] + (b"" if header[one.end - 2 : one.end] == b"\r\n" else b"\r\n"),
            )
            for one in itertools.islice(header_fields(header), MAX_FIELDS + 1)
        ]
        self.is_whole: Final = len(self.fields) <= MAX_FIELDS
        """Whether these are all its fields."""
        self._message: Final = message
        self._begin: Final = begin
        self._places: Final[dict[bytes, list[int]]] = {}
        for place, field in enumerate(self.fields):
            self._places.setdefault(field.name, []).append(place)
        self._bodies: dict[Canonicalization, bytes] = {}
        self._hashes: dict[tuple[Canonicalization, int], bytes] = {}

    def places(self, name: bytes) -> list[int]:
        """Return where the fields of a name stand, from the top."""
        return self._places.get(name, [])

    def named(self, name: bytes) -> list[Field]:
        """Return the fields of a name, from the top."""
        return [self.fields[place] for place in self.places(name)]

    def selected(self, names: Iterable[bytes], own: int = -1) -> Iterator[Field]:
        """Yield the fields that ``h=`` names: of each name the lowest first (RFC 6376 section 5.4.2), and nothing for
        one that is not there. ``own`` is the place of the signature itself, which is never among them.
        """
        left: dict[bytes, list[int]] = {}
        for name in names:
            places = left.get(name)
            if places is None:
                places = left[name] = [place for place in self.places(name) if place != own]
            if places:
                yield self.fields[places.pop()]

    def body_length(self, how: Canonicalization) -> int:
        """Return the octets of the canonical body."""
        return len(self._body(how))

    def body_hash(self, how: Canonicalization, length: int | None = None) -> bytes:
        """Return the SHA-256 of the canonical body, or of its first octets."""
        body = self._body(how)
        count = len(body) if length is None else min(length, len(body))
        found = self._hashes.get((how, count))
        if found is None:
            found = hashlib.sha256(memoryview(body)[:count]).digest()
            self._hashes[how, count] = found
        return found

    def _body(self, how: Canonicalization) -> bytes:
        body = self._bodies.get(how)
        if body is None:
            body = self._bodies[how] = canonical_body(self._message[self._begin :], how)
        return body


def header_digest(fields: Iterable[Field], how: Canonicalization, signature: bytes) -> bytes:
    """Return the SHA-256 of the fields and, last and without its line end, the signature whose ``b=`` is empty."""
    digest = hashlib.sha256()
    for field in fields:
        digest.update(canonical_field(field.octets, how))
    digest.update(canonical_field(signature, how).removesuffix(b"\r\n"))
    return digest.digest()
