"""A draft of the next step of an account: what operations plan, and the writes that make it true.

Pure: an operation reads the account as of the last step, sees what earlier operations of the same group will have done,
and records what it does itself. An operation checks everything before it records anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from correio.errors import LimitError, NotFoundError, QuotaExceededError
from correio.mail.account import Account, AccountStep
from correio.mail.draft_writes import changed_fields, expunge_writes, flag_writes, joined_moves
from correio.mail.flags import FlagSet, flag_set
from correio.mail.mailbox_index import MailboxChanges, MailboxIndex, Row
from correio.mail.mailbox_tree import MailboxTree
from correio.store.documents import (
    AnnotationDocument,
    MailboxDocument,
    MessageDocument,
    SieveMemoryDocument,
    SieveScriptDocument,
)
from correio.store.queue_documents import DeliveryDocument, OnceDocument, SendDocument
from correio.store.transaction import (
    AccountWrite,
    CancelWrite,
    MailboxWrite,
    MoveWrite,
    Writes,
)

MAX_UID: Final = 2**32 - 1


class DeferError(Exception):
    """An earlier operation of the same group touched what this one needs: plan it in the next group."""


class DraftMailbox:
    """A mailbox in a draft: its document as it will be, and the rows that change."""

    def __init__(self, document: MailboxDocument, index: MailboxIndex | None, *, new: bool = False) -> None:
        self.document: Final = document
        self.before: Final = msgspec.structs.replace(document, keywords=list(document.keywords))
        self.index: Final = index
        self.new: Final = new
        self.touched = new
        self.changed: dict[int, Row] = {}
        self.removed: dict[int, int] = {}
        """UID to modseq."""
        self.added: list[Row] = []

    def row(self, uid: int, known: Row | None = None) -> Row | None:
        """Return a message as it is before this operation; ``known`` is what was read where no index is loaded."""
        if uid in self.removed:
            return None
        changed = self.changed.get(uid)
        if changed is not None:
            return changed
        return self.index.row(uid) if self.index is not None else known


class Draft:
    """The next step of one account."""

    def __init__(self, account: Account) -> None:
        self.account: Final = account
        self.expected: Final = account.modseq
        self.document: Final = msgspec.structs.replace(account.document, turn="", turn_until=0.0)
        self.mutations = 0
        """How many changes were recorded; an operation that fails after it recorded some spoils the draft."""
        self.annotated: set[str] = set()
        """The ids of mailboxes whose annotations change; empty text stands for the account itself."""
        self._annotations: list[AnnotationDocument] = []
        self._forgotten: list[str] = []
        self._boxes: dict[str, DraftMailbox] = {}
        self._messages: list[MessageDocument] = []
        self._moves: list[MoveWrite] = []
        self._sends: list[SendDocument] = []
        self._deliveries: list[DeliveryDocument] = []
        self._onces: list[OnceDocument] = []
        self._scripts: list[SieveScriptDocument] = []
        self._removed_scripts: list[str] = []
        self._memories: list[SieveMemoryDocument] = []
        self._cancels: list[CancelWrite] = []
        self._tree: MailboxTree | None = None

    # Reading

    @property
    def tree(self) -> MailboxTree:
        """The mailboxes with what this draft did to them."""
        if self._tree is None:
            documents: dict[str, MailboxDocument] = {mailbox.id: mailbox for mailbox in self.account.mailboxes}
            documents.update({box.document.id: box.document for box in self._boxes.values()})
            self._tree = MailboxTree(documents.values())
        return self._tree

    def mailbox(self, mailbox_id: str) -> DraftMailbox:
        """Return a mailbox. Raises NotFoundError, also for one deleted in this draft."""
        box = self._boxes.get(mailbox_id)
        if box is None:
            mailbox = self.account.mailbox(mailbox_id)
            fields = {name: getattr(mailbox, name) for name in MailboxDocument.__struct_fields__}
            fields["keywords"] = list(mailbox.keywords)
            document = MailboxDocument(**fields)
            box = self._boxes[mailbox_id] = DraftMailbox(document, self.account.loaded_index(mailbox_id))
        if box.document.deleted:
            raise NotFoundError("There is no such mailbox.")
        return box

    def room_for(self, octets: int, messages: int = 1) -> None:
        """Raise QuotaExceededError when the account has no room for so many messages more, of so many octets together.

        What takes nothing more always fits, also where the account is over a quota that was lowered.
        """
        quota, message_quota = self.account.quota, self.account.message_quota
        if quota and octets > 0 and self.document.used + octets > quota:
            raise QuotaExceededError(
                f"The account holds {self.document.used} of {quota} octets and has no room for {octets} more.",
                never=octets > quota,
            )
        if message_quota and messages > 0 and self.document.messages + messages > message_quota:
            raise QuotaExceededError(
                f"The account holds {self.document.messages} of {message_quota} messages and has no room for "
                f"{messages} more.",
                never=messages > message_quota,
            )

    def admit(self, box: DraftMailbox, flags: FlagSet) -> FlagSet:
        """Return the flags with keywords in the spelling the mailbox knows. Raises LimitError for too many keywords."""
        names = [name for name in flags.names if not name.startswith("\\")]
        if not names:
            return flags
        known = {keyword.casefold(): keyword for keyword in box.document.keywords}
        fresh = [name for name in names if name.casefold() not in known]
        if len(known) + len(fresh) > self.account.store.settings.limits.keywords:
            raise LimitError("This mailbox has as many different keywords as it may have.")
        for name in fresh:
            known[name.casefold()] = name
            box.document.keywords.append(name)
        return flag_set(frozenset(known.get(name.casefold(), name) for name in flags.names))

    # Recording

    def tick(self) -> int:
        """Begin an operation's changes: returns its own modseq."""
        self.mutations += 1
        self.document.modseq += 1
        return self.document.modseq

    def touch(self, box: DraftMailbox, modseq: int) -> None:
        """The mailbox changed at this modseq."""
        box.touched = True
        box.document.modseq = modseq
        self.mutations += 1

    def restructure(self, box: DraftMailbox, modseq: int) -> None:
        """The mailbox's name, parent, role or existence changed at this modseq."""
        self.touch(box, modseq)
        self._tree = None

    def add_mailbox(self, document: MailboxDocument) -> DraftMailbox:
        """A new mailbox, whose ``uidvalidity`` is set here."""
        document.uidvalidity = self.next_uidvalidity()
        box = self._boxes[document.id] = DraftMailbox(document, None, new=True)
        self.mutations += 1
        self._tree = None
        return box

    def next_uidvalidity(self) -> int:
        """Return a UIDVALIDITY that no mailbox of this account had."""
        self.document.uidvalidity = max(self.document.uidvalidity + 1, self.account.store.now())
        return self.document.uidvalidity

    def _next_uids(self, box: DraftMailbox, count: int) -> int:
        first = box.document.uidnext
        if first + count - 1 > MAX_UID:
            raise LimitError("This mailbox has no UIDs left; move its messages to a new one.")
        box.document.uidnext = first + count
        return first

    def add_message(self, box: DraftMailbox, message: MessageDocument, modseq: int) -> None:
        """A new message; its mailbox, uid and modseq are set here."""
        message.mailbox = box.document.id
        message.uid = self._next_uids(box, 1)
        message.modseq = modseq
        flags = flag_set(message.flags)
        self._count(box, flags, message.size, 1)
        self.document.used += message.size
        self.document.messages += 1
        box.added.append(Row(message.uid, modseq, flags, message.date, message.size, message.saved))
        self._messages.append(message)
        self.touch(box, modseq)

    def set_flags(self, box: DraftMailbox, row: Row, flags: FlagSet, modseq: int) -> Row:
        """A message gets these flags. Returns its new row."""
        if row.flags.seen != flags.seen:
            box.document.unseen += 1 if row.flags.seen else -1
        new = msgspec.structs.replace(row, flags=flags, modseq=modseq)
        box.changed[row.uid] = new
        self.touch(box, modseq)
        return new

    def expunge(self, box: DraftMailbox, row: Row, modseq: int) -> None:
        """A message goes for good."""
        box.changed.pop(row.uid, None)
        box.removed[row.uid] = modseq
        self._count(box, row.flags, row.size, -1)
        self.document.used -= row.size
        self.document.messages -= 1
        self.touch(box, modseq)

    def move(
        self, box: DraftMailbox, rows: list[Row], target: DraftMailbox, tombstones: list[MessageDocument], modseq: int
    ) -> list[Row]:
        """Messages go to another mailbox, in UID order, and leave their tombstones. Returns their new rows."""
        first = self._next_uids(target, len(rows))
        saved = self.account.store.now()
        moved: list[Row] = []
        for at, row in enumerate(rows):
            flags = self.admit(target, row.flags)
            new = Row(first + at, modseq, flags, row.date, row.size, saved)
            rewritten = flags if flags is not row.flags or row.uid in box.changed else None
            box.changed.pop(row.uid, None)
            self._moves.append(
                MoveWrite(
                    box.document.account, box.document.id, row.uid, row.uid, target.document.id, new.uid - row.uid, modseq, saved,
                    None if rewritten is None else rewritten.ordered,
                )
            )  # fmt: skip
            box.removed[row.uid] = 0
            self._count(box, row.flags, row.size, -1)
            self._count(target, flags, row.size, 1)
            target.added.append(new)
            moved.append(new)
        for tombstone in tombstones:
            tombstone.modseq = modseq
            self._messages.append(tombstone)
        self.touch(box, modseq)
        self.touch(target, modseq)
        return moved

    def annotate(
        self, mailbox_id: str, documents: list[AnnotationDocument], forgotten: list[str], growth: int, modseq: int
    ) -> None:
        """Entries of a mailbox, or of the account, are set or removed, and all of them grow by so many octets."""
        self.mutations += 1
        self.annotated.add(mailbox_id)
        self.document.annotated = modseq
        self.document.annotation_size += growth
        self._annotations += documents
        self._forgotten += forgotten
        if mailbox_id and growth:
            box = self.mailbox(mailbox_id)
            box.document.annotation_size += growth
            self.touch(box, modseq)

    def send(
        self, send: SendDocument, deliveries: Sequence[DeliveryDocument], once: OnceDocument | None = None
    ) -> None:
        """A message goes out, to be found in the queue once this is committed. Call :meth:`tick` beside it."""
        self.mutations += 1
        self._sends.append(send)
        self._deliveries += deliveries
        if once is not None:
            self._onces.append(once)

    def put_script(self, script: SieveScriptDocument) -> None:
        """A script is new, or has another text. Call :meth:`tick` beside it."""
        self.mutations += 1
        self._scripts.append(script)

    def remove_script(self, script_id: str) -> None:
        """A script goes. Call :meth:`tick` beside it."""
        self.mutations += 1
        self._removed_scripts.append(script_id)

    def remember(self, memories: Sequence[SieveMemoryDocument]) -> None:
        """Rules remember something, in place of what they remembered under the same ids. Call :meth:`tick` beside it."""
        self.mutations += 1
        self._memories += memories

    def cancel(self, delivery_ids: Sequence[str]) -> None:
        """Deliveries that nobody has tried end; where somebody has, it is planned again. Call :meth:`tick` beside it."""
        self.mutations += 1
        self._cancels.append(CancelWrite(tuple(delivery_ids), self.account.store.now()))

    @staticmethod
    def _count(box: DraftMailbox, flags: FlagSet, size: int, sign: int) -> None:
        box.document.exists += sign
        box.document.size += sign * size
        if not flags.seen:
            box.document.unseen += sign

    # The result

    @property
    def empty(self) -> bool:
        """Whether nothing was recorded."""
        return self.document.modseq == self.expected

    def add_to(self, writes: Writes) -> None:
        """Put this draft's writes into a transaction."""
        changed = changed_fields(self.account.document, self.document)
        writes.accounts.append(AccountWrite(self.expected, self.document, changed))
        for box in self._boxes.values():
            if box.new:
                writes.new_mailboxes.append(box.document)
            elif box.touched:
                writes.mailboxes.append(MailboxWrite(box.document, changed_fields(box.before, box.document)))
            writes.changes += flag_writes(box)
            writes.changes += expunge_writes(box, self.account.store.now())
        writes.annotations += self._annotations
        writes.forgotten_annotations += self._forgotten
        writes.changes += joined_moves(self._moves)
        writes.messages += self._messages
        writes.sends += self._sends
        writes.deliveries += self._deliveries
        writes.onces += self._onces
        writes.scripts += self._scripts
        writes.removed_scripts += self._removed_scripts
        writes.memories += self._memories
        writes.cancels += self._cancels

    def step(self) -> AccountStep:
        """Return what this draft means for the account once it is committed."""
        touched = [box for box in self._boxes.values() if box.touched]
        modseq = self.document.modseq
        changes = [
            (
                box.document.id,
                MailboxChanges(
                    modseq,
                    tuple(box.added),
                    tuple((row.uid, row.flags, row.modseq) for row in box.changed.values()),
                    tuple(box.removed),
                ),
            )
            for box in touched
            if box.added or box.changed or box.removed
        ]
        return AccountStep(self.expected, self.document, tuple(box.document for box in touched), tuple(changes))
