"""Octets, by the address where REST serves them."""

from __future__ import annotations

import asyncio
import hashlib

import strawberry

from correio.mail.fetch import StoredMessage
from correio.mail.ingest import OFF_LOOP
from correio.mime.transfer import is_identity, is_known_encoding
from schema.context import Info
from schema.part.content import part_url
from schema.part.part_id import part_id
from schema.scalars import URL


@strawberry.type(
    description="Octets that REST serves: of a message as it was received, or of a part, transfer-decoded."
)
class Blob:
    """An address, and what is behind it."""

    id: strawberry.ID
    type: str = strawberry.field(description="The media type.")
    url: URL = strawberry.field(description="Where to GET them, with the same Authorization. Takes Range.")
    core: strawberry.Private[StoredMessage]
    index: strawberry.Private[int | None]
    """The part; None: the whole message."""

    @strawberry.field(
        description="Octets exactly. Of a part in base64 or quoted-printable it has to be read to be told."
    )
    async def size(self, info: Info) -> int:
        """Return the size, reading the content where nothing else tells."""
        if self.index is None:
            return self.core.size
        part = self.core.parsed.parts[self.index]
        if is_identity(part.encoding) or not is_known_encoding(part.encoding):
            return part.size
        async with info.context.budget.turn():
            return len(await info.context.octets.decoded(self.core, part))

    @strawberry.field(
        description="The SHA-256 of the octets in hexadecimal, lower case. They have to be read to be told."
    )
    async def sha256(self, info: Info) -> str:
        """Return the digest of the content."""
        digest = hashlib.sha256()
        async with info.context.budget.turn():
            if self.index is None:
                async for piece in self.core.stream():
                    await _update(digest, piece)
            else:
                await _update(digest, await info.context.octets.decoded(self.core, self.core.parsed.parts[self.index]))
        return digest.hexdigest()


async def _update(digest: hashlib._Hash, octets: bytes) -> None:
    if len(octets) > OFF_LOOP:
        await asyncio.to_thread(digest.update, octets)
    else:
        digest.update(octets)


def part_blob(core: StoredMessage, index: int) -> Blob | None:
    """Return where a part's octets are, None for a multipart, which has none of its own."""
    part = core.parsed.parts[index]
    if part.media_type.startswith("multipart/"):
        return None
    return Blob(
        id=strawberry.ID(part_id(core.id, core.parsed, index)),
        type=part.media_type,
        url=part_url(core.id, part),
        core=core,
        index=index,
    )


def message_blob(core: StoredMessage) -> Blob:
    """Return where the octets of the whole message are."""
    return Blob(
        id=strawberry.ID(core.id),
        type="message/rfc822",
        url=URL(f"/v1/messages/{core.id}/raw"),
        core=core,
        index=None,
    )
