"""The root of every query."""

from __future__ import annotations

import asyncio

import strawberry

from correio.errors import InvalidInputError
from correio.ids import Kind, is_id
from correio.mail.addresses import normalise_address
from schema.account.types import Account, Viewer, account_node
from schema.context import Info, OperationContext
from schema.identity.types import identity_node
from schema.mailbox.types import mailbox_node
from schema.message.types import message_node
from schema.node import Node
from schema.part.part_id import find_part, split_part_id
from schema.part.types import part_node
from schema.submission.types import submission_node
from schema.thread.types import thread_node


async def find_node(context: OperationContext, node_id: str) -> Node | None:
    """Return what an id names in the viewer's accounts, None for anything else: another's id is like one never given."""
    account = context.account
    if node_id == account.id:
        return account_node(account)
    if is_id(node_id, Kind.MAILBOX):
        mailbox = account.mailboxes.get(node_id)
        return mailbox_node(mailbox) if mailbox is not None else None
    if is_id(node_id, Kind.MESSAGE):
        stored = await context.messages.load(node_id)
        return message_node(context, stored) if stored is not None else None
    if is_id(node_id, Kind.THREAD):
        members = await context.threads.load(node_id)
        return thread_node(node_id, members) if members else None
    if is_id(node_id, Kind.SEND):
        sent = await context.submissions.load(node_id)
        return submission_node(sent) if sent is not None else None
    if is_id(node_id, Kind.IDENTITY):
        identity = await context.identity(node_id)
        return identity_node(identity) if identity is not None else None
    named = split_part_id(node_id)
    if named is not None:
        stored = await context.messages.load(named[0])
        index = find_part(stored.parsed, named[1]) if stored is not None else None
        return part_node(stored, index) if stored is not None and index is not None else None
    return None


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field(description="Who asks.")
    def viewer(self, info: Info) -> Viewer:
        """Return the signed-in viewer."""
        return Viewer(accounts=[account_node(info.context.account)])

    @strawberry.field(description="Anything that has an id, by its id; null: none of the viewer's.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:  # noqa: A002 (its name in the schema)
        """Return a node."""
        return await find_node(info.context, id)

    @strawberry.field(description="Nodes in the order of their ids.")
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        """Return nodes, with one round trip for all messages and one for all threads."""
        return list(await asyncio.gather(*(find_node(info.context, one) for one in ids)))

    @strawberry.field(description="An account of the viewer's by its id or address; without either, the first.")
    def account(
        self,
        info: Info,
        id: strawberry.ID | None = None,  # noqa: A002 (its name in the schema)
        address: str | None = None,
    ) -> Account | None:
        """Return an account. Raises InvalidInputError for an id and an address together."""
        account = info.context.account
        if id is not None and address is not None:
            raise InvalidInputError("Give an id or an address, not both.", "address")
        if (id is not None and id != account.id) or (address is not None and not _same(address, account.address)):
            return None
        return account_node(account)


def _same(given: str, address: str) -> bool:
    try:
        return normalise_address(given) == address
    except InvalidInputError:
        return False
