"""Moving messages: IMAP MOVE (RFC 6851). A message keeps its id, gets a new UID, and leaves a tombstone."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final

from correio.errors import ForbiddenError
from correio.ids import Kind, derived_id
from correio.mail.account import Account
from correio.mail.committer import Operation
from correio.mail.copy import Copied
from correio.mail.draft import Draft
from correio.mail.mailbox_index import Row
from correio.mail.portions import Finished, portions, unheard
from correio.store.documents import MessageDocument


def tombstone(account: Account, mailbox_id: str, row: Row, key: bytes) -> MessageDocument:
    """Return what a message that moves away leaves behind; its modseq is set when it is recorded."""
    return MessageDocument(
        id=derived_id(Kind.MESSAGE, account.id, key, row.uid),
        account=account.id,
        mailbox=mailbox_id,
        uid=row.uid,
        modseq=0,
        created=0,
        flags=[],
        date=row.date,
        saved=row.saved,
        size=row.size,
        email="",
        thread="",
        msgid=b"",
        expunged=True,
        gone=account.store.now(),
    )


class MoveMessages(Operation[Copied]):
    """Moves messages from one mailbox to another, all that are there or none."""

    def __init__(self, account: Account, mailbox_id: str, uids: list[int], target_id: str) -> None:
        super().__init__(account)
        self._mailbox_id: Final = mailbox_id
        self._target_id: Final = target_id
        self._uids: Final = uids
        self._key: Final = os.urandom(16)
        self.weight = 2 * len(uids)

    async def prepare(self) -> None:
        self._index = await self.account.index(self._mailbox_id)

    def plan(self, draft: Draft) -> Copied:
        box = draft.mailbox(self._mailbox_id)
        target = draft.mailbox(self._target_id)
        if not target.document.selectable:
            raise ForbiddenError("The target mailbox is a name with children only; it holds no messages.")
        rows = [row for uid in self._uids if (row := box.row(uid)) is not None]
        for row in rows:
            draft.admit(target, row.flags)
        if not rows:
            return Copied(target.document.uidvalidity, [])
        modseq = draft.tick()
        tombstones = [tombstone(self.account, self._mailbox_id, row, self._key) for row in rows]
        moved = draft.move(box, rows, target, tombstones, modseq)
        return Copied(target.document.uidvalidity, [(old.uid, new.uid) for old, new in zip(rows, moved, strict=True)])


async def move_messages(
    account: Account, mailbox_id: str, uids: Iterable[int], target_id: str, finished: Finished = unheard
) -> Copied:
    """Move messages. UIDs that are not there are passed over. Raises NotFoundError (either mailbox), ForbiddenError,
    LimitError, UnavailableError.

    Very many go in portions, of which ``finished`` is told: after an error the first of them may have moved, each wholly
    (RFC 6851 section 3.3).
    """
    account.mailbox(mailbox_id)
    moved = Copied(account.mailbox(target_id).uidvalidity, [])
    for portion in portions(sorted(set(uids)), finished):
        done = await account.store.committer.submit(MoveMessages(account, mailbox_id, list(portion), target_id))
        moved.pairs += done.pairs
    return moved
