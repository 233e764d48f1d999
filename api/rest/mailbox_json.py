"""How a mailbox looks in JSON."""

from __future__ import annotations

import msgspec

from correio.mail.mailbox_tree import Mailbox


class MailboxJson(msgspec.Struct, frozen=True):
    """Schema ``Mailbox`` of the contract."""

    id: str
    name: str
    path: str
    parent_id: str | None
    role: str | None
    selectable: bool
    subscribed: bool
    total_messages: int
    unread_messages: int
    size: int
    uid_validity: int
    uid_next: int
    sort_order: int
    state: str


class MailboxListJson(msgspec.Struct, frozen=True):
    """Schema ``MailboxList``."""

    mailboxes: list[MailboxJson]
    state: str


def mailbox_json(mailbox: Mailbox) -> MailboxJson:
    """Return a mailbox as the API shows it."""
    return MailboxJson(
        id=mailbox.id,
        name=mailbox.name,
        path=mailbox.path,
        parent_id=mailbox.parent,
        role=mailbox.role,
        selectable=mailbox.selectable,
        subscribed=mailbox.subscribed,
        total_messages=mailbox.exists,
        unread_messages=mailbox.unseen,
        size=mailbox.size,
        uid_validity=mailbox.uidvalidity,
        uid_next=mailbox.uidnext,
        sort_order=mailbox.sort_order,
        state=str(mailbox.modseq),
    )
