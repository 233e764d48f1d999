"""Taking a submission back before anybody has tried to deliver it: its message becomes a draft again, in one transaction."""

from __future__ import annotations

import os
from typing import Final

import msgspec

from correio.errors import ConflictError
from correio.mail.account import Account
from correio.mail.committer import Operation
from correio.mail.draft import Draft
from correio.mail.flags import DELETED, DRAFT, SEEN, flag_set
from correio.mail.mailbox_index import Row
from correio.mail.move import tombstone
from correio.mail.role_mailbox import mailbox_for
from correio.mail.sent import Sent, find_send
from correio.mail.sent_draft import MessageFlag
from correio.mail.submission_status import SubmissionStatus, is_untried, submission_status
from correio.store.deliveries import find_deliveries_of
from correio.store.documents import MessageDocument
from correio.store.messages import find_messages
from correio.store.queue_documents import DeliveryDocument, SendDocument

DRAFTS_ROLE: Final = "drafts"


class TakeBack(Operation[list[DeliveryDocument]]):
    """Ends the deliveries of a submission, all or none, and moves its copy to Drafts. The result is what became of them."""

    def __init__(self, account: Account, send: SendDocument, drafts_id: str) -> None:
        super().__init__(account)
        self._send: Final = send
        self._drafts_id: Final = drafts_id
        self._key: Final = os.urandom(16)
        mark = send.marked or ["", ""]
        self._origin: Final = MessageFlag(account, mark[0], mark[1])
        self.weight = 3 + send.recipients

    async def prepare(self) -> None:
        database = self.account.store.database
        found = await find_deliveries_of(database, [self._send.id], transcripts=False)
        self._deliveries = found.get(self._send.id, [])
        if submission_status(self._deliveries) is SubmissionStatus.CANCELED:
            self._deliveries = []
        elif not self._deliveries or not all(map(is_untried, self._deliveries)):
            raise ConflictError("It is too late to cancel: it is on its way.")
        message = self._send.message
        copies = await find_messages(database, self.account.id, [message]) if message else []
        self._copy: MessageDocument | None = copies[0] if copies else None
        await self._origin.prepare()

    def plan(self, draft: Draft) -> list[DeliveryDocument]:
        if not self._deliveries:
            return []  # somebody took it back a moment ago
        target = draft.mailbox(self._drafts_id)
        copy = self._copy
        # Whoever has destroyed the copy meanwhile wants no draft either.
        box = draft.mailbox(copy.mailbox) if copy is not None and draft.tree.get(copy.mailbox) is not None else None
        if copy is not None and box is not None:
            known = Row(copy.uid, copy.modseq, flag_set(copy.flags), copy.date, copy.size, copy.saved)
            row = box.row(copy.uid, known)
            if row is not None:
                flags = draft.admit(target, flag_set((row.flags.names | {DRAFT, SEEN}) - {DELETED}))
                modseq = draft.tick()
                row = draft.set_flags(box, row, flags, modseq)
                if box is not target:
                    grave = tombstone(self.account, box.document.id, row, self._key)
                    draft.move(box, [row], target, [grave], modseq)
        self._origin.set(draft, on=False)
        draft.tick()
        draft.cancel([one.id for one in self._deliveries])
        now = self.account.store.now()
        return [
            msgspec.structs.replace(one, status="canceled", queue="", ended=max(1, now)) for one in self._deliveries
        ]


async def take_back(account: Account, send_id: str) -> Sent:
    """Cancel a submission whose recipients nobody has tried to serve. Its copy in Sent is moved to Drafts and keeps its id.

    Doing so again changes nothing. Raises NotFoundError, ConflictError where it is too late, LimitError, UnavailableError.
    """
    send = await find_send(account, send_id)
    drafts = await mailbox_for(account, DRAFTS_ROLE)
    deliveries = await account.store.committer.submit(TakeBack(account, send, drafts.id))
    if not deliveries:
        found = await find_deliveries_of(account.store.database, [send.id], transcripts=False)
        deliveries = found.get(send.id, [])
    return Sent(send, deliveries)
