"""What the resolvers of one operation share. Made for one operation and dropped with it, loaders and all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from strawberry.dataloader import DataLoader
from strawberry.types import Info as StrawberryInfo

from correio.config import Limits
from correio.mail.account import Account
from correio.mail.fetch import StoredMessage, find_messages
from correio.mail.message_store import MessageStore
from correio.mail.threads import ThreadMember, find_thread_members
from schema.budget import Budget
from schema.operation.measure import Measure
from schema.part.octets import MessageOctets


class OperationContext:
    """The signed-in account and the loaders that turn many lookups into one."""

    def __init__(self, store: MessageStore, account: Account, limits: Limits) -> None:
        self.store = store
        self.account = account
        self.limits = limits
        self.octets = MessageOctets()
        self.budget = Budget(limits.graphql_cost)
        self.measure: Measure
        """Of the operation that runs. The engine sets it."""
        self.messages: DataLoader[str, StoredMessage | None] = DataLoader(self._load_messages)
        self.threads: DataLoader[str, list[ThreadMember]] = DataLoader(self._load_threads)

    async def _load_messages(self, ids: list[str]) -> Sequence[StoredMessage | None]:
        found = await find_messages(self.account, ids)
        return [found.get(message_id) for message_id in ids]

    async def _load_threads(self, ids: list[str]) -> Sequence[list[ThreadMember]]:
        found = await find_thread_members(self.account, ids)
        return [found.get(thread_id, []) for thread_id in ids]


Info: TypeAlias = StrawberryInfo[OperationContext, None]
