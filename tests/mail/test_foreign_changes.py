"""What other processes commit while a mailbox is read: nothing of it may be lost to a client that returns by QRESYNC."""

from __future__ import annotations

from correio.mail.account import changes_from
from correio.mail.flags import NO_FLAGS
from correio.mail.mailbox_index import MailboxIndex, Row
from correio.store.messages import MessageState


def row(uid: int, modseq: int) -> Row:
    return Row(uid, modseq, NO_FLAGS, 0, 1, 0)


def state(uid: int, modseq: int, *, expunged: bool = False, flags: tuple[str, ...] = ()) -> MessageState:
    return MessageState(uid=uid, modseq=modseq, flags=list(flags), date=0, size=1, saved=0, expunged=expunged)


def index() -> MailboxIndex:
    return MailboxIndex("B1", 10, [row(1, 5), row(2, 6)])


def test_a_removal_newer_than_the_account_was_read_is_told_to_who_knows_that_account() -> None:
    box = index()
    box.apply(changes_from(box, [state(2, 13, expunged=True)], 12))
    assert list(box.uids) == [1]
    assert box.removed_since(12) == [2]
    assert box.removed_since(13) == []
    box.apply(changes_from(box, [state(2, 13, expunged=True)], 13))
    assert box.removed_since(12) == [2]


def test_flags_newer_than_the_account_was_read_are_told_to_who_knows_that_account() -> None:
    box = index()
    box.apply(changes_from(box, [state(2, 13, flags=("\\Seen",))], 12))
    assert box.changed_since(12) == [2]
    assert box.changed_since(13) == []
    box.apply(changes_from(box, [], 13))
    assert box.changed_since(12) == [2]


def test_what_came_and_went_between_two_readings_is_told_as_gone() -> None:
    box = index()
    box.apply(changes_from(box, [state(3, 12, expunged=True)], 12))
    assert box.removed_since(11) == [3]


def test_rows_read_while_others_removed_some_do_not_pretend_to_know_which() -> None:
    box = index()
    box.raise_floor(13)
    assert box.removed_since(12) is None
    assert box.removed_since(13) == []
