"""The mailboxes of an account as a tree: paths, roles, children. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from correio.errors import InvalidInputError
from correio.store.documents import MailboxDocument

DELIMITER: Final = "/"
INBOX: Final = "INBOX"
_STRUCTURE: Final = ("parent", "name", "role", "selectable", "deleted", "sort_order")
_COUNTERS: Final = (
    "subscribed",
    "uidvalidity",
    "uidnext",
    "modseq",
    "exists",
    "unseen",
    "size",
    "first_recent",
    "keywords",
    "annotation_size",
)


class Mailbox(MailboxDocument, kw_only=True, rename={"id": "_id"}):
    """A mailbox with its path. A live object: its counters move as changes are applied; only ``correio.mail`` changes it."""

    path: str


def canonical_path(path: str, *, depth: int = 32, octets: int = 255) -> str:
    """Return a path as it is stored: NFC, INBOX in upper case (RFC 9051 section 5.1).

    Raises InvalidInputError for an empty name or level, control characters, lone surrogates, and what is over the bounds.
    """
    path = unicodedata.normalize("NFC", path)
    levels = path.split(DELIMITER)
    if len(levels) > depth:
        raise InvalidInputError(f"A mailbox name has at most {depth} levels.", "name")
    for level in levels:
        if not level:
            raise InvalidInputError("A mailbox name must not be empty, nor have an empty level.", "name")
        try:
            size = len(level.encode("utf-8"))
        except UnicodeEncodeError as error:
            raise InvalidInputError("A mailbox name must be valid Unicode.", "name") from error
        if size > octets:
            raise InvalidInputError(f"One level of a mailbox name has at most {octets} octets.", "name")
        if any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in level):
            raise InvalidInputError("A mailbox name must not contain control characters.", "name")
    if levels[0].upper() == INBOX:
        levels[0] = INBOX
    return DELIMITER.join(levels)


class MailboxTree:
    """An account's mailboxes as of one moment."""

    __slots__ = ("_by_id", "_by_path", "_children", "_ordered")

    def __init__(self, documents: Iterable[MailboxDocument] = ()) -> None:
        alive = {document.id: document for document in documents if not document.deleted}
        self._by_id: dict[str, Mailbox] = {}
        self._children: dict[str | None, list[Mailbox]] = {}
        paths: dict[str, str] = {}
        for document in alive.values():
            names = [document.name]
            above = document
            while above.parent is not None and above.parent in alive and len(names) <= len(alive):
                above = alive[above.parent]
                names.append(above.name)
            paths[document.id] = DELIMITER.join(reversed(names))
        for document in alive.values():
            fields = {name: getattr(document, name) for name in MailboxDocument.__struct_fields__}
            self._by_id[document.id] = Mailbox(**fields, path=paths[document.id])
        self._by_path = {mailbox.path: mailbox for mailbox in self._by_id.values()}
        self._ordered = sorted(self._by_id.values(), key=lambda one: (one.path != INBOX, one.path.split(DELIMITER)))
        for mailbox in self._ordered:
            self._children.setdefault(mailbox.parent, []).append(mailbox)

    def __iter__(self) -> Iterator[Mailbox]:
        return iter(self._ordered)

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, mailbox_id: str) -> Mailbox | None:
        """Return a mailbox by id."""
        return self._by_id.get(mailbox_id)

    def by_path(self, path: str) -> Mailbox | None:
        """Return a mailbox by its path; INBOX matches in any case."""
        head, slash, rest = unicodedata.normalize("NFC", path).partition(DELIMITER)
        if head.upper() == INBOX:
            head = INBOX
        return self._by_path.get(head + slash + rest)

    def by_role(self, role: str) -> Mailbox | None:
        """Return the mailbox that has a role."""
        return next((mailbox for mailbox in self._ordered if mailbox.role == role), None)

    def absorb(self, documents: Iterable[MailboxDocument]) -> MailboxTree:
        """Take in newer documents: counters in place, and a new tree where names, parents or roles changed."""
        structural = False
        for document in documents:
            mailbox = self._by_id.get(document.id)
            if mailbox is None:
                structural = structural or not document.deleted
                continue
            if document.modseq < mailbox.modseq:
                continue
            if any(getattr(mailbox, name) != getattr(document, name) for name in _STRUCTURE):
                structural = True
                continue
            for name in _COUNTERS:
                setattr(mailbox, name, getattr(document, name))
        if not structural:
            return self
        newest: dict[str, MailboxDocument] = dict(self._by_id)
        for document in documents:
            newest[document.id] = document
        return MailboxTree(newest.values())

    def children(self, mailbox_id: str | None) -> list[Mailbox]:
        """Return the mailboxes directly below one, or at the root."""
        return self._children.get(mailbox_id, [])

    def descendants(self, mailbox_id: str) -> list[Mailbox]:
        """Return all mailboxes below one."""
        found: list[Mailbox] = []
        waiting = list(self.children(mailbox_id))
        while waiting:
            mailbox = waiting.pop()
            found.append(mailbox)
            waiting.extend(self.children(mailbox.id))
        return found
