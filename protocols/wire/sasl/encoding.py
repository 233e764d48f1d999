"""How challenges and responses are written on a line: base64 (RFC 4954 section 4, RFC 5034 section 4, RFC 9051 section 6.2.2)."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from protocols.wire.sasl.mechanism import SaslError

MAX_RESPONSE: Final = 12_288
"""Octets of one line of an exchange, as RFC 4954 section 4 has it."""


def decode_response(line: bytes, *, initial: bool = False) -> bytes:
    """Return the octets of a response; ``=`` stands for an empty initial one. Raises SaslError."""
    if initial and line == b"=":
        return b""
    try:
        return base64.b64decode(line, validate=True)
    except binascii.Error as error:
        raise SaslError("The response is not base64.") from error


def encode_challenge(challenge: bytes) -> bytes:
    """Return a challenge in base64."""
    return base64.b64encode(challenge)
