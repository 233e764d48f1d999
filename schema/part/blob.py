"""Octets, by the address where REST serves them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable

import strawberry

from schema.scalars import URL


@strawberry.type(
    description="Octets that REST serves: of a message as it was received, or of a part, transfer-decoded."
)
class Blob:
    """An address, and what is behind it."""

    id: strawberry.ID
    type: str = strawberry.field(description="The media type.")
    url: URL = strawberry.field(description="Where to GET them, with the same Authorization. Takes Range.")
    known_size: strawberry.Private[int | None]
    open: strawberry.Private[Callable[[], AsyncIterator[bytes]]]

    @strawberry.field(
        description="Octets exactly. Of a part in base64 or quoted-printable it has to be read to be told."
    )
    async def size(self) -> int:
        """Return the size, reading the content where nothing else tells."""
        if self.known_size is not None:
            return self.known_size
        return sum([len(chunk) async for chunk in self.open()])

    @strawberry.field(
        description="The SHA-256 of the octets in hexadecimal, lower case. They have to be read to be told."
    )
    async def sha256(self) -> str:
        """Return the digest of the content."""
        digest = hashlib.sha256()
        async for chunk in self.open():
            digest.update(chunk)
        return digest.hexdigest()
