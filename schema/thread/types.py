"""The type Thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import strawberry

from correio.mail.flags import SEEN, flag_set
from correio.mail.keywords import keywords_of
from correio.mail.threads import ThreadMember
from schema.context import Info
from schema.mailbox import types as mailboxes
from schema.message import connection as connections
from schema.node import Node
from schema.paced import counted
from schema.scalars import DateTime, clamped

if TYPE_CHECKING:
    from schema.mailbox.types import Mailbox
    from schema.message.connection import MessageConnection


@strawberry.type(description="Messages that answer one another.")
class Thread(Node):
    """See the description of each field."""

    members: strawberry.Private[Sequence[ThreadMember]]
    last_received_at: DateTime
    message_count: int
    unread_count: int
    keywords: list[str] = strawberry.field(description="The keywords of any of its messages.")

    @strawberry.field(description="Of its first message.")
    async def subject(self, info: Info) -> str:
        """Read the first message."""
        first = await info.context.messages.load(self.members[0].id)
        return first.parsed.summary.subject if first is not None else ""

    @strawberry.field(description="Of its last message.")
    async def snippet(self, info: Info) -> str:
        """Read the last message."""
        last = await info.context.messages.load(self.members[-1].id)
        return last.parsed.summary.preview if last is not None else ""

    @strawberry.field(description="The mailboxes its messages are in.")
    def mailboxes(self, info: Info) -> list[Annotated[Mailbox, strawberry.lazy("schema.mailbox.types")]]:
        """Return the mailboxes, by path."""
        inside = {member.mailbox for member in self.members}
        found = [one for one in info.context.account.mailboxes if one.id in inside]
        return counted(info, found, mailboxes.mailbox_node)  # type: ignore[no-any-return]

    @strawberry.field(description="Its messages, the first received first.")
    async def messages(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Annotated[MessageConnection, strawberry.lazy("schema.message.connection")]:
        """Return a page of its messages. Raises InvalidInputError."""
        return await connections.open_thread_connection(info.context, self.members, first, after, last, before)


def thread_node(thread_id: str, members: Sequence[ThreadMember]) -> Thread:
    """Return a thread for a client. It has at least one message."""
    flags = frozenset(flag for member in members for flag in member.flags)
    return Thread(
        id=strawberry.ID(thread_id),
        members=members,
        last_received_at=clamped(max(member.date for member in members)),
        message_count=len(members),
        unread_count=sum(SEEN not in member.flags for member in members),
        keywords=keywords_of(flag_set(flags)),
    )
