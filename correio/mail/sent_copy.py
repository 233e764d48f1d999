"""One copy in Sent: the server's, unless the client puts its own there, before or after.

A program that submits and then appends to Sent would leave two. Its own has what it wants to keep, Bcc and all, and stays as
it came; the server's gives way to it.
"""

from __future__ import annotations

from collections.abc import Sequence

from correio.mail.account import Account
from correio.mail.append import AddMessages, Appended, Item, NewMessage, append_messages, items_of
from correio.mail.draft import Draft
from correio.mail.ingest import message_id_hash
from correio.mail.room import submit_if_room
from correio.mime.model import ParsedMessage
from correio.store.messages import Copy, find_copies
from correio.store.sends import set_copy

SENT_ROLE = "sent"


class _Supersede(AddMessages):
    """Adds messages to Sent and takes out the server's copies of the same."""

    def __init__(self, account: Account, mailbox_id: str, items: Sequence[Item], copies: Sequence[Copy]) -> None:
        super().__init__(account, mailbox_id, items)
        self._copies = copies
        self.weight += len(copies)

    async def prepare(self) -> None:
        await super().prepare()
        await self.account.index(self.mailbox_id)

    def plan(self, draft: Draft) -> list[Appended]:
        box = draft.mailbox(self.mailbox_id)
        rows = [row for copy in self._copies if (row := box.row(copy.uid)) is not None]
        added = self.add(draft, freed=[row.size for row in rows])
        for row in rows:
            draft.expunge(box, row, draft.tick())
        return added


async def has_copy(account: Account, sent_id: str, parsed: ParsedMessage) -> bool:
    """Tell whether the client has put this message into Sent already. One round trip. Raises UnavailableError."""
    message_id = parsed.summary.message_id
    if not message_id:
        return False
    return bool(await find_copies(account.store.database, account.id, sent_id, [message_id_hash(message_id)]))


async def append_by_client(account: Account, mailbox_id: str, messages: Sequence[NewMessage]) -> list[Appended]:
    """Add messages as IMAP APPEND does: in Sent, what the server put there on submission gives way.

    Raises as :func:`correio.mail.append.append_messages`.
    """
    if account.mailbox(mailbox_id).role != SENT_ROLE:
        return await append_messages(account, mailbox_id, messages)
    items = await items_of(account, messages)
    named = {item.document.msgid: item for item in items if item.ingested.parsed.summary.message_id}
    database = account.store.database
    found = await find_copies(database, account.id, mailbox_id, list(named)) if named else []
    copies = [copy for copy in found if copy.send]
    if not copies:
        return await submit_if_room(account, AddMessages(account, mailbox_id, items))
    added = await submit_if_room(account, _Supersede(account, mailbox_id, items, copies))
    for copy in copies:
        await set_copy(database, account.id, copy.send, named[copy.msgid].document.id)
    return added
