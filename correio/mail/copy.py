"""Copying messages to another mailbox: IMAP COPY. A copy has an id and a UID of its own and the same EMAILID and parts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from correio.errors import ForbiddenError, MailError
from correio.ids import Kind, derived_id
from correio.mail.account import Account
from correio.mail.committer import Operation
from correio.mail.draft import Draft
from correio.mail.expunge import expunge_messages
from correio.mail.portions import portions
from correio.mail.room import submit_if_room
from correio.store.documents import MessageDocument
from correio.store.messages import find_messages_by_uid


class Copied(msgspec.Struct):
    """Where messages came to lie (RFC 4315 COPYUID)."""

    uidvalidity: int
    pairs: list[tuple[int, int]]
    """(source uid, destination uid), ascending; sources that were gone are left out."""


class CopyMessages(Operation[Copied]):
    """Copies one portion of messages, all that are there or none."""

    def __init__(self, account: Account, mailbox_id: str, sources: list[MessageDocument], target_id: str) -> None:
        super().__init__(account)
        self._mailbox_id: Final = mailbox_id
        self._target_id: Final = target_id
        key = os.urandom(16)
        self._sources: Final = sources
        self._ids: Final = {source.uid: derived_id(Kind.MESSAGE, account.id, key, source.uid) for source in sources}
        self.weight = len(sources)
        self.octets = sum(len(source.source) + len(source.parsed) + len(source.envelope) for source in sources)
        self.inserts = list(self._ids.values())

    async def prepare(self) -> None:
        self._index = await self.account.index(self._mailbox_id)

    def plan(self, draft: Draft) -> Copied:
        box = draft.mailbox(self._mailbox_id)
        target = draft.mailbox(self._target_id)
        if not target.document.selectable:
            raise ForbiddenError("The target mailbox is a name with children only; it holds no messages.")
        found = [(source, row) for source in self._sources if (row := box.row(source.uid)) is not None]
        draft.room_for(sum(source.size for source, _ in found), len(found))
        admitted = [draft.admit(target, row.flags) for _, row in found]
        now = self.account.store.now()
        copied = Copied(target.document.uidvalidity, [])
        modseq = draft.tick() if found else 0
        for (source, _), flags in zip(found, admitted, strict=True):
            copy = msgspec.structs.replace(
                source, id=self._ids[source.uid], created=modseq, flags=list(flags.ordered), saved=now
            )
            draft.add_message(target, copy, modseq)
            copied.pairs.append((source.uid, copy.uid))
        return copied

    def recover(self, stored: dict[str, MessageDocument]) -> Copied:
        target = self.account.mailbox(self._target_id)
        pairs = [(uid, stored[new].uid) for uid, new in self._ids.items() if new in stored]
        return Copied(target.uidvalidity, pairs)


async def copy_messages(account: Account, mailbox_id: str, uids: Iterable[int], target_id: str) -> Copied:
    """Copy messages with their flags and dates. Raises NotFoundError (either mailbox), ForbiddenError, QuotaExceededError,
    LimitError, UnavailableError.

    Very many are copied in portions. Where one fails, the copies made before are removed again (RFC 9051 section 6.4.7).
    """
    account.mailbox(mailbox_id)
    copied = Copied(account.mailbox(target_id).uidvalidity, [])
    try:
        for portion in portions(sorted(set(uids))):
            done = await submit_if_room(account, await _read(account, mailbox_id, portion, target_id))
            copied.pairs += done.pairs
    except MailError:
        if copied.pairs:
            await expunge_messages(account, target_id, [new for _, new in copied.pairs], only_deleted=False)
        raise
    return copied


async def _read(account: Account, mailbox_id: str, uids: Sequence[int], target_id: str) -> CopyMessages:
    found = await find_messages_by_uid(account.store.database, account.id, mailbox_id, uids)
    asked = set(uids)
    sources = sorted((source for source in found if source.uid in asked), key=lambda one: one.uid)
    return CopyMessages(account, mailbox_id, sources, target_id)
