"""Creating, deleting, renaming and subscribing mailboxes (RFC 9051 sections 6.3.4 to 6.3.8)."""

from __future__ import annotations

from typing import Final

import msgspec

from correio.errors import (
    AlreadyExistsError,
    ForbiddenError,
    HasChildrenError,
    InvalidInputError,
    LimitError,
    NotFoundError,
)
from correio.ids import Kind, new_id
from correio.mail.account import Account
from correio.mail.annotations import copy_annotations
from correio.mail.committer import Operation
from correio.mail.draft import Draft, DraftMailbox
from correio.mail.mailbox_tree import DELIMITER, INBOX, Mailbox, canonical_path
from correio.mail.move import move_messages
from correio.store.documents import MailboxDocument
from correio.store.mailboxes import raise_first_recent

ROLES: Final = frozenset({"inbox", "drafts", "sent", "trash", "junk", "archive", "all", "flagged", "important"})


def _canonical(account: Account, path: str) -> str:
    limits = account.store.settings.limits
    return canonical_path(path, depth=limits.mailbox_depth, octets=limits.mailbox_name)


def _make_path(draft: Draft, path: str, role: str | None) -> DraftMailbox:
    """Record every mailbox of a path that is missing. The checks are the caller's."""
    account = draft.account
    parent: str | None = None
    box: DraftMailbox | None = None
    names = path.split(DELIMITER)
    for level in range(len(names)):
        here = DELIMITER.join(names[: level + 1])
        found = draft.tree.by_path(here)
        if found is not None:
            parent = found.id
            continue
        modseq = draft.tick()
        dangling = draft.document.dangling_subscriptions
        document = MailboxDocument(
            id=new_id(Kind.MAILBOX),
            account=account.id,
            parent=parent,
            name=names[level],
            role=role if level == len(names) - 1 else None,
            subscribed=here in dangling,
            uidvalidity=0,
            modseq=modseq,
            created=modseq,
        )
        if document.subscribed:
            draft.document.dangling_subscriptions = [one for one in dangling if one != here]
        box = draft.add_mailbox(document)
        parent = document.id
    assert box is not None
    return box


class CreateMailbox(Operation[str]):
    """Creates a mailbox and the parents it lacks. The result is its id."""

    def __init__(self, account: Account, path: str, role: str | None) -> None:
        super().__init__(account)
        self._path: Final = path
        self._role: Final = role

    def plan(self, draft: Draft) -> str:
        found = draft.tree.by_path(self._path)
        if self._role is not None and (holder := draft.tree.by_role(self._role)) is not None and holder is not found:
            raise AlreadyExistsError(f"The mailbox {holder.path} has the role {self._role} already.")
        if found is not None:
            if found.selectable:
                raise AlreadyExistsError("A mailbox of that name exists already.")
            box = draft.mailbox(found.id)
            box.document.selectable = True
            box.document.role = self._role
            box.document.uidvalidity = draft.next_uidvalidity()
            draft.restructure(box, draft.tick())
            return found.id
        if len(draft.tree) + self._path.count(DELIMITER) >= self.account.store.settings.limits.mailboxes:
            raise LimitError("The account has as many mailboxes as it may have.")
        return _make_path(draft, self._path, self._role).document.id


async def create_mailbox(account: Account, path: str, role: str | None = None) -> Mailbox:
    """Create a mailbox, and the parents it lacks.

    Raises InvalidInputError (name, role), AlreadyExistsError, LimitError, UnavailableError.
    """
    if role is not None and role not in ROLES:
        raise InvalidInputError(f"There is no mailbox role {role[:40]!r}.", "role")
    mailbox_id = await account.store.committer.submit(CreateMailbox(account, _canonical(account, path), role))
    return account.mailbox(mailbox_id)


class DeleteMailbox(Operation[None]):
    """Deletes a mailbox with its messages; one with children stays as a name (RFC 9051 section 6.3.5)."""

    def __init__(self, account: Account, mailbox_id: str) -> None:
        super().__init__(account)
        self._mailbox_id: Final = mailbox_id

    def plan(self, draft: Draft) -> None:
        box = draft.mailbox(self._mailbox_id)
        mailbox = draft.tree.get(self._mailbox_id)
        assert mailbox is not None
        children = draft.tree.children(mailbox.id)
        if mailbox.path == INBOX:
            raise ForbiddenError("INBOX cannot be deleted.")
        if children and not mailbox.selectable:
            raise HasChildrenError("The name has mailboxes below it; delete those first.")
        modseq = draft.tick()
        document = box.document
        draft.document.used -= document.size
        draft.document.messages -= document.exists
        draft.document.annotation_size -= document.annotation_size
        document.deleted = True
        draft.restructure(box, modseq)
        if not children:
            if document.subscribed:
                draft.document.dangling_subscriptions = [*draft.document.dangling_subscriptions, mailbox.path]
            return
        # The name stays for its children, as a mailbox document of its own without messages.
        name = msgspec.structs.replace(
            document,
            id=new_id(Kind.MAILBOX),
            deleted=False,
            selectable=False,
            role=None,
            created=modseq,
            exists=0,
            unseen=0,
            size=0,
            annotation_size=0,
            uidnext=1,
            first_recent=1,
            keywords=[],
        )
        draft.add_mailbox(name)
        for child in children:
            below = draft.mailbox(child.id)
            below.document.parent = name.id
            draft.restructure(below, modseq)


async def delete_mailbox(account: Account, mailbox_id: str) -> None:
    """Delete a mailbox and its messages. Raises NotFoundError, ForbiddenError (INBOX), HasChildrenError, UnavailableError."""
    account.mailbox(mailbox_id)
    await account.store.committer.submit(DeleteMailbox(account, mailbox_id))
    account.store.bury(account.id, mailbox_id)


class RenameMailbox(Operation[None]):
    """Gives a mailbox another name or place. What is below it follows, as only its own document names its place."""

    def __init__(self, account: Account, mailbox_id: str, path: str) -> None:
        super().__init__(account)
        self._mailbox_id: Final = mailbox_id
        self._path: Final = path

    def plan(self, draft: Draft) -> None:
        box = draft.mailbox(self._mailbox_id)
        mailbox = draft.tree.get(self._mailbox_id)
        assert mailbox is not None
        if draft.tree.by_path(self._path) is not None:
            raise AlreadyExistsError("A mailbox of that name exists already.")
        if (self._path + DELIMITER).startswith(mailbox.path + DELIMITER):
            raise ForbiddenError("A mailbox cannot be moved below itself.")
        limits = self.account.store.settings.limits
        deepest = max((one.path.count(DELIMITER) for one in draft.tree.descendants(mailbox.id)), default=0)
        if self._path.count(DELIMITER) + max(0, deepest - mailbox.path.count(DELIMITER)) >= limits.mailbox_depth:
            raise LimitError(f"A mailbox name has at most {limits.mailbox_depth} levels.")
        above, _, name = self._path.rpartition(DELIMITER)
        parent: str | None = None
        if above:
            found = draft.tree.by_path(above)
            parent = found.id if found is not None else _make_path(draft, above, None).document.id
        modseq = draft.tick()
        box.document.name = name
        box.document.parent = parent
        draft.restructure(box, modseq)
        self._take_subscriptions(draft, modseq)

    @staticmethod
    def _take_subscriptions(draft: Draft, modseq: int) -> None:
        """Give subscriptions of names without a mailbox to the mailboxes that have those names now."""
        left: list[str] = []
        for path in draft.document.dangling_subscriptions:
            mailbox = draft.tree.by_path(path)
            if mailbox is None:
                left.append(path)
                continue
            box = draft.mailbox(mailbox.id)
            box.document.subscribed = True
            draft.restructure(box, modseq)
        if len(left) != len(draft.document.dangling_subscriptions):
            draft.document.dangling_subscriptions = left


async def rename_mailbox(account: Account, mailbox_id: str, path: str) -> Mailbox:
    """Rename or move a mailbox with all below it. Renaming INBOX moves its messages to a new mailbox and leaves it empty,
    its children where they are (RFC 9051 section 6.3.6), and copies its annotations (RFC 5464 section 4.1).

    Raises NotFoundError, InvalidInputError (name), AlreadyExistsError, ForbiddenError, LimitError, UnavailableError.
    """
    path = _canonical(account, path)
    mailbox = account.mailbox(mailbox_id)
    if mailbox.path == INBOX:
        if account.mailboxes.by_path(path) is not None:
            # Also a name that only holds others, which CREATE would take.
            raise AlreadyExistsError("A mailbox of that name exists already.")
        target = await create_mailbox(account, path)
        try:
            await copy_annotations(account, mailbox_id, target.id)
        except LimitError:
            await delete_mailbox(account, target.id)
            raise
        index = await account.index(mailbox_id)
        await move_messages(account, mailbox_id, list(index.uids), target.id)
        return account.mailbox(target.id)
    await account.store.committer.submit(RenameMailbox(account, mailbox_id, path))
    return account.mailbox(mailbox_id)


class Subscribe(Operation[None]):
    """Subscribes or unsubscribes a path, with a mailbox or without."""

    def __init__(self, account: Account, path: str, subscribed: bool) -> None:
        super().__init__(account)
        self._path: Final = path
        self._subscribed: Final = subscribed

    def plan(self, draft: Draft) -> None:
        mailbox = draft.tree.by_path(self._path)
        if mailbox is not None:
            box = draft.mailbox(mailbox.id)
            if box.document.subscribed != self._subscribed:
                modseq = draft.tick()
                box.document.subscribed = self._subscribed
                draft.restructure(box, modseq)
            return
        dangling = draft.document.dangling_subscriptions
        if self._subscribed and self._path not in dangling:
            if len(dangling) >= self.account.store.settings.limits.mailboxes:
                raise LimitError("The account has as many subscriptions as it may have.")
            draft.tick()
            draft.document.dangling_subscriptions = [*dangling, self._path]
        elif not self._subscribed:
            if self._path not in dangling:
                raise NotFoundError("There is no such subscription.")
            draft.tick()
            draft.document.dangling_subscriptions = [one for one in dangling if one != self._path]


async def subscribe(account: Account, path: str, subscribed: bool) -> None:
    """Subscribe to a path or end it. Raises InvalidInputError (name), LimitError, NotFoundError, UnavailableError."""
    await account.store.committer.submit(Subscribe(account, _canonical(account, path), subscribed))


async def clear_recent(account: Account, mailbox_id: str, uidnext: int) -> int:
    """Return the first UID that is \\Recent for the session that asks, and take \\Recent from all below ``uidnext`` for every
    later one (RFC 3501 section 2.3.2). Two sessions that ask at once never both get a message.
    """
    mailbox = account.mailbox(mailbox_id)
    first = mailbox.first_recent
    if uidnext > first:
        mailbox.first_recent = uidnext
        await raise_first_recent(account.store.database, account.id, mailbox_id, uidnext)
    return first
