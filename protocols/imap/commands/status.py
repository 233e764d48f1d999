"""STATUS (RFC 9051 section 6.3.11, RFC 7162, RFC 7889, RFC 8438, RFC 8474)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING

from correio.errors import NotFoundError
from correio.mail.flags import DELETED
from protocols.imap.core.commands.mailboxes import Status
from protocols.imap.core.mailbox_name import encode_name
from protocols.imap.core.responses import Completion

if TYPE_CHECKING:
    from correio.mail.mailbox_tree import Mailbox
    from protocols.imap.session import ImapSession


async def status(session: ImapSession, arguments: Status, _: bytes) -> Completion:
    """RFC 9051 section 6.3.11"""
    await session.person.refresh()
    mailbox = session.person.mailboxes.by_path(arguments.mailbox)
    if mailbox is None or not mailbox.selectable:
        raise NotFoundError("There is no such mailbox.")
    await session.write(await status_response(session, mailbox, arguments.items))
    return Completion("OK", "That is all.")


async def status_response(session: ImapSession, mailbox: Mailbox, items: Sequence[str]) -> bytes:
    """Write the STATUS response of a mailbox."""
    session.condstore = session.condstore or "HIGHESTMODSEQ" in items
    values = [f"{item} {await _value(session, mailbox, item)}" for item in items]
    name = encode_name(mailbox.path, utf8=session.utf8)
    return b"* STATUS " + name + b" (" + " ".join(values).encode("ascii") + b")\r\n"


async def _value(session: ImapSession, mailbox: Mailbox, item: str) -> str:
    match item:
        case "RECENT":
            value = await _recent(session, mailbox)
        case "DELETED":
            index = await session.person.index(mailbox.id)
            value = sum(DELETED in flags for flags in index.flags)
        case "DELETED-STORAGE":
            # RFC 9208 section 4.1.4: octets, unlike the units of 1024 of the resource.
            index = await session.person.index(mailbox.id)
            value = sum(size for size, flags in zip(index.sizes, index.flags, strict=True) if DELETED in flags)
        case "MAILBOXID":
            return f"({mailbox.id})"
        case "APPENDLIMIT":
            value = session.server.settings.limits.message_size
        case _:
            values = {
                "MESSAGES": mailbox.exists,
                "UIDNEXT": mailbox.uidnext,
                "UIDVALIDITY": mailbox.uidvalidity,
                "UNSEEN": mailbox.unseen,
                "SIZE": mailbox.size,
                "HIGHESTMODSEQ": mailbox.modseq,
            }
            value = values[item]
    return str(value)


async def _recent(session: ImapSession, mailbox: Mailbox) -> int:
    if mailbox.first_recent >= mailbox.uidnext:
        return 0
    index = await session.person.index(mailbox.id)
    return len(index) - bisect_left(index.uids, mailbox.first_recent)
