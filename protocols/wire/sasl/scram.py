"""SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677): neither side shows the password to the other.

A failed exchange ends without a ``server-error``, as RFC 5802 section 5.1 allows: the protocol around it says so already.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Callable
from typing import Final

from correio.auth.saslprep import saslprep
from protocols.wire.sasl.gs2_header import Gs2Header, saslname, take_gs2_header
from protocols.wire.sasl.mechanism import Ended, SaslError, ScramClaim, ScramProof, Step

Binding = Callable[[str], bytes | None]
"""Gives the octets of a channel binding by its name; None for one that the channel has not."""

_FIRST: Final = re.compile(rb"(m=[^,]*,)?n=([^,\0]+),r=([\x21-\x2b\x2d-\x7e]{1,512})(?:,[A-Za-z]=[^,\0]*)*")
_FINAL: Final = re.compile(
    rb"(c=([A-Za-z0-9+/=]+),r=([\x21-\x2b\x2d-\x7e]{1,1024})(?:,[A-Za-z]=[^,\0]*)*),p=([A-Za-z0-9+/=]+)"
)


class Scram:
    """One exchange. ``plus``: it is bound to the channel; ``offers_plus``: the client was told that it could be."""

    def __init__(self, *, plus: bool, offers_plus: bool, binding: Binding, nonce: str | None = None) -> None:
        self._plus: Final = plus
        self._offers_plus: Final = offers_plus
        self._binding: Final = binding
        self._nonce = (nonce or secrets.token_urlsafe(18)).encode("ascii")
        self._header = Gs2Header(b"", "", False, "")
        self._first = b""
        self._challenge = b""
        self._take = self._take_first

    def step(self, response: bytes | None) -> Step:
        """See Mechanism."""
        return b"" if response is None else self._take(response)

    def _take_first(self, response: bytes) -> Step:
        self._header, self._first = header, first = take_gs2_header(response)
        if bool(header.binding) != self._plus:
            raise SaslError("The mechanism with -PLUS is bound to the channel; the other one is not.")
        if header.binds and self._offers_plus:
            # RFC 5802 section 6: somebody between the two may have taken -PLUS out of the list.
            raise SaslError("Channel binding was offered, and the client has not seen it.")
        if header.binding and self._binding(header.binding) is None:
            raise SaslError("This channel binding is not supported.")
        found = _FIRST.fullmatch(first)
        if found is None:
            raise SaslError("That is not the first message of SCRAM.")
        extension, escaped, nonce = found.groups()
        if extension:
            raise SaslError("The extension is not supported.")
        name = saslprep(saslname(escaped), unassigned=True)
        if not name:
            raise SaslError("The name is not acceptable.")
        self._nonce = nonce + self._nonce
        self._take = self._take_too_early
        return ScramClaim(header.authorization, name, self._offer)

    def _offer(self, salt: bytes, iterations: int) -> bytes:
        self._challenge = b"r=%b,s=%b,i=%d" % (self._nonce, base64.b64encode(salt), iterations)
        self._take = self._take_final
        return self._challenge

    def _take_final(self, response: bytes) -> Step:
        found = _FINAL.fullmatch(response)
        if found is None:
            raise SaslError("That is not the last message of SCRAM.")
        unproven, channel, nonce, proof = found.groups()
        if not hmac.compare_digest(nonce, self._nonce):
            raise SaslError("The nonce is not the one of this exchange.")
        expected = self._header.octets
        if self._header.binding:
            expected += self._binding(self._header.binding) or b""
        try:
            bound = hmac.compare_digest(base64.b64decode(channel, validate=True), expected)
            octets = base64.b64decode(proof, validate=True)
        except binascii.Error as error:
            raise SaslError("A field is not base64.") from error
        if not bound:
            raise SaslError("The channel is not the one that the client has bound to.")
        self._take = self._take_too_early
        return ScramProof(b",".join((self._first, self._challenge, unproven)), octets, self._confirm)

    def _confirm(self, signature: bytes) -> bytes:
        self._take = self._take_nothing
        return b"v=" + base64.b64encode(signature)

    def _take_nothing(self, response: bytes) -> Step:
        if response:
            raise SaslError("The exchange is at its end; nothing more is expected.")
        return Ended()

    def _take_too_early(self, response: bytes) -> Step:  # noqa: ARG002 - it cannot be right
        raise SaslError("Nothing was asked.")
