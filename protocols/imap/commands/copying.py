"""COPY and MOVE (RFC 9051 sections 6.4.7 and 6.4.8), with COPYUID of UIDPLUS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from correio.mail.copy import Copied, copy_messages
from correio.mail.move import move_messages
from protocols.imap.core.commands.messages import Copy, Move
from protocols.imap.core.responses import Completion, untagged_ok
from protocols.imap.core.sequence_set import compact

if TYPE_CHECKING:
    from correio.mail.mailbox_tree import Mailbox
    from protocols.imap.session import ImapSession

NO_TARGET: Final = Completion("NO", "There is no such mailbox; create it first.", "TRYCREATE")


async def find_target(session: ImapSession, path: str) -> Mailbox | None:
    """Return the mailbox that messages go to, None where there is none that takes any."""
    mailbox = session.person.mailboxes.by_path(path)
    if mailbox is None:
        await session.person.refresh()
        mailbox = session.person.mailboxes.by_path(path)
    return mailbox if mailbox is not None and mailbox.selectable else None


def _copyuid(session: ImapSession, copied: Copied) -> str:
    if not session.offers("UIDPLUS"):
        return ""
    # Both sets stand in the order of the pairs, which ascends on both sides.
    sources = compact([source for source, _ in copied.pairs]).decode("ascii")
    targets = compact([target for _, target in copied.pairs]).decode("ascii")
    return f"COPYUID {copied.uidvalidity} {sources} {targets}"


async def copy(session: ImapSession, arguments: Copy, _: bytes) -> Completion:
    """RFC 9051 section 6.4.7"""
    selected = session.current
    uids = selected.uids(selected.positions(arguments.messages, uid=arguments.uid))
    target = await find_target(session, arguments.mailbox)
    if target is None:
        return NO_TARGET
    if not uids:
        return Completion("OK", "There was nothing to copy.")
    if not arguments.uid and selected.missing(uids):
        return Completion("NO", "Some of these messages are gone.", "EXPUNGEISSUED")
    copied = await copy_messages(session.person, selected.mailbox_id, uids, target.id)
    session.added(target.id, [uid for _, uid in copied.pairs])
    if not copied.pairs:
        return Completion("OK", "There was nothing to copy.")
    return Completion("OK", "Copied.", _copyuid(session, copied))


async def move(session: ImapSession, arguments: Move, _: bytes) -> Completion:
    """RFC 9051 section 6.4.8: COPYUID first, then the expunges, which the session announces."""
    selected = session.current
    if selected.read_only:
        return Completion("NO", "The mailbox is open to read only.")
    uids = selected.uids(selected.positions(arguments.messages, uid=arguments.uid))
    target = await find_target(session, arguments.mailbox)
    if target is None:
        return NO_TARGET
    if not uids:
        return Completion("OK", "There was nothing to move.")
    progress = session.in_progress.begin(len(uids))
    moved = await move_messages(session.person, selected.mailbox_id, uids, target.id, progress)
    session.added(target.id, [uid for _, uid in moved.pairs])
    if not moved.pairs:
        return Completion("OK", "There was nothing to move.")
    await session.write(untagged_ok("Moved.", _copyuid(session, moved)))
    code = f"HIGHESTMODSEQ {selected.modseq()}" if session.qresync else ""
    return Completion("OK", "Moved.", code)
