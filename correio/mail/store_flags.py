"""Changing flags: IMAP STORE with CONDSTORE (RFC 7162 section 3.1.3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from correio.mail.account import Account
from correio.mail.committer import Operation
from correio.mail.draft import Draft
from correio.mail.flags import FlagSet, flag_set
from correio.mail.mailbox_index import Row
from correio.mail.portions import Finished, portions, unheard


class FlagChange(msgspec.Struct, frozen=True):
    """What to do to the flags of a message."""

    mode: Literal["add", "remove", "replace"]
    flags: FlagSet

    def applied(self, flags: FlagSet) -> FlagSet:
        """Return the flags after the change."""
        match self.mode:
            case "add":
                names = flags.names | self.flags.names
            case "remove":
                gone = {name.casefold() for name in self.flags.names}
                names = frozenset(name for name in flags.names if name.casefold() not in gone)
            case "replace":
                names = self.flags.names
        return flag_set(names)


class FlagResult(msgspec.Struct):
    """What became of the messages that were there."""

    updated: list[Row] = msgspec.field(default_factory=list)
    """Every message whose flags are now as asked, changed or not, by UID."""
    modified: list[int] = msgspec.field(default_factory=list)
    """UIDs left alone as they had changed since ``unchanged_since``."""


class StoreFlags(Operation[FlagResult]):
    """Changes the flags of messages in one mailbox. Those that had them already keep their modseq."""

    def __init__(
        self, account: Account, mailbox_id: str, uids: list[int], change: FlagChange, unchanged_since: int | None
    ) -> None:
        super().__init__(account)
        self._mailbox_id: Final = mailbox_id
        self._uids: Final = uids
        self._change: Final = change
        self._unchanged_since: Final = unchanged_since
        self.weight = max(1, len(uids))

    async def prepare(self) -> None:
        self._index = await self.account.index(self._mailbox_id)

    def plan(self, draft: Draft) -> FlagResult:
        box = draft.mailbox(self._mailbox_id)
        admitted = self._change.flags if self._change.mode == "remove" else draft.admit(box, self._change.flags)
        change = FlagChange(self._change.mode, admitted)
        result = FlagResult()
        modseq = 0
        for uid in self._uids:
            row = box.row(uid)
            if row is None:
                continue
            if self._unchanged_since is not None and row.modseq > self._unchanged_since:
                result.modified.append(uid)
                continue
            flags = change.applied(row.flags)
            if flags != row.flags:
                modseq = modseq or draft.tick()
                row = draft.set_flags(box, row, flags, modseq)
            result.updated.append(row)
        return result


async def store_flags(
    account: Account,
    mailbox_id: str,
    uids: Iterable[int],
    change: FlagChange,
    unchanged_since: int | None = None,
    finished: Finished = unheard,
) -> FlagResult:
    """Change flags. UIDs that are not there are passed over. Raises NotFoundError (mailbox), LimitError, UnavailableError.

    Very many are changed in portions, of which ``finished`` is told: after an error the first of them may be changed.
    """
    result = FlagResult()
    for portion in portions(sorted(set(uids)), finished):
        operation = StoreFlags(account, mailbox_id, list(portion), change, unchanged_since)
        done = await account.store.committer.submit(operation)
        result.updated += done.updated
        result.modified += done.modified
    return result
