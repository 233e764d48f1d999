"""What a journal remembers of an account's mailboxes."""

from __future__ import annotations

from correio.mail.mailbox_journal import JOURNAL_LENGTH, MailboxJournal
from correio.mail.mailbox_tree import MailboxTree
from correio.store.documents import MailboxDocument


def document(name: str, modseq: int) -> MailboxDocument:
    return MailboxDocument(id="m1", account="a1", parent=None, name=name, uidvalidity=1, modseq=modseq, created=1)


def test_the_state_before_the_first_change_of_a_period_counts() -> None:
    journal = MailboxJournal(1)
    first, second = document("one", 2), document("two", 3)
    journal.record(2, MailboxTree(), [first], None)
    journal.record(3, MailboxTree([first]), [second], ["gone"])
    journal.record(4, MailboxTree([second]), [document("three", 4)], ["later"])
    whole = journal.since(1)
    assert whole is not None
    assert whole.mailboxes == {"m1": None}
    assert whole.dangling == ["gone"]
    since = journal.since(3)
    assert since is not None
    before = since.mailboxes["m1"]
    assert before is not None
    assert before.path == "two"
    assert since.dangling == ["later"]
    now = journal.since(4)
    assert now is not None
    assert (now.mailboxes, now.dangling) == ({}, None)


def test_a_period_longer_than_the_journal_is_not_told_in_part() -> None:
    journal = MailboxJournal(0)
    for modseq in range(1, JOURNAL_LENGTH + 1):
        journal.record(modseq, MailboxTree(), [], None)
    assert journal.since(0) is not None
    journal.record(JOURNAL_LENGTH + 1, MailboxTree(), [], None)
    assert journal.since(0) is None
    assert journal.since(1) is not None
