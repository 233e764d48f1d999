"""MIME entities put together (RFC 2045 section 2.4, RFC 2046 section 5.1)."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence

import msgspec

from correio.mime.compose.parameters import with_parameters


class Entity(msgspec.Struct, frozen=True):
    """A header without Content-Transfer-Encoding, the encoding, and the body in pieces, so that a large one is copied once."""

    header: bytes
    encoding: str
    body: list[bytes]

    def pieces(self) -> list[bytes]:
        """Return the octets of the whole entity."""
        return [self.header, b"Content-Transfer-Encoding: " + self.encoding.encode("ascii") + b"\r\n\r\n", *self.body]


def multipart(subtype: str, entities: Sequence[Entity], *parameters: tuple[str, str]) -> Entity:
    """Return entities as one multipart, in their order."""
    boundary = "=_" + base64.b32encode(os.urandom(15)).decode("ascii")
    delimiter = b"--" + boundary.encode("ascii")
    body: list[bytes] = []
    for entity in entities:
        body += (delimiter + b"\r\n", *entity.pieces(), b"\r\n")
    body.append(delimiter + b"--\r\n")
    # RFC 2045 section 6.4: a multipart says which octets are in it.
    encoding = "8bit" if any(entity.encoding == "8bit" for entity in entities) else "7bit"
    header = with_parameters("Content-Type", f"multipart/{subtype}", [*parameters, ("boundary", boundary)])
    return Entity(header, encoding, body)
