"""A session's view against a plain model: after each synchronisation with expunges it equals the mailbox."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from correio.mail.flags import FLAGGED, NO_FLAGS, SEEN, flag_set
from correio.mail.mailbox_index import JOURNAL_LENGTH, MailboxChanges, MailboxIndex, Row
from correio.mail.view import View

FLAGS = (NO_FLAGS, flag_set({SEEN}), flag_set({FLAGGED}))


def row(uid: int, modseq: int, flags=NO_FLAGS) -> Row:
    return Row(uid, modseq, flags, 0, 1, 0)


class Client:
    """What a client knows: it applies untagged EXPUNGE, EXISTS and FETCH as RFC 9051 says."""

    def __init__(self, index: MailboxIndex) -> None:
        self.view = View(index)
        self.uids = list(index.uids)
        self.flags = dict(zip(index.uids, index.flags, strict=True))

    def synchronise(self, expunge: bool) -> None:
        delta = self.view.synchronise(expunge=expunge)
        for number, uid in delta.expunged:
            assert self.uids[number - 1] == uid
            del self.uids[number - 1]
            del self.flags[uid]
        assert delta.grown == (delta.exists > len(self.uids))
        for number in range(len(self.uids) + 1, delta.exists + 1):
            uid = self.view.uid(number)
            self.uids.append(uid)
            row = self.view.index.row(uid)
            self.flags[uid] = row.flags if row else NO_FLAGS
        for uid in delta.changed:
            assert uid in self.uids
            found = self.view.index.row(uid)
            if found is not None:
                self.flags[uid] = found.flags
        assert len(self.uids) == len(self.view) == delta.exists
        assert [self.view.uid(number) for number in range(1, len(self.uids) + 1)] == self.uids
        assert all(self.view.number(uid) == at + 1 for at, uid in enumerate(self.uids))


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 3)),
        st.tuples(st.just("remove"), st.integers(0, 100)),
        st.tuples(st.just("flag"), st.integers(0, 100)),
        st.tuples(st.just("both"), st.integers(0, 100)),
        st.tuples(st.just("sync"), st.integers(0, 2)),
        st.tuples(st.just("peek"), st.integers(0, 2)),
    ),
    max_size=40,
)


@given(steps)
@settings(max_examples=400, deadline=None)
def test_views_follow_the_mailbox(script):
    index = MailboxIndex("B", 1, [row(1, 1), row(2, 1), row(5, 1)])
    clients = [Client(index) for _ in range(3)]
    modseq, uidnext = 1, 6
    for action, number in script:
        if action in ("sync", "peek"):
            clients[number].synchronise(expunge=action == "sync")
            continue
        modseq += 1
        added, changed, removed = (), (), ()
        present = list(index.uids)
        if action in ("add", "both"):
            count = number if action == "add" else 1
            added = tuple(row(uidnext + at, modseq) for at in range(count))
            uidnext += count
        if action in ("remove", "both") and present:
            removed = (present[number % len(present)],)
        if action == "flag" and present:
            changed = ((present[number % len(present)], FLAGS[number % 3], modseq),)
        index.apply(MailboxChanges(modseq, added, changed, removed))
    for client in clients:
        client.synchronise(expunge=True)
        assert client.uids == list(index.uids)
        assert [client.flags[uid] for uid in client.uids] == index.flags
        assert not client.view.pending_expunge


def test_the_journal_forgets_and_says_so():
    index = MailboxIndex("B", 1, [row(uid, 1) for uid in range(1, 11)])
    index.apply(MailboxChanges(2, removed=(3,)))
    assert index.removed_since(1) == [3]
    for step in range(JOURNAL_LENGTH):
        index.apply(MailboxChanges(3 + step, changed=((1, FLAGS[step % 3], 3 + step),)))
    assert index.removed_since(1) is None
    assert index.changed_since(1) == [1]
    assert index.changed_since(index.modseq) == []


def test_an_overlapping_step_changes_nothing_twice():
    index = MailboxIndex("B", 5, [row(1, 2), row(2, 7, FLAGS[1])])
    index.apply(MailboxChanges(6, added=(row(2, 6),)), overlapping=True)
    assert index.flags[1] is FLAGS[1]
    index.apply(MailboxChanges(7, changed=((2, FLAGS[1], 7),)), overlapping=True)
    assert list(index.uids) == [1, 2]
    index.apply(MailboxChanges(8, added=(row(3, 8),), removed=(1,)), overlapping=True)
    assert list(index.uids) == [2, 3]


def test_a_removal_leaves_the_numbering_of_others_alone():
    index = MailboxIndex("B", 1, [row(1, 1), row(2, 1), row(3, 1)])
    view = View(index)
    index.apply(MailboxChanges(2, added=(row(4, 2),), removed=(2,)))
    assert [view.uid(number) for number in (1, 2, 3)] == [1, 2, 3]
    delta = view.synchronise(expunge=False)
    assert (delta.exists, delta.grown, delta.expunged) == (4, True, ())
    assert view.uid(4) == 4
    delta = view.synchronise(expunge=True)
    assert delta.expunged == ((2, 2),)
    assert (delta.exists, delta.grown) == (3, False)
