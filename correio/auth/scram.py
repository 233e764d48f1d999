"""What SCRAM-SHA-256 keeps of a password, and how it checks one (RFC 5802 section 3, RFC 7677). Pure.

Whoever steals these credentials can guess passwords offline, at ``iterations`` hashes a guess, and cannot sign in with
them. That is weaker than Argon2id: it is the price of a mechanism in which the password never crosses the wire.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from typing import Final

import msgspec

from correio.auth.saslprep import saslprep

LEAST_ITERATIONS: Final = 4096
"""RFC 7677 section 4."""
_SALT: Final = 16
_STORED: Final = re.compile(r"SCRAM-SHA-256\$(\d{1,9}):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)")
_DIGEST: Final = 32


class ScramCredentials(msgspec.Struct, frozen=True):
    """What is stored instead of the password."""

    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes

    def __repr__(self) -> str:
        return f"ScramCredentials(iterations={self.iterations})"

    def render(self) -> str:
        """Return the text to store, in the form of RFC 5803 section 2."""
        salt, stored, server = (
            base64.b64encode(octets).decode("ascii") for octets in (self.salt, self.stored_key, self.server_key)
        )
        return f"SCRAM-SHA-256${self.iterations}:{salt}${stored}:{server}"

    @classmethod
    def parse(cls, text: str) -> ScramCredentials | None:
        """Return what :meth:`render` has stored; None for anything else."""
        found = _STORED.fullmatch(text)
        if found is None:
            return None
        try:
            salt, stored, server = (base64.b64decode(field, validate=True) for field in found.groups()[1:])
        except binascii.Error:
            return None
        iterations = int(found[1])
        if not salt or not iterations or len(stored) != _DIGEST or len(server) != _DIGEST:
            return None
        return cls(salt, iterations, stored, server)

    def accepts(self, message: bytes, proof: bytes) -> bool:
        """Tell whether a ClientProof over an AuthMessage was made by somebody who knows the password."""
        if len(proof) != _DIGEST:
            return False
        signature = hmac.digest(self.stored_key, message, "sha256")
        client_key = bytes(one ^ other for one, other in zip(proof, signature, strict=True))
        return hmac.compare_digest(hashlib.sha256(client_key).digest(), self.stored_key)

    def sign(self, message: bytes) -> bytes:
        """Return the ServerSignature, by which the client knows that this server has the credentials."""
        return hmac.digest(self.server_key, message, "sha256")


def derive(password: str, iterations: int, salt: bytes | None = None) -> ScramCredentials:
    """Return the credentials of a password, with a new salt unless one is given. Takes its time: not on the loop."""
    prepared = saslprep(password, unassigned=True)
    # A password that SASLprep does not allow is taken as it is, which is what clients do with it too.
    octets = (prepared or password).encode("utf-8", "surrogatepass")
    salt = salt or os.urandom(_SALT)
    salted = hashlib.pbkdf2_hmac("sha256", octets, salt, iterations)
    return _from_salted(salted, salt, iterations)


def decoy(secret: bytes, name: str, iterations: int) -> ScramCredentials:
    """Return credentials that nobody has the password of, always the same for a name.

    They answer for accounts that do not exist, so that a salt does not tell which ones do.
    """
    octets = name.encode("utf-8", "surrogatepass")
    salt = hmac.digest(secret, b"salt\0" + octets, "sha256")[:_SALT]
    return _from_salted(hmac.digest(secret, b"key\0" + octets, "sha256"), salt, iterations)


def _from_salted(salted: bytes, salt: bytes, iterations: int) -> ScramCredentials:
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return ScramCredentials(
        salt, iterations, hashlib.sha256(client_key).digest(), hmac.digest(salted, b"Server Key", "sha256")
    )
