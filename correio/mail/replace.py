"""Replacing a message by another in one step (RFC 8508): a draft saved again, or sent."""

from __future__ import annotations

import os
from typing import Final

from correio.errors import NotFoundError
from correio.ids import Kind, derived_id
from correio.mail.account import Account
from correio.mail.append import AddMessages, Appended, NewMessage, item_for
from correio.mail.draft import Draft
from correio.mail.ingest import ingest, normalised
from correio.mail.room import submit_if_room


class ReplaceMessage(AddMessages):
    """Adds one message and removes another, both or neither."""

    source_id: str
    uid: int

    async def prepare(self) -> None:
        await super().prepare()
        self._index = await self.account.index(self.source_id)

    def plan(self, draft: Draft) -> list[Appended]:
        source = draft.mailbox(self.source_id)
        row = source.row(self.uid)
        if row is None:
            raise NotFoundError("The message to replace is gone.")
        # Only what the account holds more afterwards counts against the quota (RFC 8508 section 3.4).
        added = self.add(draft, freed=[row.size])
        draft.expunge(source, row, draft.tick())
        return added


async def replace_message(account: Account, mailbox_id: str, uid: int, message: NewMessage, target_id: str) -> Appended:
    """Add a message to a mailbox and remove another, from the same mailbox or not, in one transaction.

    Nothing is inherited from the message that goes. Raises NotFoundError (a mailbox, the message), ForbiddenError,
    TooLargeError, QuotaExceededError, LimitError, InvalidInputError, UnavailableError; nothing has changed then.
    """
    store = account.store
    account.mailbox(mailbox_id)
    account.mailbox(target_id)
    key: Final = os.urandom(16)
    now = store.now()
    raw = message.raw if message.verbatim else await normalised(store, message.raw)
    ingested = await ingest(store, raw)
    item = item_for(
        account,
        ingested,
        key=(key, 0),
        email=derived_id(Kind.EMAIL, key, 0),
        flags=message.flags,
        date=now if message.date is None else message.date,
        saved=now,
    )
    operation = ReplaceMessage(account, target_id, [item])
    operation.source_id = mailbox_id
    operation.uid = uid
    operation.weight = 2
    return (await submit_if_room(account, operation))[0]
