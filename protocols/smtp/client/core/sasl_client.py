"""The client side of SASL mechanisms: SCRAM-SHA-256 (RFC 5802, RFC 7677), PLAIN (RFC 4616) and LOGIN. Pure.

Each is a generator of responses that is sent the challenges; the first response may go along with AUTH, where it is not
None. SaslClientError: the server does not know the password itself, or says what cannot be.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Generator, Sequence
from typing import Final

from correio.auth.saslprep import saslprep

MOST_ITERATIONS: Final = 1_000_000
"""Hashes that a server may ask for: about half a second of work."""

Exchange = Generator[bytes | None, bytes, None]

_CHALLENGE: Final = re.compile(rb"r=([\x21-\x2b\x2d-\x7e]{1,1024}),s=([A-Za-z0-9+/=]{1,1024}),i=(\d{1,9})(?:,.*)?")


class SaslClientError(Exception):
    """The exchange went wrong. The text is for the operator."""


def choose_mechanism(offered: Sequence[str]) -> str:
    """Return the best mechanism that both sides have, "" where there is none."""
    return next((name for name in _MECHANISMS if name in offered), "")


def begin(mechanism: str, user: str, password: str) -> Exchange:
    """Return the exchange of a mechanism."""
    return _MECHANISMS[mechanism](user, password)


def _plain(user: str, password: str) -> Exchange:
    yield b"\0" + user.encode() + b"\0" + password.encode()


def _login(user: str, password: str) -> Exchange:
    yield None
    yield user.encode()
    yield password.encode()


def _scram(user: str, password: str) -> Exchange:
    name = (saslprep(user, unassigned=True) or user).replace("=", "=3D").replace(",", "=2C")
    nonce = secrets.token_urlsafe(18)
    first = f"n={name},r={nonce}".encode()
    challenge = yield b"n,," + first
    found = _CHALLENGE.fullmatch(challenge)
    if found is None or not found[1].startswith(nonce.encode()) or len(found[1]) == len(nonce):
        raise SaslClientError("the server's first message of SCRAM is not right")
    iterations = int(found[3])
    if not 1 <= iterations <= MOST_ITERATIONS:
        raise SaslClientError(f"the server asks for {iterations} iterations")
    try:
        salt = base64.b64decode(found[2], validate=True)
    except binascii.Error as error:
        raise SaslClientError("the salt is not base64") from error
    prepared = (saslprep(password, unassigned=True) or password).encode()
    salted = hashlib.pbkdf2_hmac("sha256", prepared, salt, iterations)
    unproven = b"c=biws,r=" + found[1]
    message = b",".join((first, challenge, unproven))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    signature = hmac.digest(hashlib.sha256(client_key).digest(), message, "sha256")
    proof = bytes(one ^ other for one, other in zip(client_key, signature, strict=True))
    final = yield unproven + b",p=" + base64.b64encode(proof)
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    expected = b"v=" + base64.b64encode(hmac.digest(server_key, message, "sha256"))
    if not hmac.compare_digest(final.partition(b",")[0], expected):
        raise SaslClientError("the server does not know the password")
    yield b""


_MECHANISMS: Final = {"SCRAM-SHA-256": _scram, "PLAIN": _plain, "LOGIN": _login}
"""The best first."""
