"""What sending a draft changes beside: the draft goes, and the message it answers or forwards is marked as such."""

from __future__ import annotations

from typing import Final

import msgspec

from correio.errors import LimitError, NotFoundError, StateMismatchError
from correio.mail.account import Account
from correio.mail.draft import Draft, DraftMailbox
from correio.mail.flags import flag_set
from correio.mail.mailbox_index import Row
from correio.store.documents import MessageDocument
from correio.store.messages import find_messages


class SentDraft(msgspec.Struct, frozen=True):
    """The draft that a submission is made from, as it was read."""

    mailbox: str
    uid: int
    if_modseq: int | None = None
    """The modseq after which it may not have changed."""
    origin: str = ""
    """The id of the message it answers or forwards."""
    flag: str = ""
    """What that message is marked with."""


class MessageFlag:
    """The flag of one message, wherever it lies, to be set or taken beside another change."""

    def __init__(self, account: Account, message_id: str, flag: str) -> None:
        self._account: Final = account
        self._id: Final = message_id
        self._flag: Final = flag
        self._found: MessageDocument | None = None

    async def prepare(self) -> None:
        """Find the message."""
        found = await find_messages(self._account.store.database, self._account.id, [self._id]) if self._id else []
        self._found = found[0] if found else None

    def set(self, draft: Draft, *, on: bool) -> bool:
        """Record it. Returns whether it changes anything: the message may be gone, or have it already."""
        place = self._place(draft)
        if place is None:
            return False
        box, row = place
        names = row.flags.names | {self._flag} if on else row.flags.names - {self._flag}
        if names == row.flags.names:
            return False
        try:
            flags = draft.admit(box, flag_set(names))
        except LimitError:
            return False  # a mark is no reason not to send
        draft.set_flags(box, row, flags, draft.tick())
        return True

    def _place(self, draft: Draft) -> tuple[DraftMailbox, Row] | None:
        found = self._found
        if found is None or draft.tree.get(found.mailbox) is None:
            return None
        box = draft.mailbox(found.mailbox)
        known = Row(found.uid, found.modseq, flag_set(found.flags), found.date, found.size, found.saved)
        row = box.row(found.uid, known)
        return None if row is None else (box, row)


class DraftLeaving:
    """The draft's part of the transaction that sends it."""

    def __init__(self, account: Account, sent: SentDraft) -> None:
        self._account: Final = account
        self._sent: Final = sent
        self._origin: Final = MessageFlag(account, sent.origin, sent.flag)

    async def prepare(self) -> None:
        """Read what the plan needs."""
        self._index = await self._account.index(self._sent.mailbox)
        await self._origin.prepare()

    def check(self, draft: Draft) -> Row:
        """Return the draft's row. Raises NotFoundError, StateMismatchError."""
        row = draft.mailbox(self._sent.mailbox).row(self._sent.uid)
        if row is None:
            raise NotFoundError("The draft is gone.")
        if self._sent.if_modseq is not None and row.modseq > self._sent.if_modseq:
            raise StateMismatchError("The draft has changed since that version; read it again.")
        return row

    def record(self, draft: Draft, row: Row) -> list[str]:
        """Record that the draft goes. Returns what ``SendDocument.marked`` keeps."""
        draft.expunge(draft.mailbox(self._sent.mailbox), row, draft.tick())
        return [self._sent.origin, self._sent.flag] if self._origin.set(draft, on=True) else []
