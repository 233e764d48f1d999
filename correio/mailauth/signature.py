"""Signature fields (RFC 6376 section 3.5): DKIM-Signature, and ARC's fields, which are made after it."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final, Literal

import msgspec

from correio.dns.names import ascii_name
from correio.mailauth.canonical import Canonicalization
from correio.mailauth.public_key import KeyType
from correio.mailauth.tag_list import TagListError, items, parse_tags, without_spaces

Algorithm = Literal["rsa-sha256", "ed25519-sha256"]

MAX_NAMES: Final = 1000
"""Names in ``h=``."""
MAX_IDENTITY: Final = 320
"""Characters of ``i=``, an address: it is stored with every copy of a message."""
FUTURE: Final = 24 * 3600
"""Seconds that a signer's clock may be ahead."""

_ALGORITHMS: Final[dict[str, KeyType]] = {"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}
_B: Final = re.compile(rb"((?:^|;)[ \t\r\n]*+b[ \t\r\n]*+=)[^;]*+")
_NUMBER: Final = re.compile(r"[0-9]{1,76}")
_CANONICALIZATIONS: Final[dict[str, Canonicalization]] = {"simple": "simple", "relaxed": "relaxed"}


class Signature(msgspec.Struct, frozen=True):
    """What a signature field says."""

    domain: str
    """``d=`` in A-labels and lower case."""
    selector: str
    algorithm: Algorithm
    signature: bytes
    names: tuple[bytes, ...] = ()
    """``h=`` in lower case."""
    body_hash: bytes = b""
    header_canonicalization: Canonicalization = "relaxed"
    body_canonicalization: Canonicalization = "relaxed"
    length: int | None = None
    """``l=``: octets of the canonical body that are signed."""
    identity: str = ""
    """``i=`` as it is written; empty: ``@`` and the domain."""
    identity_domain: str = ""
    timestamp: int | None = None
    expires: int | None = None

    @property
    def key_type(self) -> KeyType:
        """The type of the key it needs."""
        return _ALGORITHMS[self.algorithm]

    @property
    def key_name(self) -> str:
        """Where its key record is (section 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"


def field_text(value: bytes) -> str:
    """Return the value of a signature field as text; UTF-8 is allowed in it (RFC 8616)."""
    return value.decode("utf-8", "surrogateescape")


def parse_dkim_signature(value: bytes) -> Signature:
    """Return what a DKIM-Signature field says. Raises TagListError (section 6.1.1: permerror)."""
    tags = parse_tags(field_text(value))
    if tags.get("v") != "1":
        raise TagListError("v= is not 1")
    signature = message_signature(tags)
    if b"from" not in signature.names:
        raise TagListError("From is not signed")
    if "q" in tags and "dns/txt" not in [item.lower() for item in items(tags["q"])]:
        raise TagListError("the key is not in the DNS")
    identity = tags.get("i", "")
    if len(identity) > MAX_IDENTITY:
        raise TagListError("i= is too long for an address")
    identity_domain = _domain("i", identity.rpartition("@")[2]) if identity else signature.domain
    if identity_domain != signature.domain and not identity_domain.endswith(f".{signature.domain}"):
        raise TagListError("i= is not in the domain of d=")
    return msgspec.structs.replace(signature, identity=identity, identity_domain=identity_domain)


def message_signature(tags: dict[str, str]) -> Signature:
    """Return a signature over fields and body from its tags. Raises TagListError."""
    header, _, body = tags.get("c", "simple/simple").lower().partition("/")
    body = body or "simple"
    if header not in _CANONICALIZATIONS or body not in _CANONICALIZATIONS:
        raise TagListError("c= is unknown")
    names = tuple(name.lower().encode("utf-8", "replace") for name in items(_required(tags, "h")))
    if len(names) > MAX_NAMES or b"" in names:
        raise TagListError("h= is no list of names")
    return msgspec.structs.replace(
        seal_signature(tags),
        names=names,
        body_hash=_base64("bh", _required(tags, "bh")),
        header_canonicalization=_CANONICALIZATIONS[header],
        body_canonicalization=_CANONICALIZATIONS[body],
        length=_number(tags, "l"),
    )


def seal_signature(tags: dict[str, str]) -> Signature:
    """Return a signature over fields alone from its tags. Raises TagListError."""
    algorithm = _required(tags, "a").lower()
    if algorithm == "rsa-sha1":
        # RFC 8301 section 3.1.
        raise TagListError("rsa-sha1 proves nothing any more")
    if algorithm not in _ALGORITHMS:
        raise TagListError(f"an unknown algorithm: {algorithm[:20]!r}")
    timestamp, expires = _number(tags, "t"), _number(tags, "x")
    if timestamp is not None and expires is not None and expires < timestamp:
        raise TagListError("x= is before t=")
    return Signature(
        domain=_domain("d", _required(tags, "d")),
        selector=_domain("s", _required(tags, "s")),
        algorithm="rsa-sha256" if algorithm == "rsa-sha256" else "ed25519-sha256",
        signature=_base64("b", _required(tags, "b")),
        timestamp=timestamp,
        expires=expires,
    )


def check_time(signature: Signature, now: int) -> None:
    """Raise TagListError for a signature that has expired or is from the future."""
    if signature.expires is not None and signature.expires < now:
        raise TagListError("the signature has expired")
    if signature.timestamp is not None and signature.timestamp > now + FUTURE:
        raise TagListError("the signature is from the future")


def without_signature(field: bytes) -> bytes:
    """Return a signature field with the value of ``b=`` taken out (section 3.7)."""
    name, colon, value = field.partition(b":")
    end = b"\r\n" if value.endswith(b"\r\n") else b""
    value = value[: len(value) - len(end)]
    return name + colon + _B.sub(rb"\1", value, count=1) + end


def _required(tags: dict[str, str], name: str) -> str:
    value = tags.get(name)
    if not value:
        raise TagListError(f"{name}= is missing")
    return value


def _domain(tag: str, value: str) -> str:
    try:
        return ascii_name(value)
    except ValueError as error:
        raise TagListError(f"{tag}= is no domain name") from error


def _base64(tag: str, value: str) -> bytes:
    try:
        return base64.b64decode(without_spaces(value), validate=True)
    except (binascii.Error, ValueError) as error:
        raise TagListError(f"{tag}= is not base64") from error


def _number(tags: dict[str, str], name: str) -> int | None:
    value = tags.get(name)
    if value is None:
        return None
    if not _NUMBER.fullmatch(value):
        raise TagListError(f"{name}= is no number")
    return int(value)
