"""The shared, in-memory index of one mailbox: a row a message, in UID order, as of an account modseq.

One object per mailbox and process serves every IMAP session, POP3 session and API request. It is only ever changed by
:meth:`MailboxIndex.apply`, on the event loop, with changes that are committed already.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from typing import Final

import msgspec

from correio.mail.flags import FlagSet

JOURNAL_LENGTH: Final = 4096


class Row(msgspec.Struct, frozen=True):
    """What the index knows of one message."""

    uid: int
    modseq: int
    flags: FlagSet
    date: int
    size: int
    saved: int


class MailboxChanges(msgspec.Struct, frozen=True):
    """One committed step of one mailbox: rows added (UIDs above all before), rows whose flags changed, UIDs that went."""

    modseq: int
    added: tuple[Row, ...] = ()
    changed: tuple[tuple[int, FlagSet, int], ...] = ()
    """(uid, flags, modseq)."""
    removed: tuple[int, ...] = ()
    newest: int = 0
    """The latest modseq among the changes, where they were read from the database: other processes may have committed more
    while ``modseq`` and they were read."""

    @property
    def last(self) -> int:
        """The modseq after which nothing of this step happened."""
        return max(self.modseq, self.newest)


class MailboxIndex:
    """Columns over the messages of a mailbox.

    ``uids`` may grow in place, and is replaced by a new array when messages go: whoever keeps a reference to it and its
    own length keeps an unchanging numbering at no cost.
    """

    __slots__ = (
        "__weakref__", "_floor", "_journal", "_last", "dates", "flags", "mailbox_id", "modseq", "modseqs", "saved", "sizes", "uids",
    )  # fmt: skip

    def __init__(self, mailbox_id: str, modseq: int, rows: Iterable[Row] = ()) -> None:
        self.mailbox_id: Final = mailbox_id
        self.modseq = modseq
        """The account modseq of the last change applied. The account sees to it that none is left out."""
        self.uids = array("I")
        self.modseqs = array("Q")
        self.flags: list[FlagSet] = []
        self.dates = array("q")
        self.sizes = array("Q")
        self.saved = array("q")
        for row in rows:
            self._append(row)
        self._journal: deque[MailboxChanges] = deque(maxlen=JOURNAL_LENGTH)
        self._floor = modseq
        self._last = modseq
        """No row is newer than this. Rows may be newer than ``modseq``, never older."""

    @classmethod
    def from_columns(
        cls, mailbox_id: str, modseq: int, columns: dict[str, array[int]], flags: list[FlagSet]
    ) -> MailboxIndex:
        """Return an index over columns that are whole already."""
        index = cls(mailbox_id, modseq)
        for name, column in columns.items():
            setattr(index, name, column)
        index.flags = flags
        return index

    def __len__(self) -> int:
        return len(self.flags)

    def _append(self, row: Row) -> None:
        self.uids.append(row.uid)
        self.modseqs.append(row.modseq)
        self.flags.append(row.flags)
        self.dates.append(row.date)
        self.sizes.append(row.size)
        self.saved.append(row.saved)

    def position(self, uid: int) -> int:
        """Return the row number (from 0) of a UID, or -1."""
        at = bisect_left(self.uids, uid)
        return at if at < len(self.uids) and self.uids[at] == uid else -1

    def row(self, uid: int) -> Row | None:
        """Return the row of a UID, or None."""
        at = self.position(uid)
        return None if at < 0 else self.row_at(at)

    def row_at(self, at: int) -> Row:
        """Return the row at a position from 0. Raises IndexError."""
        return Row(self.uids[at], self.modseqs[at], self.flags[at], self.dates[at], self.sizes[at], self.saved[at])

    def apply(self, changes: MailboxChanges, *, overlapping: bool = False) -> None:
        """Bring the index forward by one committed step. Raises ValueError when a new UID is not above all others.

        With ``overlapping`` some of the step may be in the index already, since the rows were read while it was made.
        """
        if changes.modseq <= self.modseq:
            return
        for uid, flags, modseq in changes.changed:
            at = self.position(uid)
            if at >= 0 and self.modseqs[at] < modseq:
                self.flags[at] = flags
                self.modseqs[at] = modseq
        if changes.removed:
            self._remove(changes.removed)
        last = self.uids[-1] if self.uids else 0
        for row in changes.added:
            if row.uid <= last and overlapping:
                at = self.position(row.uid)
                if at >= 0 and self.modseqs[at] < row.modseq:
                    self.flags[at] = row.flags
                    self.modseqs[at] = row.modseq
                continue
            if row.uid <= last:
                raise ValueError(f"UID {row.uid} after {last} in mailbox {self.mailbox_id}")
            self._append(row)
            last = row.uid
        if changes.added or changes.changed or changes.removed:
            if len(self._journal) == JOURNAL_LENGTH:
                self._floor = max(self._floor, self._journal[0].last)
            self._journal.append(changes)
            self._last = max(self._last, changes.last)
        self.modseq = changes.modseq
        self._last = max(self._last, self.modseq)

    def raise_floor(self, modseq: int) -> None:
        """What was removed up to this modseq cannot be told: the rows were read while others changed the mailbox."""
        self._floor = max(self._floor, modseq)
        self._last = max(self._last, modseq)

    def _remove(self, removed: tuple[int, ...]) -> None:
        gone = sorted({at for uid in removed if (at := self.position(uid)) >= 0})
        if not gone:
            return
        # New arrays, never in place: sessions number their messages by the old one until they may announce the expunge.
        kept: list[slice] = []
        start = 0
        for at in gone:
            if at > start:
                kept.append(slice(start, at))
            start = at + 1
        kept.append(slice(start, None))
        for name in ("uids", "modseqs", "dates", "sizes", "saved"):
            old: array[int] = getattr(self, name)
            new: array[int] = array(old.typecode)
            for piece in kept:
                new.extend(old[piece])
            setattr(self, name, new)
        self.flags = [flag for piece in kept for flag in self.flags[piece]]

    def changed_since(self, modseq: int) -> list[int]:
        """Return the UIDs, ascending, of present rows whose modseq is greater."""
        if modseq >= self._last:
            return []
        if modseq < self._floor:
            return [self.uids[at] for at, value in enumerate(self.modseqs) if value > modseq]
        touched: set[int] = set()
        for step in reversed(self._journal):
            if step.last <= modseq:
                break
            touched.update(row.uid for row in step.added)
            touched.update(uid for uid, _, _ in step.changed)
        # A step may stand for several commits, of which only the later ones are asked for.
        return sorted(uid for uid in touched if (at := self.position(uid)) >= 0 and self.modseqs[at] > modseq)

    def removed_since(self, modseq: int) -> list[int] | None:
        """Return the UIDs removed after a modseq, ascending, or None where the journal does not reach back so far."""
        if modseq < self._floor:
            return None
        gone: set[int] = set()
        for step in reversed(self._journal):
            if step.last <= modseq:
                break
            gone.update(step.removed)
        return sorted(gone)
