"""The client's half of SASL, written from the RFCs and not from the server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets


def plain(name: str, password: str, authorization: str = "") -> bytes:
    """RFC 4616"""
    return base64.b64encode(f"{authorization}\0{name}\0{password}".encode())


def oauthbearer(address: str, token: str) -> bytes:
    """RFC 7628 section 3.1"""
    return base64.b64encode(f"n,a={address},\1host=mx\1port=143\1auth=Bearer {token}\1\1".encode())


def xoauth2(address: str, token: str) -> bytes:
    return base64.b64encode(f"user={address}\1auth=Bearer {token}\1\1".encode())


class ScramClient:
    """RFC 5802 with SHA-256. ``flag`` is the GS2 channel binding flag, ``binding`` the octets it is about."""

    def __init__(
        self,
        name: str,
        password: str,
        *,
        flag: str = "n",
        binding: bytes = b"",
        authorization: str = "",
        nonce: str | None = None,
    ) -> None:
        escaped = name.replace("=", "=3D").replace(",", "=2C")
        self.header = f"{flag},{'a=' + authorization if authorization else ''},".encode()
        self.bare = f"n={escaped},r={nonce or secrets.token_hex(12)}".encode()
        self.password = password.encode()
        self.binding = binding
        self.signature = b""

    def first(self) -> bytes:
        return base64.b64encode(self.header + self.bare)

    def final(self, challenge: bytes) -> bytes:
        """The answer to a challenge in base64."""
        server_first = base64.b64decode(challenge, validate=True)
        nonce, salt, iterations = (field[2:] for field in server_first.split(b","))
        assert nonce.startswith(self.bare.rpartition(b"r=")[2])
        salted = hashlib.pbkdf2_hmac("sha256", self.password, base64.b64decode(salt), int(iterations))
        without_proof = b"c=" + base64.b64encode(self.header + self.binding) + b",r=" + nonce
        message = b",".join((self.bare, server_first, without_proof))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(client_key).digest(), message, "sha256")
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        self.signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), message, "sha256")
        return base64.b64encode(without_proof + b",p=" + base64.b64encode(proof))

    def knows(self, challenge: bytes) -> bool:
        """Whether the last challenge shows that the server has the credentials."""
        return base64.b64decode(challenge) == b"v=" + base64.b64encode(self.signature)
