"""ARC (RFC 8617): what those who passed a message on have seen before they changed it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from typing import Final, Literal

import msgspec

from correio.dns.errors import ResolverTemporaryError
from correio.mailauth.authentication_results import MethodResult, parse_results
from correio.mailauth.canonical import canonical_field
from correio.mailauth.dkim import PreparedSignature, prepare_signature, signature_keys, verify_signature
from correio.mailauth.lookups import Lookups
from correio.mailauth.mail_octets import MailOctets
from correio.mailauth.signature import Signature, field_text, message_signature, seal_signature, without_signature
from correio.mailauth.tag_list import TagListError, parse_tags

ArcResult = Literal["none", "pass", "fail", "temperror"]

MAX_SETS: Final = 50
"""RFC 8617 section 4.2.1."""
RESULTS: Final = b"arc-authentication-results"
MESSAGE_SIGNATURE: Final = b"arc-message-signature"
SEAL: Final = b"arc-seal"

_NUMBER: Final = re.compile(r"[0-9]{1,3}")
_INSTANCE: Final = re.compile(rb"\s*+i\s*+=\s*+([0-9]{1,3})\s*+;")


class Arc(msgspec.Struct, frozen=True, array_like=True):
    """What became of the chain. ``temperror`` is not one of the RFC's: a key could not be fetched."""

    result: ArcResult
    sealers: tuple[str, ...] = ()
    """``d=`` of the seals, the oldest first."""
    reason: str = ""


class PreparedSeal(msgspec.Struct, frozen=True):
    """A seal, what it signs, and the results it was made with."""

    signature: Signature
    digest: bytes
    results: tuple[MethodResult, ...]


class PreparedArc(msgspec.Struct, frozen=True):
    """A chain with everything computed that needs no key."""

    sets: int
    """The highest instance there is; 0: no chain."""
    seals: tuple[PreparedSeal, ...] = ()
    """By instance; none where something is wrong."""
    message_signature: PreparedSignature | None = None
    """The newest one."""
    problem: str = ""
    ended: bool = False
    """The newest seal says itself that the chain was broken: nobody adds to it."""


def prepare_arc(message: MailOctets) -> PreparedArc:
    """Compute what needs no key (section 5.2, steps 1 to 3). Long for a large message: not for an event loop."""
    places = {name: message.places(name) for name in (RESULTS, MESSAGE_SIGNATURE, SEAL)}
    if not any(places.values()):
        return PreparedArc(0)
    if max(map(len, places.values())) > MAX_SETS:
        return PreparedArc(MAX_SETS, problem=f"more than {MAX_SETS} sets", ended=True)
    instances: dict[bytes, dict[int, int]] = {name: {} for name in places}
    problem = ""
    for name, those in places.items():
        for place in those:
            instance = _instance(name, message.fields[place].value)
            if not instance or instance in instances[name]:
                problem = "an instance is no number up to 50, or there twice"
            else:
                instances[name][instance] = place
    highest = max((max(found, default=0) for found in instances.values()), default=0)
    try:
        if not problem:
            return _prepared(message, instances, highest)
    except TagListError as error:
        problem = str(error)
    return PreparedArc(max(highest, 1), problem=problem, ended=_says_fail(message, instances[SEAL].get(highest)))


def _prepared(message: MailOctets, instances: dict[bytes, dict[int, int]], highest: int) -> PreparedArc:
    seals: list[PreparedSeal] = []
    chain = hashlib.sha256()
    ended = False
    for instance in range(1, highest + 1):
        those = [instances[name].get(instance) for name in (RESULTS, MESSAGE_SIGNATURE, SEAL)]
        if None in those:
            raise TagListError(f"instance {instance} is not whole")
        results, signature, seal = (message.fields[place] for place in those if place is not None)
        tags = parse_tags(field_text(seal.value))
        ended = tags.get("cv", "").lower() == "fail"
        if "h" in tags or tags.get("cv", "").lower() != ("pass" if instance > 1 else "none"):
            raise TagListError(f"the seal of instance {instance} says cv={tags.get('cv', '')[:10]}")
        # Section 5.1.1: every seal is over all sets so far, so one pass over all of them serves all seals.
        chain.update(canonical_field(results.octets, "relaxed"))
        chain.update(canonical_field(signature.octets, "relaxed"))
        own = chain.copy()
        own.update(canonical_field(without_signature(seal.octets), "relaxed").removesuffix(b"\r\n"))
        chain.update(canonical_field(seal.octets, "relaxed"))
        seals.append(PreparedSeal(seal_signature(tags), own.digest(), _results(results.value)))
    newest = instances[MESSAGE_SIGNATURE][highest]
    made = message_signature(parse_tags(field_text(message.fields[newest].value)))
    if SEAL in made.names:
        raise TagListError("a signature covers seals")
    if b"from" not in made.names:
        raise TagListError("the newest signature does not cover From")
    return PreparedArc(highest, tuple(seals), prepare_signature(message, made, newest), ended=ended)


async def verify_arc(prepared: PreparedArc, lookups: Lookups, now: int) -> Arc:
    """Fetch the keys and verify the newest signature and every seal (section 5.2, steps 4 to 6)."""
    if not prepared.sets:
        return Arc("none")
    if prepared.message_signature is None:
        return Arc("fail", reason=prepared.problem)
    sealers = tuple(seal.signature.domain for seal in prepared.seals)
    result, reason, _ = await verify_signature(prepared.message_signature, lookups, now)
    if result == "temperror":
        return Arc("temperror", sealers, reason)
    if result != "pass":
        return Arc("fail", sealers, f"the newest signature: {reason}")
    for instance in range(prepared.sets, 0, -1):
        seal = prepared.seals[instance - 1]
        try:
            keys = await signature_keys(seal.signature, lookups)
        except ResolverTemporaryError as error:
            return Arc("temperror", sealers, str(error))
        except TagListError as error:
            return Arc("fail", sealers, f"the seal of instance {instance}: {error}")
        if not any(key.verifies(seal.signature.signature, seal.digest) for key in keys):
            return Arc("fail", sealers, f"the seal of instance {instance} is not of this chain and key")
    return Arc("pass", sealers)


def trusted_sealer(prepared: PreparedArc, author: str, trusted: Collection[str]) -> str:
    """Return who among the trusted says to have seen DMARC pass for a domain; "" nobody. It counts if the chain passes.

    The newest sealers have to be trusted one after another: what one of them says of an older one is its word too. Of a
    message that is signed in part only (``l=``) it is nobody's, as in DMARC.
    """
    if prepared.message_signature is None or prepared.message_signature.partial:
        return ""
    for seal in reversed(prepared.seals):
        if seal.signature.domain not in trusted:
            return ""
        for one in seal.results:
            if one.method == "dmarc" and one.result == "pass" and one.get("header.from").lower() in ("", author):
                return seal.signature.domain
    return ""


def _results(value: bytes) -> tuple[MethodResult, ...]:
    """Return the results of an ARC-Authentication-Results field, whose first tag is the instance."""
    found = parse_results(value.partition(b";")[2])
    return found.results if found is not None else ()


def _instance(name: bytes, value: bytes) -> int:
    """Return ``i=``, 0 where it is none."""
    if name == RESULTS:
        match = _INSTANCE.match(value)
        text = match[1].decode("ascii") if match else ""
    else:
        try:
            text = parse_tags(field_text(value)).get("i", "")
        except TagListError:
            text = ""
    instance = int(text) if _NUMBER.fullmatch(text) else 0
    return instance if instance <= MAX_SETS else 0


def _says_fail(message: MailOctets, place: int | None) -> bool:
    if place is None:
        return False
    try:
        return parse_tags(field_text(message.fields[place].value)).get("cv", "").lower() == "fail"
    except TagListError:
        return False
