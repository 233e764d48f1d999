"""LIST responses about one mailbox: those of LIST itself, and those that come without having been asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from protocols.imap.core.mailbox_name import encode_name

if TYPE_CHECKING:
    from correio.mail.mailbox_tree import Mailbox
    from protocols.imap.session import ImapSession

SPECIAL_USES: Final = {
    "all": "\\All",
    "archive": "\\Archive",
    "drafts": "\\Drafts",
    "flagged": "\\Flagged",
    "important": "\\Important",
    "junk": "\\Junk",
    "sent": "\\Sent",
    "trash": "\\Trash",
}
"""RFC 6154 section 2, by our name of the role."""


def mailbox_attributes(session: ImapSession, mailbox: Mailbox, *, children: bool, special_use: bool) -> list[str]:
    """Return a mailbox's own attributes. ``children`` and ``special_use``: the client has asked for these."""
    attributes: list[str] = []
    if not mailbox.selectable:
        attributes.append("\\Noselect")
    if children or session.offers("CHILDREN"):
        below = session.person.mailboxes.children(mailbox.id)
        attributes.append("\\HasChildren" if below else "\\HasNoChildren")
    if mailbox.role in SPECIAL_USES and (special_use or session.offers("SPECIAL-USE")):
        attributes.append(SPECIAL_USES[mailbox.role])
    return attributes


def mailbox_line(session: ImapSession, mailbox: Mailbox, supplied: str | None = None) -> bytes:
    """Write the LIST response of a mailbox for a client of IMAP4rev2 (RFC 9051 section 7.3.1).

    ``supplied`` is the name the client used where it is another than the mailbox has (section 6.3.9.7, OLDNAME).
    """
    attributes = mailbox_attributes(session, mailbox, children=True, special_use=False)
    if mailbox.subscribed:
        attributes.append("\\Subscribed")
    return list_line(session, attributes, mailbox.path, supplied)


def list_line(session: ImapSession, attributes: list[str], path: str, supplied: str | None) -> bytes:
    """Write a LIST response, with OLDNAME where there is another name to tell of."""
    oldname = b"" if supplied is None else b' ("OLDNAME" (%b))' % encode_name(supplied, utf8=session.utf8)
    shown = " ".join(attributes).encode("ascii")
    return b'* LIST (%b) "/" %b%b\r\n' % (shown, encode_name(path, utf8=session.utf8), oldname)
