"""The type Mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from correio.mail.mailbox_tree import DELIMITER
from correio.mail.mailbox_tree import Mailbox as CoreMailbox
from schema.context import Info
from schema.mailbox.role import MailboxRole
from schema.message import connection as connections
from schema.message.filter import MessageFilter
from schema.message.order import MessageOrder
from schema.node import Node
from schema.paced import counted
from schema.scalars import State

if TYPE_CHECKING:
    from schema.message.connection import MessageConnection


@strawberry.type(description="A folder. A message lives in exactly one.")
class Mailbox(Node):
    """See the description of each field."""

    core: strawberry.Private[CoreMailbox]
    version: State = strawberry.field(description="The state at the last change to the mailbox or to a message in it.")
    name: str
    path: list[str] = strawberry.field(description="The names from the root down, its own the last.")
    role: MailboxRole | None
    total_messages: int
    unread_messages: int
    size_bytes: float = strawberry.field(description="Octets of all its messages.")
    sort_order: int
    is_subscribed: bool
    is_selectable: bool = strawberry.field(description="False: only a name above others, which holds no messages.")

    @strawberry.field(description="Null at the root.")
    def parent(self, info: Info) -> Annotated[Mailbox, strawberry.lazy("schema.mailbox.types")] | None:
        """Return the mailbox above."""
        above = info.context.account.mailboxes.get(self.core.parent) if self.core.parent is not None else None
        return mailbox_node(above) if above is not None else None

    @strawberry.field(description="The mailboxes directly below, by name.")
    def children(self, info: Info) -> list[Annotated[Mailbox, strawberry.lazy("schema.mailbox.types")]]:
        """Return the mailboxes below."""
        return counted(info, info.context.account.mailboxes.children(self.id), mailbox_node)  # type: ignore[no-any-return]

    @strawberry.field(description="Its messages, the last received first.")
    async def messages(
        self,
        info: Info,
        filter: MessageFilter | None = None,  # noqa: A002 (its name in the schema)
        order_by: list[MessageOrder] | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Annotated[MessageConnection, strawberry.lazy("schema.message.connection")]:
        """Open the list of the mailbox's messages. Raises InvalidInputError."""
        return await connections.open_connection(
            info.context, [self.core], filter, order_by, first, after, last, before
        )


def mailbox_node(core: CoreMailbox) -> Mailbox:
    """Return a mailbox for a client."""
    return Mailbox(
        id=strawberry.ID(core.id),
        core=core,
        version=State(core.modseq),
        name=core.name,
        path=core.path.split(DELIMITER),
        role=MailboxRole(core.role) if core.role is not None else None,
        total_messages=core.exists,
        unread_messages=core.unseen,
        size_bytes=float(core.size),
        sort_order=core.sort_order,
        is_subscribed=core.subscribed,
        is_selectable=core.selectable,
    )
