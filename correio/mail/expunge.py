"""Removing messages for good: IMAP EXPUNGE and UID EXPUNGE, POP3 QUIT. Each leaves a tombstone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from correio.mail.account import Account
from correio.mail.committer import Operation
from correio.mail.draft import Draft
from correio.mail.flags import DELETED
from correio.mail.portions import Finished, portions, unheard


class ExpungeMessages(Operation[list[int]]):
    """Removes messages of one mailbox."""

    def __init__(self, account: Account, mailbox_id: str, uids: list[int], *, only_deleted: bool) -> None:
        super().__init__(account)
        self._mailbox_id: Final = mailbox_id
        self._uids: Final = uids
        self._only_deleted: Final = only_deleted
        self.weight = max(1, len(uids))

    async def prepare(self) -> None:
        self._index = await self.account.index(self._mailbox_id)

    def plan(self, draft: Draft) -> list[int]:
        box = draft.mailbox(self._mailbox_id)
        rows = [
            row
            for uid in self._uids
            if (row := box.row(uid)) is not None and (not self._only_deleted or DELETED in row.flags)
        ]
        modseq = draft.tick() if rows else 0
        for row in rows:
            draft.expunge(box, row, modseq)
        return [row.uid for row in rows]


async def expunge_messages(
    account: Account,
    mailbox_id: str,
    uids: Iterable[int] | None = None,
    *,
    only_deleted: bool = True,
    all_or_none: bool = False,
    finished: Finished = unheard,
) -> list[int]:
    """Remove messages, all of a mailbox or those given, and of them only what is flagged \\Deleted unless told otherwise.

    Returns the UIDs that went, ascending. Raises NotFoundError (mailbox), UnavailableError. Very many go in portions unless
    ``all_or_none``, of which ``finished`` is told: after an error the first of them may be gone.
    """
    index = await account.index(mailbox_id)
    if uids is None:
        chosen = [uid for uid, flags in zip(index.uids, index.flags, strict=True) if DELETED in flags]
    else:
        chosen = sorted(set(uids))
    gone: list[int] = []
    for portion in [chosen] if all_or_none else portions(chosen, finished):
        operation = ExpungeMessages(account, mailbox_id, list(portion), only_deleted=only_deleted)
        done = await account.store.committer.submit(operation)
        gone += done
    return gone
