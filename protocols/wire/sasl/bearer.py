"""OAUTHBEARER (RFC 7628) and XOAUTH2, which came before it: a bearer token, with a reason where it is refused."""

from __future__ import annotations

import re
from typing import Final

from protocols.wire.sasl.gs2_header import take_gs2_header
from protocols.wire.sasl.mechanism import SaslError, Step, TokenClaim, text_of

_SEPARATOR: Final = b"\x01"
_AUTH: Final = re.compile(rb"bearer +([A-Za-z0-9._~+/-]{1,4096}=*)", re.IGNORECASE)
_KEY: Final = re.compile(rb"[A-Za-z]+")


class OAuthBearer:
    """``gs2-header`` and key=value pairs, each between two octets 01 (RFC 7628 section 3.1)."""

    def step(self, response: bytes | None) -> Step:
        """See Mechanism."""
        if response is None:
            return b""
        header, rest = take_gs2_header(response)
        if header.binding:
            raise SaslError("OAUTHBEARER is not bound to the channel.")
        if not rest.startswith(_SEPARATOR) or not rest.endswith(_SEPARATOR + _SEPARATOR):
            raise SaslError("The fields of OAUTHBEARER stand between octets 01.")
        pairs = _pairs(rest[1:-1])
        token = _token(pairs[b"auth"]) if b"auth" in pairs else ""
        return TokenClaim(header.authorization, token, _reject)


class XOAuth2:
    """``user=address 01 auth=Bearer token 01 01``."""

    def step(self, response: bytes | None) -> Step:
        """See Mechanism."""
        if response is None:
            return b""
        if not response.endswith(_SEPARATOR + _SEPARATOR):
            raise SaslError("XOAUTH2 ends with two octets 01.")
        pairs = _pairs(response[:-1])
        if b"user" not in pairs or b"auth" not in pairs:
            raise SaslError("XOAUTH2 takes user= and auth=.")
        address = text_of(pairs[b"user"])
        if not address:
            raise SaslError("The name is missing.")
        return TokenClaim(address, _token(pairs[b"auth"]), _reject_as_google)


def _pairs(octets: bytes) -> dict[bytes, bytes]:
    pairs: dict[bytes, bytes] = {}
    for pair in octets.split(_SEPARATOR):
        key, equals, value = pair.partition(b"=")
        if not pair:
            continue
        if not equals or not _KEY.fullmatch(key) or key in pairs:
            raise SaslError("That is not a list of key=value, each key once.")
        pairs[key] = value
    return pairs


def _token(value: bytes) -> str:
    found = _AUTH.fullmatch(value)
    if found is None:
        raise SaslError("auth= takes Bearer and a token.")
    return found[1].decode("ascii")


def _reject() -> bytes:
    """RFC 7628 section 3.2.2"""
    return b'{"status":"invalid_token","schemes":"bearer"}'


def _reject_as_google() -> bytes:
    return b'{"status":"401","schemes":"bearer"}'
