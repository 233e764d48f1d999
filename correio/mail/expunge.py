"""Removing messages for good: IMAP EXPUNGE and UID EXPUNGE, POP3 QUIT. Each leaves a tombstone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from correio.mail.account import Account
from correio.mail.committer import Operation
from correio.mail.draft import Draft
from correio.mail.flags import DELETED


class ExpungeMessages(Operation[list[int]]):
    """Removes messages of one mailbox."""

    def __init__(self, account: Account, mailbox_id: str, uids: list[int] | None, *, only_deleted: bool) -> None:
        super().__init__(account)
        self._mailbox_id: Final = mailbox_id
        self._uids: Final = uids
        self._only_deleted: Final = only_deleted
        self.weight = len(uids) // 2 + 1 if uids is not None else 1

    async def prepare(self) -> None:
        index = await self.account.index(self._mailbox_id)
        self._index = index
        if self._uids is None:
            self._candidates = [uid for uid, flags in zip(index.uids, index.flags, strict=True) if DELETED in flags]
        else:
            self._candidates = self._uids

    def plan(self, draft: Draft) -> list[int]:
        box = draft.mailbox(self._mailbox_id)
        rows = [
            row
            for uid in self._candidates
            if (row := box.row(uid)) is not None and (not self._only_deleted or DELETED in row.flags)
        ]
        modseq = draft.tick() if rows else 0
        for row in rows:
            draft.expunge(box, row, modseq)
        return [row.uid for row in rows]


async def expunge_messages(
    account: Account, mailbox_id: str, uids: Iterable[int] | None = None, *, only_deleted: bool = True
) -> list[int]:
    """Remove messages, all of a mailbox or those given, and of them only what is flagged \\Deleted unless told otherwise.

    Returns the UIDs that went, ascending. Raises NotFoundError (mailbox), UnavailableError.
    """
    chosen = None if uids is None else sorted(set(uids))
    operation = ExpungeMessages(account, mailbox_id, chosen, only_deleted=only_deleted)
    if chosen is None:
        index = await account.index(mailbox_id)
        operation.weight = 1 + sum(DELETED in flags for flags in index.flags) // 2
    return await account.store.committer.submit(operation)
