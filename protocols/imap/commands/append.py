"""APPEND (RFC 9051 section 6.3.12, with UIDPLUS and MULTIAPPEND)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from correio.mail.append import NewMessage
from correio.mail.sent_copy import append_by_client
from protocols.imap.core.commands.append import Append
from protocols.imap.core.responses import Completion
from protocols.imap.core.sequence_set import compact

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession


async def append(session: ImapSession, arguments: Append, _: bytes) -> Completion:
    """Adds the messages, all or none."""
    account = session.person
    mailbox = account.mailboxes.by_path(arguments.mailbox)
    if mailbox is None:
        await account.refresh()
        mailbox = account.mailboxes.by_path(arguments.mailbox)
    if mailbox is None or not mailbox.selectable:
        return Completion("NO", "There is no such mailbox; create it first.", "TRYCREATE")
    messages = [
        NewMessage(message.octets, message.flags, message.date, message.binary) for message in arguments.messages
    ]
    added = await append_by_client(account, mailbox.id, messages)
    session.added(mailbox.id, [one.uid for one in added])
    uids = compact([one.uid for one in added]).decode("ascii")
    code = f"APPENDUID {mailbox.uidvalidity} {uids}" if session.offers("UIDPLUS") else ""
    return Completion("OK", "Added.", code)
