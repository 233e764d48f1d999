"""Which mailboxes of an account changed lately, and what they were before: what NOTIFY (RFC 5465) tells from.

One object per account serves every session that listens, and each remembers no more than a modseq. Pure.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from correio.mail.mailbox_tree import Mailbox, MailboxTree
from correio.store.documents import MailboxDocument

JOURNAL_LENGTH: Final = 4096


class MailboxBefore(msgspec.Struct, frozen=True):
    """A mailbox as it was before a change."""

    path: str
    selectable: bool
    subscribed: bool
    uidvalidity: int
    uidnext: int
    exists: int
    unseen: int


def _before(mailbox: Mailbox) -> MailboxBefore:
    return MailboxBefore(
        mailbox.path,
        mailbox.selectable,
        mailbox.subscribed,
        mailbox.uidvalidity,
        mailbox.uidnext,
        mailbox.exists,
        mailbox.unseen,
    )


class MailboxPeriod(msgspec.Struct, frozen=True):
    """All that changed after some modseq."""

    mailboxes: dict[str, MailboxBefore | None]
    """Mailbox id to what it was at that modseq, None where it was not there; in the order of the changes."""
    dangling: Sequence[str] | None
    """The subscriptions without a mailbox as they were at that modseq; None: they are as they were."""


class _Step(msgspec.Struct, frozen=True):
    modseq: int
    mailboxes: tuple[tuple[str, MailboxBefore | None], ...]
    dangling: Sequence[str] | None


class MailboxJournal:
    """The last steps of an account, as far as they concern whole mailboxes."""

    def __init__(self, modseq: int) -> None:
        self._floor = modseq
        self._steps: deque[_Step] = deque(maxlen=JOURNAL_LENGTH)

    def record(
        self,
        modseq: int,
        tree: MailboxTree,
        documents: Iterable[MailboxDocument],
        dangling: Sequence[str] | None,
    ) -> None:
        """Note a step before it is taken in: ``tree`` is as it was.

        ``dangling`` are the subscriptions without a mailbox as they were, if they change.
        """
        mailboxes = tuple(
            (document.id, None if (found := tree.get(document.id)) is None else _before(found))
            for document in documents
        )
        if len(self._steps) == JOURNAL_LENGTH:
            self._floor = self._steps[0].modseq
        self._steps.append(_Step(modseq, mailboxes, dangling))

    def since(self, modseq: int) -> MailboxPeriod | None:
        """Return what changed after a modseq, or None where the journal does not reach back so far."""
        if modseq < self._floor:
            return None
        steps: list[_Step] = []
        for step in reversed(self._steps):
            if step.modseq <= modseq:
                break
            steps.append(step)
        mailboxes: dict[str, MailboxBefore | None] = {}
        dangling: Sequence[str] | None = None
        for step in reversed(steps):
            for mailbox_id, before in step.mailboxes:
                mailboxes.setdefault(mailbox_id, before)
            if dangling is None:
                dangling = step.dangling
        return MailboxPeriod(mailboxes, dangling)
