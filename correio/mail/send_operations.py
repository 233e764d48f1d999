"""The sender's part of the transaction that submits a message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from correio.errors import MailError
from correio.mail.account import Account
from correio.mail.append import AddMessages, Appended
from correio.mail.draft import Draft
from correio.mail.outgoing import Outgoing, SendOnly
from correio.mail.sent_draft import DraftLeaving
from correio.store.queue_documents import OnceDocument
from correio.store.sends import find_once, forget_once


class SubmittedBeforeError(MailError):
    """The key is known already."""

    def __init__(self, known: OnceDocument) -> None:
        super().__init__("It was submitted before.")
        self.known = known


class SendAndSave(AddMessages):
    """The sender's part of the transaction: the copy in Sent, the documents of the queue, and the draft that goes."""

    def __init__(self, save: AddMessages, send: SendOnly, leaving: DraftLeaving | None) -> None:
        super().__init__(save.account, save.mailbox_id, save.items)
        self._send: Final = send
        self._leaving: Final = leaving
        self.octets += send.octets
        self.weight += send.weight + (2 if leaving is not None else 0)

    async def prepare(self) -> None:
        await self._send.prepare()
        if self._leaving is not None:
            await self._leaving.prepare()
        await super().prepare()

    def plan(self, draft: Draft) -> list[Appended]:
        leaving = self._leaving
        if leaving is None:
            added = self.add(draft)
        else:
            row = leaving.check(draft)
            added = self.add(draft, freed=[row.size])
            self._send.mail[0].send.marked = leaving.record(draft, row)
        self._send.plan(draft)
        return added


class SendOnce(SendOnly):
    """A send that asks first whether its key was used."""

    def __init__(self, account: Account, mail: Sequence[Outgoing], once: OnceDocument | None) -> None:
        super().__init__(account, mail, once)
        self._asked: Final = once

    async def prepare(self) -> None:
        if self._asked is None:
            return
        database = self.account.store.database
        known = await find_once(database, self._asked.id)
        if known is None:
            return
        if known.expires > self.account.store.now():
            raise SubmittedBeforeError(known)
        await forget_once(database, known)
