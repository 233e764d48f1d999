"""Annotations of mailboxes and of the account: the entries of IMAP METADATA (RFC 5464), and the role as one of them.

An entry belongs to a mailbox by its id, so it follows a rename and never meets a later mailbox of the same name. A change
moves the account's clock, which is how other sessions hear of it; a removed entry leaves its name for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import UNSET, UnsetType

from correio.errors import AlreadyExistsError, ForbiddenError, LimitError, TooLargeError
from correio.mail.account import Account
from correio.mail.committer import Operation
from correio.mail.draft import DeferError, Draft, DraftMailbox
from correio.mail.mailbox_tree import INBOX
from correio.store.annotations import (
    MOST_IDS,
    AnnotationState,
    annotation_id,
    annotation_states,
    changed_annotations,
    find_annotations,
    find_named_annotations,
)
from correio.store.documents import AnnotationDocument

SPECIAL_USE: Final = "/private/specialuse"
"""RFC 6154 section 4: the mailbox's role under another name. It is never stored as a value."""


class SetAnnotations(Operation[int]):
    """Sets and removes entries of one mailbox, or of the account, and sets the mailbox's role: all or nothing.

    The result is the modseq of the change; 0: there was nothing to change.
    """

    def __init__(
        self, account: Account, mailbox_id: str, values: Mapping[str, bytes | None], role: str | UnsetType | None
    ) -> None:
        super().__init__(account)
        self._mailbox_id: Final = mailbox_id
        self._values: Final = values
        self._role: Final = role
        self.weight = len(values) + 1
        self.octets = sum(len(value) for value in values.values() if value is not None)

    async def prepare(self) -> None:
        # In the account's turn, and the guard sees what other processes do: the bounds hold exactly.
        found = await annotation_states(self.account.store.database, self.account.id, self._mailbox_id)
        self._stored = {state.entry: state for state in found}

    def plan(self, draft: Draft) -> int:
        if self._mailbox_id in draft.annotated:
            raise DeferError
        box = draft.mailbox(self._mailbox_id) if self._mailbox_id else None
        alive = {entry: state.size for entry, state in self._stored.items() if state.alive}
        values = {entry: value for entry, value in self._values.items() if value is not None or entry in alive}
        new_role = box is not None and self._changes_role(draft, box)
        growth = self._growth(draft, values, alive)
        if not values and not new_role:
            return 0
        modseq = draft.tick()
        if box is not None and new_role:
            assert self._role is not UNSET
            box.document.role = self._role
            draft.restructure(box, modseq)
            values[SPECIAL_USE] = None
        documents = [self._document(entry, value, modseq) for entry, value in values.items()]
        draft.annotate(self._mailbox_id, documents, self._forgotten(documents), growth, modseq)
        return modseq

    def _changes_role(self, draft: Draft, box: DraftMailbox) -> bool:
        role = self._role
        if role is UNSET or role == box.document.role:
            return False
        if box.document.parent is None and box.document.name == INBOX:
            if role is None:
                return False  # it has no special use that could end
            raise ForbiddenError("INBOX can have no other use.")
        holder = draft.tree.by_role(role) if role is not None else None
        if holder is not None:
            raise AlreadyExistsError(f"The mailbox {holder.path} has this special use already.")
        return True

    def _growth(self, draft: Draft, values: Mapping[str, bytes | None], alive: Mapping[str, int]) -> int:
        """Return by how many octets the account's annotations grow. Raises LimitError where they may not."""
        limits = self.account.store.settings.limits
        count = len(alive)
        growth = 0
        for entry, value in values.items():
            before = alive.get(entry)
            count += (value is not None) - (before is not None)
            growth += (0 if value is None else len(value)) - (before or 0)
        if count > max(len(alive), limits.annotations):
            raise LimitError(f"At most {limits.annotations} entries can be kept here.")
        if growth > 0 and draft.document.annotation_size + growth > limits.annotation_storage:
            raise LimitError(f"The entries of an account have at most {limits.annotation_storage} octets together.")
        return growth

    def _document(self, entry: str, value: bytes | None, modseq: int) -> AnnotationDocument:
        return AnnotationDocument(
            id=annotation_id(self.account.id, self._mailbox_id, entry),
            account=self.account.id,
            mailbox=self._mailbox_id,
            entry=entry,
            value=value or b"",
            size=-1 if value is None else len(value),
            modseq=modseq,
        )

    def _forgotten(self, documents: Sequence[AnnotationDocument]) -> list[str]:
        """Return the ids of removed entries that are remembered no longer: the oldest, beyond as many as may be alive."""
        written = {document.id for document in documents}
        removed = sorted(
            (state for state in self._stored.values() if not state.alive and state.id not in written),
            key=lambda state: state.modseq,
        )
        fresh = sum(document.size < 0 for document in documents)
        beyond = len(removed) + fresh - self.account.store.settings.limits.annotations
        return [state.id for state in removed[: max(0, beyond)]]


async def read_annotations(account: Account, mailbox_id: str, entries: Sequence[str] | None = None) -> dict[str, bytes]:
    """Return the entries of a mailbox, or of the account where ``mailbox_id`` is empty, by name; ``entries``: these alone.

    One round trip. Raises NotFoundError (mailbox), UnavailableError.
    """
    if mailbox_id:
        account.mailbox(mailbox_id)
    database = account.store.database
    if entries is not None and len(entries) <= MOST_IDS:
        found = await find_named_annotations(database, account.id, mailbox_id, entries)
    else:
        found = await find_annotations(database, account.id, mailbox_id)
    return {one.entry: one.value for one in sorted(found, key=lambda one: one.entry)}


async def set_annotations(
    account: Account,
    mailbox_id: str,
    values: Mapping[str, bytes | None],
    role: str | UnsetType | None = UNSET,
) -> int:
    """Set entries, None removing one, and the role of the mailbox; all or nothing. Names are in lower case.

    Returns the modseq of the change, 0 where there was none. Raises NotFoundError (mailbox), TooLargeError (a value),
    LimitError (too many entries, or too much in them), AlreadyExistsError and ForbiddenError (role), UnavailableError.
    """
    limit = account.store.settings.limits.annotation_size
    if any(value is not None and len(value) > limit for value in values.values()):
        raise TooLargeError(f"The value of an entry has at most {limit} octets.", limit)
    if mailbox_id:
        account.mailbox(mailbox_id)
    return await account.store.committer.submit(SetAnnotations(account, mailbox_id, values, role))


async def copy_annotations(account: Account, mailbox_id: str, target_id: str) -> None:
    """Give a mailbox the entries of another. Raises as :func:`set_annotations`."""
    values = await read_annotations(account, mailbox_id)
    if values:
        await set_annotations(account, target_id, values)


async def annotations_since(account: Account, modseq: int) -> list[AnnotationState]:
    """Return what changed after a modseq, in all mailboxes and the account itself. One round trip. Raises UnavailableError."""
    return await changed_annotations(account.store.database, account.id, modseq)
