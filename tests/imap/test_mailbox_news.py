"""A client that believes what NOTIFY tells knows the mailboxes as they are, however the changes are taken together."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from correio.mail.mailbox_journal import MailboxJournal
from correio.mail.mailbox_tree import DELIMITER, MailboxTree
from correio.store.documents import MailboxDocument
from protocols.imap.core.commands.notify import EventGroup, Events, Scope
from protocols.imap.core.mailbox_news import Watched, names_went_round

EVERYTHING = EventGroup(Scope.PERSONAL, frozenset(), Events(True, True, True, True))
ITEMS = {
    "MESSAGES": "exists",
    "UIDNEXT": "uidnext",
    "UIDVALIDITY": "uidvalidity",
    "UNSEEN": "unseen",
    "HIGHESTMODSEQ": "modseq",
}


class Account:
    """As much of an account as mailboxes are: every change is a step in the journal."""

    def __init__(self) -> None:
        self.modseq = 1
        self.documents: dict[str, MailboxDocument] = {}
        self.dangling: list[str] = []
        self.tree = MailboxTree()
        self.journal = MailboxJournal(1)

    def commit(self, *changed: MailboxDocument, dangling: list[str] | None = None) -> None:
        self.modseq += 1
        for document in changed:
            document.modseq = self.modseq
        before = self.dangling if dangling is not None and dangling != self.dangling else None
        self.journal.record(self.modseq, self.tree, changed, before)
        if dangling is not None:
            self.dangling = dangling
        self.documents.update({document.id: document for document in changed})
        self.tree = self.tree.absorb(changed)

    def copy(self, mailbox_id: str) -> MailboxDocument:
        fields = {name: getattr(self.documents[mailbox_id], name) for name in MailboxDocument.__struct_fields__}
        return MailboxDocument(**fields)

    def new(self, parent: str | None, name: str, **fields: object) -> MailboxDocument:
        number = len(self.documents) + 1
        given = {"selectable": True, "subscribed": False, **fields}
        return MailboxDocument(
            id=f"m{number}", account="a", parent=parent, name=name, uidvalidity=number, modseq=0, created=0, **given
        )  # type: ignore[arg-type]

    def parent(self, path: str) -> tuple[str | None, str] | None:
        """The id above a path and its last name, if it can be made there."""
        above, _, name = path.rpartition(DELIMITER)
        found = self.tree.by_path(above) if above else None
        if self.tree.by_path(path) is not None or (above and found is None):
            return None
        return found.id if found is not None else None, name

    # What people do, where it is possible.

    def create(self, path: str) -> None:
        if (place := self.parent(path)) is not None:
            kept = [one for one in self.dangling if one != path]
            self.commit(self.new(*place, subscribed=path in self.dangling), dangling=kept)

    def delete(self, path: str) -> None:
        mailbox = self.tree.by_path(path)
        if mailbox is None:
            return
        gone = self.copy(mailbox.id)
        gone.deleted = True
        dangling = [*self.dangling, path] if gone.subscribed else self.dangling
        children = self.tree.children(mailbox.id)
        if not children:
            self.commit(gone, dangling=dangling)
            return
        if not mailbox.selectable:
            return
        name = self.new(mailbox.parent, mailbox.name, selectable=False)
        below = [self.copy(child.id) for child in children]
        for child in below:
            child.parent = name.id
        self.commit(gone, name, *below, dangling=dangling)

    def rename(self, path: str, target: str) -> None:
        mailbox = self.tree.by_path(path)
        if mailbox is None or (target + DELIMITER).startswith(path + DELIMITER):
            return
        if (place := self.parent(target)) is not None:
            moved = self.copy(mailbox.id)
            moved.parent, moved.name = place
            moved.subscribed = moved.subscribed or target in self.dangling
            self.commit(moved, dangling=[one for one in self.dangling if one != target])

    def swap(self, path: str, other: str) -> None:
        for old, new in ((path, "between"), (other, path), ("between", other)):
            self.rename(old, new)

    def subscribe(self, path: str) -> None:
        mailbox = self.tree.by_path(path)
        if mailbox is None:
            known = path in self.dangling
            self.commit(dangling=[one for one in self.dangling if one != path] if known else [*self.dangling, path])
            return
        changed = self.copy(mailbox.id)
        changed.subscribed = not changed.subscribed
        self.commit(changed)

    def deliver(self, path: str) -> None:
        if (mailbox := self.tree.by_path(path)) is not None and mailbox.selectable:
            changed = self.copy(mailbox.id)
            changed.uidnext, changed.exists, changed.unseen = (
                changed.uidnext + 1,
                changed.exists + 1,
                changed.unseen + 1,
            )
            self.commit(changed)

    def read(self, path: str) -> None:
        if (mailbox := self.tree.by_path(path)) is not None and mailbox.unseen:
            changed = self.copy(mailbox.id)
            changed.unseen -= 1
            self.commit(changed)

    def expunge(self, path: str) -> None:
        if (mailbox := self.tree.by_path(path)) is not None and mailbox.exists:
            changed = self.copy(mailbox.id)
            changed.exists, changed.unseen = changed.exists - 1, min(changed.unseen, changed.exists - 1)
            self.commit(changed)


class Client:
    """Names to whether they are subscribed, and to the numbers that were told of them."""

    def __init__(self) -> None:
        self.seen = 1
        self.names: dict[str, tuple[bool, bool]] = {}
        self.numbers: dict[str, dict[str, int]] = {}

    def take(self, account: Account) -> None:
        period = account.journal.since(self.seen)
        assert period is not None
        self.seen = account.modseq
        if names_went_round(period, account.tree):
            self.ask_again(account)
            return
        news = Watched([EVERYTHING]).news(period, account.tree, account.dangling, selected=None, condstore=True)
        for name in news.names:
            if name.old is not None:
                self.renamed(name.old, name.path)
            mailbox = account.tree.by_path(name.path)
            subscribed = name.path in account.dangling if mailbox is None else mailbox.subscribed
            if mailbox is None and not subscribed:
                self.names.pop(name.path, None)
            else:
                self.names[name.path] = (mailbox is not None, subscribed)
            if mailbox is None or not mailbox.selectable:
                self.numbers.pop(name.path, None)
        for status in news.statuses:
            told = {item: getattr(status.mailbox, ITEMS[item]) for item in status.items}
            known = self.numbers.setdefault(status.mailbox.path, {})
            known.update(told)

    def ask_again(self, account: Account) -> None:
        """What a client does that was told NOTIFICATIONOVERFLOW: LIST with STATUS."""
        self.names = dict.fromkeys(account.dangling, (False, True))
        self.names.update({mailbox.path: (True, mailbox.subscribed) for mailbox in account.tree})
        self.numbers = {
            mailbox.path: {item: getattr(mailbox, field) for item, field in ITEMS.items()}
            for mailbox in account.tree
            if mailbox.selectable
        }

    def renamed(self, old: str, new: str) -> None:
        """What is below follows, but for subscriptions to what is not there."""
        there = {path for path, (exists, _) in self.names.items() if exists}
        for table in (self.names, self.numbers):
            for path in sorted(path for path in there & table.keys() if (path + DELIMITER).startswith(old + DELIMITER)):
                table[new + path[len(old) :]] = table.pop(path)  # type: ignore[assignment, attr-defined]


PATHS = st.sampled_from(["a", "b", "c", "a/x", "a/y", "b/x", "a/x/z", "b/x/z"])
STEPS = st.one_of(
    st.tuples(st.sampled_from(["create", "delete", "subscribe", "deliver", "read", "expunge"]), PATHS),
    st.tuples(st.sampled_from(["rename", "swap"]), PATHS, PATHS),
    st.just(("tell",)),
)


@settings(deadline=None)
@example([("create", "a"), ("create", "b"), ("deliver", "a"), ("tell",), ("swap", "a", "b")])
@example([("create", "c"), ("subscribe", "c"), ("tell",), ("rename", "c", "a"), ("subscribe", "c")])
@example([("create", "a"), ("create", "a/x"), ("tell",), ("rename", "a", "b"), ("rename", "b/x", "a")])
@given(st.lists(STEPS, max_size=40))
def test_what_is_told_adds_up_to_what_is_there(steps: list[tuple[str, ...]]) -> None:
    account, client = Account(), Client()
    for name, *arguments in (*steps, ("tell",)):
        if name == "tell":
            client.take(account)
            there = {mailbox.path: (True, mailbox.subscribed) for mailbox in account.tree}
            there.update({path: (False, True) for path in account.dangling if path not in there})
            assert client.names == there
            for path, numbers in client.numbers.items():
                mailbox = account.tree.by_path(path)
                assert mailbox is not None
                assert numbers == {item: getattr(mailbox, ITEMS[item]) for item in numbers}, path
            assert set(client.numbers) >= {one.path for one in account.tree if one.exists}
        else:
            getattr(account, name)(*arguments)
