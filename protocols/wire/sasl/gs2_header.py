"""The GS2 header with which SCRAM and OAUTHBEARER begin (RFC 5801 section 4)."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from protocols.wire.sasl.mechanism import SaslError, text_of

_HEADER: Final = re.compile(rb"(?:p=([A-Za-z0-9.-]{1,64})|([ny])),(?:a=([^,\0]*))?,")
_ESCAPE: Final = re.compile(rb"=(2C|3D)?")


class Gs2Header(msgspec.Struct, frozen=True):
    """What it says, and its octets as they came."""

    octets: bytes
    binding: str
    """The name of the channel binding in use; "": none."""
    binds: bool
    """Whether the client could use channel binding but thinks that the server cannot."""
    authorization: str


def take_gs2_header(message: bytes) -> tuple[Gs2Header, bytes]:
    """Return the header at the start of a message, and the rest. Raises SaslError."""
    found = _HEADER.match(message)
    if found is None:
        raise SaslError("The message does not begin with a GS2 header.")
    binding, flag, authorization = found.groups()
    header = Gs2Header(
        found[0],
        binding.decode("ascii") if binding else "",
        flag == b"y",
        saslname(authorization) if authorization else "",
    )
    return header, message[found.end() :]


def saslname(octets: bytes) -> str:
    """Return the name that a ``saslname`` stands for: ``=2C`` is a comma and ``=3D`` an equals sign. Raises SaslError."""
    if any(not code for code in _ESCAPE.findall(octets)):
        raise SaslError("The name has an equals sign that stands for nothing.")
    return text_of(octets.replace(b"=2C", b",").replace(b"=3D", b"="))
