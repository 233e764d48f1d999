"""MessageConnection: a list of messages, a page at a time (Relay Cursor Connections specification)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import strawberry

from correio.errors import NotFoundError
from correio.mail.fetch import fetch_messages
from correio.mail.mailbox_tree import Mailbox
from correio.mail.threads import ThreadMember
from schema.context import OperationContext
from schema.message import types as messages
from schema.message.filter import CompiledFilter, MessageFilter
from schema.message.listing import open_listing
from schema.message.order import Direction, MessageOrder
from schema.paced import AT_ONCE, paced
from schema.pagination import Key, KeyListing, Page, PageInfo, cursor_of, page_info, page_of
from schema.scalars import State
from schema.thread.listing import ThreadListing

if TYPE_CHECKING:
    from schema.message.types import Message


@strawberry.type
class MessageEdge:
    """A message and where it stands in the list."""

    cursor: str
    node: Annotated[Message, strawberry.lazy("schema.message.types")]


@strawberry.type(description="A page of a list of messages.")
class MessageConnection:
    """See the description of each field."""

    edges: list[MessageEdge]
    nodes: list[Annotated[Message, strawberry.lazy("schema.message.types")]]
    state: State = strawberry.field(description="The account's state the list was made at.")
    listing: strawberry.Private[KeyListing]
    page: strawberry.Private[Page]
    keys: strawberry.Private[list[Key]]

    @strawberry.field(description="How many messages the whole list holds.")
    async def total_count(self) -> int:
        """Count the list."""
        return await self.listing.count()

    @strawberry.field
    async def page_info(self) -> PageInfo:
        """Tell what lies on either side of the page."""
        return await page_info(self.listing, self.page, self.keys)


async def open_connection(
    context: OperationContext,
    mailboxes: Sequence[Mailbox],
    filter_: MessageFilter | None,
    order_by: Sequence[MessageOrder] | None,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> MessageConnection:
    """Return the page of the list of these mailboxes' messages. Raises InvalidInputError for a bad argument."""
    page = page_of(first, after, last, before, context.limits.graphql_page)
    filters = [CompiledFilter(filter_)] if filter_ is not None else []
    descending = not order_by or order_by[0].direction is Direction.DESC
    listing = await open_listing(context.account, mailboxes, filters, descending)
    keys = await listing.page(page)
    found = await _read(context, keys)
    return _connection(listing, page, keys, found)


async def open_thread_connection(
    context: OperationContext,
    members: Sequence[ThreadMember],
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> MessageConnection:
    """Return the page of the list of a thread's messages. Raises InvalidInputError for a bad argument."""
    page = page_of(first, after, last, before, context.limits.graphql_page)
    ids = {Key(member.date, member.mailbox, member.uid): member.id for member in members}
    listing = ThreadListing(context.account.modseq, ids)
    keys = await listing.page(page)
    loaded = await context.messages.load_many([ids[key] for key in keys])
    found = {
        (key.mailbox, key.uid): messages.message_node(context, stored)
        for key, stored in zip(keys, loaded, strict=True)
        if stored is not None
    }
    return _connection(listing, page, keys, found)


def _connection(
    listing: KeyListing, page: Page, keys: list[Key], found: dict[tuple[str, int], Message]
) -> MessageConnection:
    edges = [
        MessageEdge(cursor=cursor_of(key), node=node)
        for key in keys
        if (node := found.get((key.mailbox, key.uid))) is not None
    ]
    return MessageConnection(
        edges=paced(edges, lambda edge: edge),
        nodes=paced(edges, lambda edge: edge.node),
        state=State(listing.state),
        listing=listing,
        page=page,
        keys=keys,
    )


async def _read(context: OperationContext, keys: Sequence[Key]) -> dict[tuple[str, int], Message]:
    """Return the messages of a page; one that went in the meantime is left out. One round trip a mailbox at most."""
    by_mailbox: dict[str, list[int]] = {}
    for key in keys:
        by_mailbox.setdefault(key.mailbox, []).append(key.uid)
    found: dict[tuple[str, int], Message] = {}
    for mailbox_id, uids in by_mailbox.items():
        async for batch in fetch_messages(context.account, mailbox_id, sorted(uids)):
            try:
                index = await context.account.index(mailbox_id)
            except NotFoundError:
                continue
            for at, stored in enumerate(batch):
                if at and at % AT_ONCE == 0:
                    await asyncio.sleep(0)  # unpacking a message's structure takes its time
                # The document may be one read earlier, before its flags changed: the index has them as they are now.
                row = index.row(stored.uid)
                if row is not None:
                    found[mailbox_id, stored.uid] = messages.message_node(context, stored, row)
    return found
