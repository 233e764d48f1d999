"""Private keys of signers: made, kept as PEM, read once, and the records to publish for them."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from correio.mailauth.public_key import KeyType

RSA_BITS: Final = 2048
"""RFC 8301 section 3.2; its record fits into a UDP answer."""
_KEPT: Final = 512

_SHA256: Final = Prehashed(SHA256())
_PADDING: Final = PKCS1v15()


class PrivateKey:
    """A key that signs."""

    def __init__(self, key: RSAPrivateKey | Ed25519PrivateKey) -> None:
        self._key: Final = key

    @property
    def kind(self) -> KeyType:
        """The type of the key."""
        return "rsa" if isinstance(self._key, RSAPrivateKey) else "ed25519"

    def sign(self, digest: bytes) -> bytes:
        """Return the signature of a SHA-256 digest."""
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(digest, _PADDING, _SHA256)
        return self._key.sign(digest)

    def record(self) -> str:
        """Return the text of the TXT record to publish (RFC 6376 section 3.6.1, RFC 8463 section 4)."""
        public = self._key.public_key()
        if isinstance(self._key, RSAPrivateKey):
            octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        else:
            octets = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return f"v=DKIM1; k={self.kind}; p={base64.b64encode(octets).decode('ascii')}"


def generate_key(kind: KeyType) -> bytes:
    """Return a new private key in PEM (PKCS #8), not encrypted. RSA takes up to a second."""
    key = generate_private_key(65_537, RSA_BITS) if kind == "rsa" else Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@lru_cache(_KEPT)
def read_key(pem: bytes) -> PrivateKey:
    """Return the key of a PEM text; the same text is read once. Raises ValueError where it is no RSA or Ed25519 key."""
    try:
        key = load_pem_private_key(pem, None)
    except TypeError as error:
        raise ValueError("the key is encrypted") from error
    except UnsupportedAlgorithm as error:
        raise ValueError("the key is of no known kind") from error
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise ValueError("the key is neither RSA nor Ed25519")  # noqa: TRY004 - the text is wrong, not its type
    return PrivateKey(key)
