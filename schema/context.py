"""What the resolvers of one operation share. Made for one operation and dropped with it, loaders and all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from strawberry.dataloader import DataLoader
from strawberry.types import Info as StrawberryInfo

from correio.auth.grant import Grant
from correio.config import Limits
from correio.mail.account import Account
from correio.mail.fetch import StoredMessage, find_messages
from correio.mail.identities import Identity, list_identities
from correio.mail.message_store import MessageStore
from correio.mail.sent import Sent, with_deliveries
from correio.mail.threads import ThreadMember, find_thread_members
from correio.store.queue_documents import SendDocument
from correio.store.sends import find_sends_of
from schema.budget import Budget
from schema.cost import ASSUMED_LENGTH
from schema.operation.measure import Measure
from schema.part.octets import MessageOctets


class OperationContext:
    """The signed-in account and the loaders that turn many lookups into one."""

    def __init__(self, store: MessageStore, account: Account, limits: Limits, grant: Grant | None = None) -> None:
        self.store = store
        self.account = account
        self.grant = grant or Grant(account)
        self.limits = limits
        self.octets = MessageOctets()
        self.budget = Budget(limits.graphql_cost)
        self.measure: Measure
        """Of the operation that runs. The engine sets it."""
        self.messages: DataLoader[str, StoredMessage | None] = DataLoader(self._load_messages)
        self.submissions: DataLoader[str, Sent | None] = DataLoader(self._load_submissions)
        self._identities: asyncio.Task[list[Identity]] | None = None
        self.threads: DataLoader[str, list[ThreadMember]] = DataLoader(self._load_threads)

    async def _load_messages(self, ids: list[str]) -> Sequence[StoredMessage | None]:
        found = await find_messages(self.account, ids)
        return [found.get(message_id) for message_id in ids]

    async def _load_threads(self, ids: list[str]) -> Sequence[list[ThreadMember]]:
        found = await find_thread_members(self.account, ids)
        return [found.get(thread_id, []) for thread_id in ids]

    async def _load_submissions(self, ids: list[str]) -> Sequence[Sent | None]:
        sends = await find_sends_of(self.store.database, self.account.id, ids)
        self.charge_recipients(sends.values())
        found = {one.send.id: one for one in await with_deliveries(self.account, list(sends.values()))}
        return [found.get(send_id) for send_id in ids]

    def charge_recipients(self, sends: Iterable[SendDocument]) -> None:
        """Charge the recipients of submissions beyond the number assumed, before they are read. Raises LimitError."""
        self.budget.charge(sum(max(0, send.recipients - ASSUMED_LENGTH) for send in sends))

    def forget(self) -> None:
        """Something has changed: what was loaded before is read anew. For mutations, before they show what they did."""
        self.messages.clear_all()
        self.threads.clear_all()
        self.submissions.clear_all()

    async def identities(self) -> list[Identity]:
        """Return the account's identities, read once. Raises UnavailableError."""
        if self._identities is None:
            self._identities = asyncio.ensure_future(list_identities(self.account))
        return await asyncio.shield(self._identities)

    async def identity(self, identity_id: str) -> Identity | None:
        """Return an identity of the account by its id. Raises UnavailableError."""
        return next((one for one in await self.identities() if one.id == identity_id), None)


Info: TypeAlias = StrawberryInfo[OperationContext, None]
