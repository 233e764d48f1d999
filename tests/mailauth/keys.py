"""Keys of signers, made once."""

from __future__ import annotations

from functools import lru_cache

from correio.mailauth.dns_records import key_record
from correio.mailauth.private_key import generate_key
from correio.mailauth.signing import Signer
from tests.mailauth.zone import Zone


@lru_cache
def rsa_key() -> bytes:
    return generate_key("rsa")


@lru_cache
def ed25519_key() -> bytes:
    return generate_key("ed25519")


def signers(domain: str = "example.com") -> list[Signer]:
    return [Signer(domain, "r1", rsa_key()), Signer(domain, "e1", ed25519_key())]


def publish(zone: Zone, *those: Signer) -> Zone:
    for signer in those:
        record = key_record(signer.domain, signer.selector, signer.key)
        zone.add(record.name, record.type, record.value)
    return zone
