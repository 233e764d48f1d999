"""CREATE, DELETE, RENAME, SUBSCRIBE and UNSUBSCRIBE."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from correio.errors import NotFoundError
from correio.mail import mailbox_commands
from protocols.imap.core.commands.mailboxes import Create, Delete, Rename, Subscribe, Unsubscribe
from protocols.imap.core.responses import Completion, untagged_ok
from protocols.imap.mailbox_line import SPECIAL_USES, list_line, mailbox_line

if TYPE_CHECKING:
    from correio.mail.mailbox_tree import Mailbox
    from protocols.imap.session import ImapSession

ROLES: Final = {attribute.lower(): role for role, attribute in SPECIAL_USES.items()}
GIVEN_ROLES: Final = frozenset({"archive", "drafts", "junk", "sent", "trash"})


async def find_mailbox(session: ImapSession, path: str) -> Mailbox:
    mailbox = session.person.mailboxes.by_path(path)
    if mailbox is None:
        # Another process may have made it a moment ago.
        await session.person.refresh()
        mailbox = session.person.mailboxes.by_path(path)
    if mailbox is None:
        raise NotFoundError("There is no such mailbox.")
    return mailbox


async def create(session: ImapSession, arguments: Create, _: bytes) -> Completion:
    """RFC 9051 section 6.3.4; RFC 6154 section 3 for USE; RFC 8474 section 4.1 for MAILBOXID"""
    role: str | None = None
    if len(arguments.use) > 1:
        return Completion("NO", "A mailbox has at most one special use here.", "USEATTR")
    if arguments.use:
        role = ROLES.get(arguments.use[0])
        if role not in GIVEN_ROLES:
            return Completion("NO", "This special use cannot be given to a mailbox.", "USEATTR")
        if session.person.mailboxes.by_role(role) is not None:
            return Completion("NO", "Another mailbox has this special use.", "USEATTR")
    mailbox = await mailbox_commands.create_mailbox(session.person, arguments.mailbox, role)
    session.did(mailbox.path)
    if session.rev2 and arguments.supplied is not None:
        # RFC 9051 section 6.3.4: the name was made NFC, and the client is told what became of it.
        await session.write(mailbox_line(session, mailbox, arguments.supplied))
    return Completion("OK", "Created.", f"MAILBOXID ({mailbox.id})" if session.offers("OBJECTID") else "")


async def delete(session: ImapSession, arguments: Delete, _: bytes) -> Completion:
    """RFC 9051 section 6.3.5"""
    mailbox = await find_mailbox(session, arguments.mailbox)
    await mailbox_commands.delete_mailbox(session.person, mailbox.id)
    session.did(mailbox.path)
    if session.selected is not None and session.selected.mailbox_id == mailbox.id:
        session.selected = None
        await session.write(untagged_ok("The mailbox was deleted.", "CLOSED"))
    if session.rev2 and arguments.supplied is not None:
        await session.write(list_line(session, ["\\NonExistent"], arguments.mailbox, arguments.supplied))
    return Completion("OK", "Deleted.")


async def rename(session: ImapSession, arguments: Rename, _: bytes) -> Completion:
    """RFC 9051 section 6.3.6"""
    mailbox = await find_mailbox(session, arguments.mailbox)
    before = mailbox.path
    renamed = await mailbox_commands.rename_mailbox(session.person, mailbox.id, arguments.target)
    session.did(before, renamed.path)
    if session.rev2 and arguments.supplied is not None:
        await session.write(mailbox_line(session, renamed, arguments.supplied))
    return Completion("OK", "Renamed.")


async def subscribe(session: ImapSession, arguments: Subscribe, _: bytes) -> Completion:
    """RFC 9051 section 6.3.7"""
    await mailbox_commands.subscribe(session.person, arguments.mailbox, subscribed=True)
    session.did(arguments.mailbox)
    return Completion("OK", "Subscribed.")


async def unsubscribe(session: ImapSession, arguments: Unsubscribe, _: bytes) -> Completion:
    """RFC 9051 section 6.3.8"""
    # RFC 9051 section 6.3.8: it is no failure that there was nothing to end.
    with contextlib.suppress(NotFoundError):
        await mailbox_commands.subscribe(session.person, arguments.mailbox, subscribed=False)
        session.did(arguments.mailbox)
    return Completion("OK", "Unsubscribed.")
