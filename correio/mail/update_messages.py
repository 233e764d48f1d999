"""Changing and removing messages by id, wherever they lie: what REST and GraphQL do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

import msgspec

from correio.errors import ForbiddenError, StateMismatchError
from correio.mail.account import Account
from correio.mail.committer import Operation
from correio.mail.draft import DeferError, Draft, DraftMailbox
from correio.mail.flags import flag_set
from correio.mail.mailbox_index import Row
from correio.mail.move import tombstone
from correio.store.documents import MessageDocument
from correio.store.messages import find_messages


class MessageUpdate(msgspec.Struct, frozen=True):
    """What to do to messages. ``replace`` sets the flags to exactly these, before ``add`` and ``remove``."""

    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    replace: frozenset[str] | None = None
    move_to: str | None = None

    def applied(self, flags: frozenset[str]) -> frozenset[str]:
        """Return the flags after the update."""
        gone = {name.casefold() for name in self.remove}
        names = (flags if self.replace is None else self.replace) | self.add
        return frozenset(name for name in names if name.casefold() not in gone)


class UpdatedMessage(msgspec.Struct, frozen=True):
    """Where a message lies now, and as what."""

    mailbox: str
    row: Row


class UpdateResult(msgspec.Struct):
    """What became of the messages."""

    updated: dict[str, UpdatedMessage] = msgspec.field(default_factory=dict)
    missing: list[str] = msgspec.field(default_factory=list)


def _row(document: MessageDocument) -> Row:
    return Row(document.uid, document.modseq, flag_set(document.flags), document.date, document.size, document.saved)


class _ById(Operation[UpdateResult]):
    def __init__(self, account: Account, ids: Sequence[str], if_modseq: int | None) -> None:
        super().__init__(account)
        self._ids: Final = list(dict.fromkeys(ids))
        self._if_modseq: Final = if_modseq
        self._key: Final = os.urandom(16)
        self.weight = 2 * len(self._ids)

    async def prepare(self) -> None:
        # In the account's turn: no rival of this process can move them before the plan, and the guard sees all others.
        found = await find_messages(self.account.store.database, self.account.id, self._ids)
        self._found = {document.id: document for document in found}

    def _rows(self, draft: Draft) -> tuple[list[tuple[str, DraftMailbox, Row]], list[str]]:
        present: list[tuple[str, DraftMailbox, Row]] = []
        missing: list[str] = []
        for message_id in self._ids:
            document = self._found.get(message_id)
            if document is None or draft.tree.get(document.mailbox) is None:
                missing.append(message_id)
                continue
            box = draft.mailbox(document.mailbox)
            if document.uid in box.removed:
                raise DeferError
            row = box.row(document.uid, _row(document))
            if row is None:
                missing.append(message_id)
                continue
            if self._if_modseq is not None and row.modseq > self._if_modseq:
                raise StateMismatchError("The message has changed since that state; read it again.")
            present.append((message_id, box, row))
        return present, missing


class UpdateMessages(_ById):
    """Changes flags and moves, by message id."""

    def __init__(self, account: Account, ids: Sequence[str], update: MessageUpdate, if_modseq: int | None) -> None:
        super().__init__(account, ids, if_modseq)
        self._update: Final = update

    def plan(self, draft: Draft) -> UpdateResult:
        update = self._update
        target = None if update.move_to is None else draft.mailbox(update.move_to)
        if target is not None and not target.document.selectable:
            raise ForbiddenError("The target mailbox is a name with children only; it holds no messages.")
        present, missing = self._rows(draft)
        planned = []
        for message_id, box, row in present:
            flags = draft.admit(box, flag_set(update.applied(row.flags.names)))
            if target is not None:
                draft.admit(target, flags)
            planned.append((message_id, box, row, flags))
        result = UpdateResult(missing=missing)
        modseq = 0
        for message_id, box, row, flags in planned:
            now = row
            if flags != row.flags:
                modseq = modseq or draft.tick()
                now = draft.set_flags(box, row, flags, modseq)
            home = box
            if target is not None and target is not box:
                modseq = modseq or draft.tick()
                grave = tombstone(self.account, box.document.id, now, self._key + box.document.id.encode())
                now = draft.move(box, [now], target, [grave], modseq)[0]
                home = target
            result.updated[message_id] = UpdatedMessage(home.document.id, now)
        return result


class DestroyMessages(_ById):
    """Removes messages for good, by id."""

    def plan(self, draft: Draft) -> UpdateResult:
        present, missing = self._rows(draft)
        modseq = draft.tick() if present else 0
        result = UpdateResult(missing=missing)
        for message_id, box, row in present:
            draft.expunge(box, row, modseq)
            result.updated[message_id] = UpdatedMessage(box.document.id, row)
        return result


async def update_messages(
    account: Account, message_ids: Sequence[str], update: MessageUpdate, if_modseq: int | None = None
) -> UpdateResult:
    """Change flags or move messages by id, in one step. Flags are canonical (see ``correio.mail.flags``).

    ``if_modseq`` is the modseq after which none of them may have changed. Raises StateMismatchError, NotFoundError (target,
    a mailbox), ForbiddenError, LimitError, UnavailableError. Ids that are not there are in ``missing``.
    """
    return await account.store.committer.submit(UpdateMessages(account, message_ids, update, if_modseq))


async def destroy_messages(account: Account, message_ids: Sequence[str], if_modseq: int | None = None) -> UpdateResult:
    """Remove messages for good, by id, in one step. Raises StateMismatchError, UnavailableError."""
    return await account.store.committer.submit(DestroyMessages(account, message_ids, if_modseq))
