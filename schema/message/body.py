"""The type MessageBody: what a person reads of a message."""

from __future__ import annotations

from enum import Enum

import strawberry

from correio.mail.fetch import StoredMessage
from correio.mail.readable import read_body
from correio.mime.bodies import Bodies
from schema.context import OperationContext
from schema.part.content import part_url


@strawberry.enum(description="The two forms a body can have.")
class BodyKind(Enum):
    """Values of the ``prefer`` argument."""

    HTML = "html"
    TEXT = "text"


@strawberry.type(description="What a person reads of a message.")
class MessageBody:
    """See the description of each field."""

    kind: BodyKind = strawberry.field(description="What was preferred, if the message has it.")
    html: str | None = strawberry.field(
        description="Made safe: no script, no form, nothing fetched. Show it in a sandboxed frame all the same. Null: TEXT."
    )
    text: str = strawberry.field(description="As plain text, made from the HTML where the message has no other.")
    blocked_remote_count: int = strawberry.field(description="References to other servers that were taken out of html.")
    truncated: bool = strawberry.field(description="Whether it is longer than what is shown; the parts have all of it.")


async def message_body(context: OperationContext, core: StoredMessage, bodies: Bodies, prefer: BodyKind) -> MessageBody:
    """Read a body. Raises UnavailableError."""
    pictures = {
        part.content_id: f"{part_url(core.id, part)}?disposition=inline"
        for part in core.parsed.parts
        if part.content_id is not None and part.media_type.startswith("image/")
    }
    async with context.budget.turn():
        body = await read_body(core, bodies, pictures, with_html=prefer is BodyKind.HTML)
    return MessageBody(
        kind=BodyKind.HTML if body.html is not None else BodyKind.TEXT,
        html=body.html,
        text=body.text or "",
        blocked_remote_count=body.blocked_remote,
        truncated=body.truncated,
    )
