"""DKIM verification (RFC 6376 section 6, RFC 8301, RFC 8463): all signatures of a message, up to a bound."""

from __future__ import annotations

import base64
from typing import Final, Literal

import msgspec

from correio.dns.errors import NothingFoundError, ResolverTemporaryError
from correio.mailauth.lookups import Lookups
from correio.mailauth.mail_octets import MailOctets, header_digest
from correio.mailauth.public_key import PublicKey, parse_key_record
from correio.mailauth.signature import Signature, check_time, field_text, parse_dkim_signature, without_signature
from correio.mailauth.tag_list import TagListError, parse_tags, without_spaces

DkimResult = Literal["none", "pass", "fail", "policy", "neutral", "temperror", "permerror"]

MAX_SIGNATURES: Final = 10
"""Signatures of one message that are looked at, from the top: the newest first."""
MAX_KEY_RECORD: Final = 4096
"""Characters of a key record; one of 4096 bits takes some 760."""
MAX_KEYS: Final = 3
"""Key records of one name that are tried (section 3.6.2.2 leaves open which one counts)."""


class Dkim(msgspec.Struct, frozen=True, array_like=True):
    """What became of one signature."""

    result: DkimResult
    domain: str
    """``d=``; what is written there where it is no domain."""
    selector: str = ""
    algorithm: str = ""
    identity: str = ""
    """``i=`` where it is given."""
    beginning: str = ""
    """The first characters of ``b=``, to tell signatures apart (RFC 6008)."""
    bits: int = 0
    reason: str = ""
    partial: bool = False
    """``l=`` leaves a part of the body unsigned."""


class PreparedSignature(msgspec.Struct, frozen=True):
    """A signature with everything computed that needs no key."""

    signature: Signature
    digest: bytes
    """Of the signed fields and the signature itself."""
    problem: str
    """What does not fit the message; empty: nothing."""
    partial: bool = False


def prepare_dkim(message: MailOctets) -> list[PreparedSignature | Dkim]:
    """Compute what needs no key, for each signature from the top. Long for a large message: not for an event loop."""
    return [_prepared(message, place) for place in message.places(b"dkim-signature")[:MAX_SIGNATURES]]


def _prepared(message: MailOctets, place: int) -> PreparedSignature | Dkim:
    field = message.fields[place]
    try:
        signature = parse_dkim_signature(field.value)
    except TagListError as error:
        return _unreadable(field.value, str(error))
    return prepare_signature(message, signature, place)


def prepare_signature(message: MailOctets, signature: Signature, place: int) -> PreparedSignature:
    """Compare the body hash, and compute what is signed. ``place`` is that of the signature's field."""
    digest = header_digest(
        message.selected(signature.names, place),
        signature.header_canonicalization,
        without_signature(message.fields[place].octets),
    )
    length = message.body_length(signature.body_canonicalization)
    problem = ""
    if signature.length is not None and signature.length > length:
        problem = "l= is more than the body has"
    elif message.body_hash(signature.body_canonicalization, signature.length) != signature.body_hash:
        problem = "the body was changed"
    partial = signature.length is not None and signature.length < length
    return PreparedSignature(signature, digest, problem, partial)


async def verify_dkim(prepared: PreparedSignature | Dkim, lookups: Lookups, now: int) -> Dkim:
    """Fetch the key of a signature and verify it."""
    if isinstance(prepared, Dkim):
        return prepared
    result, reason, bits = await verify_signature(prepared, lookups, now)
    signature = prepared.signature
    return Dkim(
        result,
        signature.domain,
        signature.selector,
        signature.algorithm,
        signature.identity,
        _beginning(signature.signature),
        bits,
        reason,
        prepared.partial,
    )


async def verify_signature(prepared: PreparedSignature, lookups: Lookups, now: int) -> tuple[DkimResult, str, int]:
    """Return result, reason and the bits of the key that counted."""
    signature = prepared.signature
    try:
        check_time(signature, now)
        keys = await signature_keys(signature, lookups)
    except TagListError as error:
        return "permerror", str(error), 0
    except ResolverTemporaryError as error:
        return "temperror", str(error), 0
    if prepared.problem:
        return "fail", prepared.problem, keys[0].bits
    for key in keys:
        if key.verifies(signature.signature, prepared.digest):
            return "pass", "", key.bits
    # Section 3.6.1: a failure of one who is testing is as if there were no signature.
    result: DkimResult = "neutral" if all(key.testing for key in keys) else "fail"
    return result, "the signature is not of this message and key", keys[0].bits


async def signature_keys(signature: Signature, lookups: Lookups) -> list[PublicKey]:
    """Return the keys that a signature may be made with, one at least. Raises TagListError, ResolverTemporaryError."""
    try:
        texts = (await lookups.txt(signature.key_name)).records
    except NothingFoundError as error:
        raise TagListError(f"there is no key: {error}") from error
    keys: list[PublicKey] = []
    problem = ""
    for text in texts[:MAX_KEYS]:
        if len(text) > MAX_KEY_RECORD:
            problem = "the key record is too long"
            continue
        try:
            keys.append(_checked(parse_key_record(text), signature))
        except TagListError as error:
            problem = str(error)
    if not keys:
        raise TagListError(problem)
    return keys


def _checked(key: PublicKey, signature: Signature) -> PublicKey:
    if key.kind != signature.key_type:
        raise TagListError(f"the key is for {key.kind}")
    if key.strict and signature.identity_domain not in ("", signature.domain):
        raise TagListError("i= is not in the domain itself, as the key wants it")
    return key


def _unreadable(value: bytes, reason: str) -> Dkim:
    """Name a signature that cannot be checked as far as it can be named."""
    tags: dict[str, str] = {}
    for spec in field_text(value)[:8192].split(";"):
        try:
            tags.update(parse_tags(spec))
        except TagListError:
            continue
    return Dkim(
        "permerror",
        without_spaces(tags.get("d", ""))[:255].lower(),
        without_spaces(tags.get("s", ""))[:255].lower(),
        without_spaces(tags.get("a", ""))[:40].lower(),
        beginning=without_spaces(tags.get("b", ""))[:8],
        reason=reason,
    )


def _beginning(signature: bytes) -> str:
    return base64.b64encode(signature[:6]).decode("ascii")
