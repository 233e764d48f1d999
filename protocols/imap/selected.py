"""The mailbox that a session has selected: its view of it, and what it still has to be told."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from correio.mail.account import Account
from correio.mail.flags import RECENT, FlagSet
from correio.mail.mailbox_tree import Mailbox
from correio.mail.view import View
from protocols.imap.core import responses
from protocols.imap.core.listed_flags import listed_flags
from protocols.imap.core.sequence_set import SequenceSet, merge
from protocols.imap.core.syntax_error import CommandSyntaxError

_recent: dict[FlagSet, bytes] = {}
NOT_RECENT: Final = 2**32
"""Above every UID."""


def flags_with_recent(flags: FlagSet) -> bytes:
    """Return flags as IMAP sends them, with \\Recent."""
    found = _recent.get(flags)
    if found is None:
        separator = b" " if flags.names else b""
        found = b"(" + RECENT.encode() + separator + flags.imap[1:]
        if len(_recent) < 65_536:
            _recent[flags] = found
    return found


class Selected:
    """One session's selected mailbox."""

    __slots__ = ("account", "first_recent", "keywords", "mailbox_id", "read_only", "saved", "told", "view")

    def __init__(self, account: Account, mailbox: Mailbox, view: View, *, read_only: bool, first_recent: int) -> None:
        self.account: Final = account
        self.mailbox_id: Final = mailbox.id
        self.view = view
        self.read_only: Final = read_only
        self.first_recent = first_recent
        """UIDs from here on are \\Recent for this session."""
        self.keywords = tuple(mailbox.keywords)
        """The keywords that the client has been told of."""
        self.saved: Sequence[int] = ()
        """The UIDs, ascending, that the last search with SAVE found: ``$`` (RFC 5182). Those that are gone are passed over."""
        self.told: dict[int, int] = {}
        """uid -> modseq of changes that this session made itself and has answered for already."""

    def forget_recent(self) -> None:
        """The client has enabled IMAP4rev2, which knows no \\Recent (RFC 9051 appendix E)."""
        self.first_recent = NOT_RECENT

    # What is there.

    @property
    def mailbox(self) -> Mailbox:
        """The mailbox as it is now. Raises NotFoundError when it has been deleted."""
        return self.account.mailbox(self.mailbox_id)

    @property
    def gone(self) -> bool:
        """Whether the mailbox has been deleted."""
        return self.account.mailboxes.get(self.mailbox_id) is None

    @property
    def largest_uid(self) -> int:
        """The largest UID in the view, 0 where it is empty."""
        return self.view.uids[len(self.view) - 1] if len(self.view) else 0

    @property
    def recent(self) -> int:
        """How many messages of the view are \\Recent."""
        return len(self.view) - bisect_left(self.view.uids, self.first_recent, 0, len(self.view))

    def flags_of(self, uid: int, flags: FlagSet) -> bytes:
        """Return flags as this session sees them."""
        return flags_with_recent(flags) if uid >= self.first_recent else flags.imap

    def modseq(self) -> int:
        """HIGHESTMODSEQ of the mailbox (RFC 7162 section 3.1.2.1)."""
        return self.mailbox.modseq

    def positions(self, messages: SequenceSet, *, uid: bool) -> list[range]:
        """Return the positions (from 0) in the view that a set names, ascending and disjoint.

        UIDs that are not there are passed over. Raises CommandSyntaxError for a message number beyond the last.
        """
        count = len(self.view)
        if uid:
            pieces = [self.view.positions(low, high) for low, high in self.uid_ranges(messages, self.largest_uid)]
            return [piece for piece in pieces if piece]
        found: list[range] = []
        if messages.saved:
            # What is saved is known by UID; a message that is gone has no number, and is no error (RFC 5182 section 2.1).
            saved = self.view.positions_of(self.saved)
            named = self.positions(SequenceSet(messages.ranges), uid=False)
            return [range(low, high + 1) for low, high in merge((one.start, one.stop - 1) for one in (*saved, *named))]
        for low, high in messages.resolve(count):
            if low > count:
                raise CommandSyntaxError(f"There is no message {low}: the mailbox holds {count}.")
            found.append(range(low - 1, min(high, count)))
        return found

    def uid_ranges(self, messages: SequenceSet, largest: int) -> list[tuple[int, int]]:
        """Return the ranges of UIDs that a set of UIDs names, ascending and disjoint, with ``*`` read as ``largest``."""
        ranges = messages.resolve(largest)
        return merge([*ranges, *((uid, uid) for uid in self.saved)]) if messages.saved else ranges

    def uids(self, positions: Sequence[range]) -> list[int]:
        """Return the UIDs at these positions."""
        uids = self.view.uids
        return [uid for piece in positions for uid in uids[piece.start : piece.stop]]

    def missing(self, uids: Sequence[int]) -> bool:
        """Whether any of these UIDs of the view has been expunged by somebody, unannounced as yet."""
        index = self.view.index
        return self.view.pending_expunge and any(index.position(uid) < 0 for uid in uids)

    # What to tell.

    @property
    def behind(self) -> bool:
        """Whether something has happened that the client has not been told."""
        return self.view.modseq < self.view.index.modseq or self.view.pending_expunge or self._moved

    @property
    def _moved(self) -> bool:
        current = self.account.loaded_index(self.mailbox_id)
        return current is not None and current is not self.view.index

    def announce(
        self,
        *,
        expunge: bool,
        condstore: bool,
        qresync: bool,
        with_uid: bool = False,
        rev2: bool = False,
        flags: bool = True,
    ) -> bytes:
        """Bring the view forward and return the untagged responses that say so (RFC 9051 section 7.5).

        Without ``flags`` the client does not want to hear of flags that changed (RFC 5465 section 5.1).
        """
        if self._moved:
            # The shared index was read anew: the numbering stays, and goes on from the new one.
            current = self.account.loaded_index(self.mailbox_id)
            assert current is not None
            self.view = self.view.rebased(current)
        told, self.told = self.told, {}
        delta = self.view.synchronise(expunge=expunge)
        pieces: list[bytes] = []
        if delta.expunged:
            if qresync:
                pieces.append(responses.vanished(sorted(uid for _, uid in delta.expunged)))
            else:
                pieces.append(responses.expunged(number for number, _ in delta.expunged))
        if delta.grown:
            pieces.append(self.exists(recent=not rev2))
        if flags:
            pieces.extend(self._flag_updates(delta.changed, told, condstore=condstore, with_uid=with_uid))
        if pieces:
            pieces.insert(0, self.new_keywords())
        return b"".join(pieces)

    def _flag_updates(
        self, changed: Sequence[int], told: dict[int, int], *, condstore: bool, with_uid: bool
    ) -> list[bytes]:
        index = self.view.index
        pieces: list[bytes] = []
        for uid in changed:
            row = index.row(uid)
            number = self.view.number(uid)
            if row is None or not number or told.get(uid) == row.modseq:
                continue
            pieces.append(self.flag_update(number, uid, row.flags, row.modseq, condstore=condstore, with_uid=with_uid))
        return pieces

    def flag_update(
        self, number: int, uid: int, flags: FlagSet, modseq: int, *, condstore: bool, with_uid: bool
    ) -> bytes:
        """Write the FETCH response that tells of new flags (RFC 7162 section 3.2.4 for its UID)."""
        return b"* %d FETCH (%bFLAGS %b%b)\r\n" % (
            number,
            b"UID %d " % uid if with_uid else b"",
            self.flags_of(uid, flags),
            b" MODSEQ (%d)" % modseq if condstore else b"",
        )

    def exists(self, *, recent: bool) -> bytes:
        """Write EXISTS, and RECENT for a client that knows it (RFC 3501 section 7.3.2)."""
        count = len(self.view)
        return b"* %d EXISTS\r\n" % count + (b"* %d RECENT\r\n" % self.recent if recent else b"")

    def new_keywords(self) -> bytes:
        """Return FLAGS and PERMANENTFLAGS if the mailbox has keywords that the client has not been told of."""
        if self.gone:
            return b""
        keywords = tuple(self.mailbox.keywords)
        if keywords == self.keywords:
            return b""
        self.keywords = keywords
        return self.flags_response()

    def flags_response(self) -> bytes:
        """Write FLAGS and PERMANENTFLAGS (RFC 9051 sections 7.3.5 and 7.1)."""
        listed = listed_flags(self.keywords)
        permanent = "" if self.read_only else listed[1:-1].decode("ascii") + " \\*"
        text = "No flag can be changed." if self.read_only else "Flags that stay."
        return b"* FLAGS " + listed + b"\r\n" + responses.untagged_ok(text, f"PERMANENTFLAGS ({permanent})")
