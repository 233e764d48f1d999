"""Adding a set to the chain of ARC (RFC 8617 section 5.1), for messages that are passed on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from correio.mailauth.arc import MAX_SETS, MESSAGE_SIGNATURE, RESULTS, SEAL, Arc, prepare_arc
from correio.mailauth.authentication_results import MethodResult, parse_results, results_value
from correio.mailauth.canonical import canonical_field
from correio.mailauth.mail_octets import Field, MailOctets, header_digest
from correio.mailauth.private_key import read_key
from correio.mailauth.signature import field_text
from correio.mailauth.signing import Signer, signature_field, signed_field, signed_names
from correio.mailauth.tag_list import TagListError, parse_tags

_DKIM: Final = b"DKIM-Signature"


def seal_forwarded(message: bytes, signer: Signer, *, authserv_id: str, now: int) -> bytes:
    """Return the three fields for a message that an alias passes on; none where nobody looked when it came.

    What was found then stands in our own field above it: only what stands above the first Received field was put there by us.
    Raises ValueError for a key that cannot be read.
    """
    for field in MailOctets(message).fields:
        if field.name == b"received":
            break
        if field.name != b"authentication-results":
            continue
        found = parse_results(field.value)
        if found is not None and found.authserv_id.lower() == authserv_id.lower():
            status = next((one.result for one in found.results if one.method == "arc"), "fail")
            arc = Arc("none" if status == "none" else "pass" if status == "pass" else "fail")
            if status == "temperror":
                break
            return seal(message, signer, arc, found.results, authserv_id=authserv_id, now=now)
    return b""


def seal(
    message: bytes, signer: Signer, arc: Arc, results: Sequence[MethodResult], *, authserv_id: str, now: int
) -> bytes:
    """Return the three fields to be put on top of a message that is passed on; none where the chain has ended, or
    where it is not known whether it is whole.

    ``arc`` and ``results`` are what was found of the message as it came. The message has CRLF line ends and goes out as it is;
    whatever of it is changed has been. Raises ValueError for a key that cannot be read.
    """
    octets = MailOctets(message)
    before = prepare_arc(octets)
    if before.ended or before.sets >= MAX_SETS or arc.result == "temperror":
        return b""
    instance = before.sets + 1
    key = read_key(signer.key)
    who = (f"d={signer.domain}", f"s={signer.selector}", f"t={now}")
    algorithm = f"a={key.kind}-sha256"
    about = f"ARC-Authentication-Results: i={instance}; {results_value(authserv_id, results)}\r\n".encode()

    names = [*signed_names(octets), *([_DKIM] * len(octets.places(_DKIM.lower())))]
    unsigned = signature_field(
        "ARC-Message-Signature",
        (f"i={instance}", algorithm, "c=relaxed/relaxed", *who),
        names,
        octets.body_hash("relaxed"),
    )
    fields = octets.selected(name.lower() for name in names)
    signature = signed_field(unsigned, key, header_digest(fields, "relaxed", unsigned))

    status = arc.result if before.sets else "none"
    unsigned = signature_field("ARC-Seal", (f"i={instance}", algorithm, f"cv={status}", *who))
    digest = hashlib.sha256()
    # Section 5.1.2: a seal that says that the chain is broken is over its own set alone.
    for field in _chain(octets, before.sets) if status == "pass" else ():
        digest.update(canonical_field(field.octets, "relaxed"))
    digest.update(canonical_field(about, "relaxed"))
    digest.update(canonical_field(signature, "relaxed"))
    digest.update(canonical_field(unsigned, "relaxed").removesuffix(b"\r\n"))
    return signed_field(unsigned, key, digest.digest()) + signature + about


def _chain(message: MailOctets, sets: int) -> list[Field]:
    """Return the fields of a chain that is whole, in the order in which they are sealed."""
    by_instance: dict[tuple[int, bytes], Field] = {}
    for name in (RESULTS, MESSAGE_SIGNATURE, SEAL):
        for field in message.named(name):
            by_instance[_instance(field), name] = field
    order = ((instance, name) for instance in range(1, sets + 1) for name in (RESULTS, MESSAGE_SIGNATURE, SEAL))
    return [by_instance[key] for key in order if key in by_instance]


def _instance(field: Field) -> int:
    first = field_text(field.value).partition(";")[0] if field.name == RESULTS else field_text(field.value)
    try:
        return int(parse_tags(first).get("i", "0"))
    except (TagListError, ValueError):
        return 0
