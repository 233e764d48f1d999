"""Key records (RFC 6376 section 3.6.1, RFC 8463 section 4) and the keys in them."""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from correio.mailauth.tag_list import TagListError, items, parse_tags, without_spaces

KeyType = Literal["rsa", "ed25519"]

LEAST_BITS: Final = 1024
"""RFC 8301 section 3.2: shorter RSA keys make nothing valid."""
MOST_BITS: Final = 4096
"""RFC 8301 section 3.2 asks verifiers for no more; a longer key would cost them its time."""
MOST_EXPONENT: Final = 64
"""Bits of a public exponent; nearly all have 17. One as long as the modulus makes each verification take 15 ms, and a message
may ask for hundreds. OpenSSL has the same bound for the longest keys.
"""
_KEPT: Final = 1024

_SHA256: Final = Prehashed(SHA256())
_PADDING: Final = PKCS1v15()


class PublicKey:
    """A key and what its owner says of it."""

    def __init__(self, key: RSAPublicKey | Ed25519PublicKey, flags: frozenset[str]) -> None:
        self._key: Final = key
        self.testing: Final = "y" in flags
        """The signer is testing DKIM (``t=y``)."""
        self.strict: Final = "s" in flags
        """``i=`` must be in the signing domain itself (``t=s``)."""

    @property
    def kind(self) -> KeyType:
        """The type of the key."""
        return "rsa" if isinstance(self._key, RSAPublicKey) else "ed25519"

    @property
    def bits(self) -> int:
        """The length of the key."""
        return self._key.key_size if isinstance(self._key, RSAPublicKey) else 256

    def verifies(self, signature: bytes, digest: bytes) -> bool:
        """Tell whether a signature is that of a SHA-256 digest."""
        try:
            if isinstance(self._key, RSAPublicKey):
                self._key.verify(signature, digest, _PADDING, _SHA256)
            else:
                # RFC 8463 section 3: PureEdDSA over the digest.
                self._key.verify(signature, digest)
        except InvalidSignature:
            return False
        return True


@lru_cache(_KEPT)
def parse_key_record(text: str) -> PublicKey:
    """Return the key of a record. Raises TagListError, which says what is wrong."""
    tags = parse_tags(text)
    if "v" in tags and (next(iter(tags)) != "v" or tags["v"] != "DKIM1"):
        raise TagListError("v= is not DKIM1, or not the first")
    if "p" not in tags:
        raise TagListError("the record has no p=")
    if "h" in tags and "sha256" not in [item.lower() for item in items(tags["h"])]:
        raise TagListError("the key is not for sha256")
    if "s" in tags and {"*", "email"}.isdisjoint(item.lower() for item in items(tags["s"])):
        raise TagListError("the key is not for mail")
    kind = tags.get("k", "rsa").lower()
    encoded = without_spaces(tags["p"])
    if not encoded:
        raise TagListError("the key is revoked")
    try:
        octets = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise TagListError("p= is not base64") from error
    flags = frozenset(item.lower() for item in items(tags.get("t", "")))
    return PublicKey(_key(kind, octets), flags)


def _key(kind: str, octets: bytes) -> RSAPublicKey | Ed25519PublicKey:
    if kind not in ("rsa", "ed25519"):
        raise TagListError(f"a key of an unknown type: {kind[:20]!r}")
    try:
        if kind == "ed25519":
            return Ed25519PublicKey.from_public_bytes(octets)
        key = load_der_public_key(octets)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise TagListError(f"p= is no {kind} key") from error
    if not isinstance(key, RSAPublicKey):
        raise TagListError("p= is no rsa key")
    if not LEAST_BITS <= key.key_size <= MOST_BITS:
        raise TagListError(f"the key has {key.key_size} bits, not from {LEAST_BITS} to {MOST_BITS}")
    exponent = key.public_numbers().e.bit_length()
    if exponent > MOST_EXPONENT:
        raise TagListError(f"the key has an exponent of {exponent} bits, more than {MOST_EXPONENT}")
    return key
