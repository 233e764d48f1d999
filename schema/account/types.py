"""The types Account, Quota and Viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from correio.mail.account import Account as CoreAccount
from schema.context import Info
from schema.cost import LENGTHS
from schema.identity.types import Identity, identity_node
from schema.mailbox import types as mailboxes
from schema.mailbox.role import MailboxRole
from schema.message import connection as connections
from schema.message.filter import MessageFilter
from schema.message.order import MessageOrder
from schema.node import Node
from schema.paced import counted
from schema.scalars import State
from schema.submission import connection as submissions
from schema.submission.status import SubmissionStatus

if TYPE_CHECKING:
    from schema.mailbox.types import Mailbox
    from schema.message.connection import MessageConnection
    from schema.submission.connection import SubmissionConnection


@strawberry.type(description="How much room an account has.")
class Quota:
    """Octets and messages held and allowed."""

    used_bytes: float
    limit_bytes: float | None = strawberry.field(description="Null: no bound.")
    used_messages: int
    limit_messages: int | None = strawberry.field(description="Null: no bound.")


@strawberry.type(description="A person's mail.")
class Account(Node):
    """See the description of each field."""

    core: strawberry.Private[CoreAccount]
    address: str
    name: str
    state: State
    total_messages: int
    quota: Quota

    @strawberry.field(description="All mailboxes by path, the inbox first; with a role, the one that has it.")
    def mailboxes(
        self, info: Info, role: MailboxRole | None = None
    ) -> list[Annotated[Mailbox, strawberry.lazy("schema.mailbox.types")]]:
        """Return the mailboxes."""
        found = [one for one in self.core.mailboxes if role is None or one.role == role.value]
        return counted(info, found, mailboxes.mailbox_node, LENGTHS["Account", "mailboxes"])  # type: ignore[no-any-return]

    @strawberry.field(description="The messages of all mailboxes together, the last received first.")
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
        """Open the list of the account's messages. Raises InvalidInputError."""
        every = list(self.core.mailboxes)
        return await connections.open_connection(info.context, every, filter, order_by, first, after, last, before)

    @strawberry.field(description="The addresses it may send as, its own the first.")
    async def identities(self, info: Info) -> list[Identity]:
        """Return the identities."""
        found = await info.context.identities()
        return counted(info, found, identity_node, LENGTHS["Account", "identities"])  # type: ignore[no-any-return]

    @strawberry.field(description="What it has sent, whichever way, the last sent first; with a status, of that alone.")
    async def submissions(
        self,
        info: Info,
        status: SubmissionStatus | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Annotated[SubmissionConnection, strawberry.lazy("schema.submission.connection")]:
        """Open the list of the account's submissions. Raises InvalidInputError, LimitError."""
        return await submissions.open_submissions(info.context, status, first, after, last, before)


def account_node(core: CoreAccount) -> Account:
    """Return an account for a client."""
    return Account(
        id=strawberry.ID(core.id),
        core=core,
        address=core.address,
        name=core.name,
        state=State(core.modseq),
        total_messages=core.messages,
        quota=Quota(
            used_bytes=float(core.used),
            limit_bytes=float(core.quota) if core.quota else None,
            used_messages=core.messages,
            limit_messages=min(core.message_quota, 2**31 - 1) or None,
        ),
    )


@strawberry.type(description="Who asks.")
class Viewer:
    """The accounts the token opens."""

    accounts: list[Account]
