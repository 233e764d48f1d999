"""SASL mechanisms that carry a password: PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login). Does no I/O.

SMTP, POP3 and IMAP each have their own words around the same exchange of octets.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

MAX_RESPONSE: Final = 12_288
"""Octets of one line of an exchange, as RFC 4954 section 4 has it."""
MAX_CREDENTIAL: Final = 1024
"""Octets of a name or a password."""


class SaslError(ValueError):
    """The client's response is not what the mechanism asks for. The message is for the client."""


class Credentials(msgspec.Struct, frozen=True):
    """What a mechanism ended with."""

    authorization: str
    """Whom the client wants to act for; "" is the same as ``name``."""
    name: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(...)"


class Mechanism(Protocol):
    """One exchange."""

    def step(self, response: bytes | None) -> bytes | Credentials:
        """Take the client's decoded response (None: no initial response) and return the next challenge, or the end.

        Raises SaslError.
        """


class Plain:
    """PLAIN: ``[authzid] NUL authcid NUL password`` in UTF-8."""

    def step(self, response: bytes | None) -> bytes | Credentials:
        """See :class:`Mechanism`."""
        if response is None:
            return b""
        fields = response.split(b"\0")
        if len(fields) != 3:
            raise SaslError("PLAIN takes two names and a password with NUL between them.")
        authorization, name, password = (_text(field) for field in fields)
        if not name or not password:
            raise SaslError("The name or the password is missing.")
        return Credentials("" if authorization == name else authorization, name, password)


class Login:
    """LOGIN: the name, then the password, each asked for."""

    def __init__(self) -> None:
        self._name: str | None = None

    def step(self, response: bytes | None) -> bytes | Credentials:
        """See :class:`Mechanism`."""
        if response is None:
            return b"Username:"
        if self._name is None:
            self._name = _text(response)
            if not self._name:
                raise SaslError("The name is missing.")
            return b"Password:"
        password = _text(response)
        if not password:
            raise SaslError("The password is missing.")
        return Credentials("", self._name, password)


MECHANISMS: Final[dict[str, Callable[[], Mechanism]]] = {"PLAIN": Plain, "LOGIN": Login}


def decode_response(line: bytes) -> bytes:
    """Return the octets of a base64 response; ``=`` stands for an empty initial one. Raises SaslError."""
    if line == b"=":
        return b""
    try:
        return base64.b64decode(line, validate=True)
    except binascii.Error as error:
        raise SaslError("The response is not base64.") from error


def encode_challenge(challenge: bytes) -> bytes:
    """Return a challenge in base64."""
    return base64.b64encode(challenge)


def _text(octets: bytes) -> str:
    if len(octets) > MAX_CREDENTIAL:
        raise SaslError(f"A name or a password has at most {MAX_CREDENTIAL} octets.")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SaslError("The name or the password is not in UTF-8.") from error
