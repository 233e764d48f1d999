"""The view one session has of its selected mailbox: the numbering it has been told, and what it has yet to be told.

A session keeps its sequence numbers until it may announce expunges (RFC 9051 section 5.5 and 7.5.1): flags are read from
the shared index at any time, numbers from here alone.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Final

import msgspec

from correio.mail.mailbox_index import MailboxIndex


class ViewDelta(msgspec.Struct, frozen=True):
    """What to tell the client, in this order."""

    expunged: tuple[tuple[int, int], ...]
    """(sequence number, uid), in the order to announce: each number is valid after the announcements before it."""
    exists: int
    """The number of messages after the expunges."""
    grown: bool
    """Whether EXISTS must be announced."""
    changed: tuple[int, ...]
    """UIDs in the view whose flags or modseq changed since the last synchronisation, ascending; new messages are not among them."""


class View:
    """One session's numbering. Sequence numbers are from 1."""

    __slots__ = ("_length", "_uids", "index", "modseq")

    def __init__(self, index: MailboxIndex) -> None:
        self.index: Final = index
        self._uids = index.uids
        self._length = len(index)
        self.modseq = index.modseq
        """Everything up to this account modseq has been told."""

    def __len__(self) -> int:
        return self._length

    @property
    def uids(self) -> array[int]:
        """The UIDs by position; only the first ``len(view)`` belong to the view."""
        return self._uids

    def uid(self, number: int) -> int:
        """Return the UID of a sequence number. Raises IndexError when it is not in the view."""
        if not 1 <= number <= self._length:
            raise IndexError(number)
        return self._uids[number - 1]

    def number(self, uid: int) -> int:
        """Return the sequence number of a UID, or 0 when it is not in the view."""
        at = bisect_left(self._uids, uid, 0, self._length)
        return at + 1 if at < self._length and self._uids[at] == uid else 0

    def positions(self, first_uid: int, last_uid: int) -> range:
        """Return the positions (from 0) in the view of all UIDs in a range, both ends included."""
        return range(
            bisect_left(self._uids, first_uid, 0, self._length), bisect_right(self._uids, last_uid, 0, self._length)
        )

    def positions_of(self, uids: Iterable[int]) -> list[range]:
        """Return the positions (from 0) in the view of ascending UIDs, neighbours together. Those not in the view are left out."""
        found: list[range] = []
        at = 0
        for uid in uids:
            at = bisect_left(self._uids, uid, at, self._length)
            if at == self._length:
                break
            if self._uids[at] != uid:
                continue
            if found and found[-1].stop == at:
                found[-1] = range(found[-1].start, at + 1)
            else:
                found.append(range(at, at + 1))
        return found

    def rebased(self, index: MailboxIndex) -> View:
        """Return this numbering over another index of the same mailbox, for when the shared one was read anew."""
        view = View(index)
        view._uids = self._uids
        view._length = self._length
        view.modseq = self.modseq
        return view

    @property
    def pending_expunge(self) -> bool:
        """Whether the index lacks messages that this view still numbers."""
        return self._uids is not self.index.uids

    def synchronise(self, *, expunge: bool) -> ViewDelta:
        """Bring the view forward and say what to announce.

        With ``expunge`` False (during FETCH, STORE and SEARCH, RFC 9051 section 7.5.1) removed messages keep their numbers,
        and new ones are announced behind them.
        """
        index = self.index
        announce_expunge = expunge and self._uids is not index.uids
        if self.modseq >= index.modseq and not announce_expunge:
            return ViewDelta((), self._length, False, ())
        before = self._uids
        length = self._length
        last = before[length - 1] if length else 0
        changed = tuple(uid for uid in index.changed_since(self.modseq) if uid <= last) if length else ()
        expunged: tuple[tuple[int, int], ...] = ()
        if announce_expunge:
            present = set(index.uids)
            gone = [(at + 1, before[at]) for at in range(length) if before[at] not in present]
            # From the highest number down, so that no announcement moves a later one.
            expunged = tuple(reversed(gone))
            self._uids = index.uids
            self._length = len(index)
        elif self._uids is index.uids:
            self._length = len(index)
        else:
            fresh = index.uids[bisect_right(index.uids, last) :]
            if fresh:
                # Messages went and others came, and only the coming may be told now: a numbering of this session's own.
                self._uids = before[:length] + fresh
                self._length = length + len(fresh)
        self.modseq = index.modseq
        grown = self._length > length - len(expunged)
        return ViewDelta(expunged, self._length, grown, changed)
