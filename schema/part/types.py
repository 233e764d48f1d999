"""The types Part and EmbeddedMessage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import strawberry

from correio.errors import InvalidInputError
from correio.mail.fetch import StoredMessage
from correio.mime.model import Part as CorePart
from schema.context import Info, OperationContext
from schema.message.address import Address, addresses, first_address
from schema.message.body import BodyKind, MessageBody, message_body
from schema.message.header import Header
from schema.node import Node
from schema.paced import counted
from schema.part.blob import Blob, part_blob
from schema.part.content import read_headers, read_summary, read_text
from schema.part.part_id import part_id
from schema.part.tree import attachments_of, bodies_of, subtree
from schema.scalars import DateTime, date_time

MAX_TEXT: Final = 1024 * 1024
"""Octets in UTF-8 that the field ``text`` gives at most."""


@strawberry.type(
    description="One MIME entity (RFC 2045). Parts are flat, in document order; parentId gives the tree back."
)
class Part(Node):
    """See the description of each field."""

    core: strawberry.Private[StoredMessage]
    index: strawberry.Private[int]
    path: str = strawberry.field(
        description="The IMAP section number; empty for a message that is a multipart, its parent's for an embedded one."
    )
    parent_id: strawberry.ID | None
    type: str = strawberry.field(description="Type and subtype, in lower case.")
    charset: str | None
    encoding: str = strawberry.field(description="Content-Transfer-Encoding, in lower case.")
    disposition: str | None
    filename: str | None
    content_id: str | None = strawberry.field(description="Without the angle brackets.")
    description: str | None
    language: list[str]
    size: int = strawberry.field(description="Octets in the message, transfer encoding included.")
    is_attachment: bool = strawberry.field(description="Whether a person would call it an attachment.")
    blob: Blob | None = strawberry.field(description="Its octets, transfer-decoded. Null: a multipart.")

    @property
    def part(self) -> CorePart:
        """The entity as the parser saw it."""
        return self.core.parsed.parts[self.index]

    @strawberry.field(description="The fields of its header in order; with names, only those, in any case.")
    async def headers(self, info: Info, names: list[str] | None = None) -> list[Header]:
        """Read the header."""
        return await read_headers(info.context, self.core, self.part, names)

    @strawberry.field(description="A text part in Unicode, cut to at most so many octets in UTF-8. Null: not text.")
    async def text(self, info: Info, max_bytes: int = 65_536) -> str | None:
        """Read the text."""
        if not self.part.media_type.startswith("text/"):
            return None
        if not 0 <= max_bytes <= MAX_TEXT:
            raise InvalidInputError(f"maxBytes must be between 0 and {MAX_TEXT}.", "maxBytes")
        text = await read_text(info.context, self.core, self.part)
        return text.encode("utf-8", "replace")[:max_bytes].decode("utf-8", "ignore")

    @strawberry.field(description="The message that a message/rfc822 part carries.")
    async def embedded_message(self, info: Info) -> EmbeddedMessage | None:
        """Read the header of the message inside."""
        root = self.part.message
        if root < 0:
            return None
        return await embedded_message_node(info.context, self.core, root)


@strawberry.type(description="A message within a message: it lies in no mailbox and has no keywords.")
class EmbeddedMessage:
    """See the description of each field."""

    core: strawberry.Private[StoredMessage]
    root: strawberry.Private[int]
    subject: str
    sent_at: DateTime | None
    from_: list[Address] = strawberry.field(name="from")
    sender: Address | None
    reply_to: list[Address]
    to: list[Address]
    cc: list[Address]
    bcc: list[Address]
    message_id: str | None
    in_reply_to: list[str]
    references: list[str]

    @strawberry.field(description="The fields of its header in order; with names, only those, in any case.")
    async def headers(self, info: Info, names: list[str] | None = None) -> list[Header]:
        """Read the header."""
        return await read_headers(info.context, self.core, self.core.parsed.parts[self.root], names)

    @strawberry.field(description="What a person reads of it.")
    async def body(self, info: Info, prefer: BodyKind = BodyKind.HTML) -> MessageBody:
        """Read the parts that are the body."""
        return await message_body(info.context, self.core, bodies_of(self.core.parsed, self.root), prefer)

    @strawberry.field(description="Its MIME entities, flat; their ids and paths are those of the message around it.")
    def parts(self, info: Info) -> list[Part]:
        """Return the parts."""
        return part_nodes(info, self.core, subtree(self.core.parsed, self.root))

    @strawberry.field(
        description="The parts a person would call attachments, with pictures shown in place if asked for."
    )
    def attachments(self, info: Info, include_inline: bool = False) -> list[Part]:
        """Return the attachments."""
        return attachment_nodes(info, self.core, self.root, include_inline)


def part_node(core: StoredMessage, index: int) -> Part:
    """Return a part for a client."""
    parsed = core.parsed
    part = parsed.parts[index]
    return Part(
        id=strawberry.ID(part_id(core.id, parsed, index)),
        core=core,
        index=index,
        path=part.path,
        parent_id=strawberry.ID(part_id(core.id, parsed, part.parent)) if part.parent >= 0 else None,
        type=part.media_type,
        charset=part.charset,
        encoding=part.encoding,
        disposition=part.disposition,
        filename=part.filename,
        content_id=part.content_id,
        description=part.description,
        language=part.language,
        size=part.size,
        is_attachment=part.is_attachment,
        blob=part_blob(core, index),
    )


def part_nodes(info: Info, core: StoredMessage, indexes: Sequence[int] | None = None) -> list[Part]:
    """Return parts for a client: those at these indexes, or all."""
    every = range(len(core.parsed.parts)) if indexes is None else indexes
    return counted(info, every, lambda index: part_node(core, index))  # type: ignore[no-any-return]


def attachment_nodes(info: Info, core: StoredMessage, root: int, include_inline: bool) -> list[Part]:
    """Return the attachments of the message whose root entity is ``root``."""
    return part_nodes(info, core, attachments_of(core.parsed, root, include_inline))


async def embedded_message_node(context: OperationContext, core: StoredMessage, root: int) -> EmbeddedMessage:
    """Return an embedded message for a client, its header read anew."""
    summary = await read_summary(context, core, core.parsed.parts[root])
    return EmbeddedMessage(
        core=core,
        root=root,
        subject=summary.subject,
        sent_at=date_time(summary.date),
        from_=addresses(context, summary.from_),
        sender=first_address(summary.sender),
        reply_to=addresses(context, summary.reply_to),
        to=addresses(context, summary.to),
        cc=addresses(context, summary.cc),
        bcc=addresses(context, summary.bcc),
        message_id=summary.message_id,
        in_reply_to=summary.in_reply_to,
        references=summary.references,
    )
