"""EXPUNGE, CLOSE and UNSELECT (RFC 9051 sections 6.4.1 to 6.4.3, RFC 4315, RFC 7162 section 3.2.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from correio.mail.expunge import expunge_messages
from protocols.imap.commands.selecting import deselect
from protocols.imap.core.commands.messages import Expunge
from protocols.imap.core.responses import Completion

if TYPE_CHECKING:
    from protocols.imap.core.commands.arguments import Arguments
    from protocols.imap.session import ImapSession


async def expunge(session: ImapSession, arguments: Expunge, _: bytes) -> Completion:
    """The session announces what went, as the client's numbers have it."""
    selected = session.current
    if selected.read_only:
        return Completion("NO", "The mailbox is open to read only.")
    uids: list[int] | None = None
    if arguments.uids is not None:
        uids = selected.uids(selected.positions(arguments.uids, uid=True))
        if not uids:
            return Completion("OK", "There was nothing to expunge.")
    progress = session.in_progress.begin(len(uids) if uids is not None else None)
    gone = await expunge_messages(session.person, selected.mailbox_id, uids, finished=progress)
    code = f"HIGHESTMODSEQ {selected.modseq()}" if session.qresync and gone else ""
    return Completion("OK", "Expunged.", code)


async def close(session: ImapSession, _: Arguments, __: bytes) -> Completion:
    """RFC 9051 section 6.4.1: expunges without a word, unless the mailbox is open to read only."""
    selected = session.current
    if not selected.read_only:
        await expunge_messages(session.person, selected.mailbox_id, finished=session.in_progress.begin())
    await deselect(session)
    return Completion("OK", "Closed.")


async def unselect(session: ImapSession, _: Arguments, __: bytes) -> Completion:
    """RFC 9051 section 6.4.2"""
    await deselect(session)
    return Completion("OK", "Closed.")
