"""REPLACE and UID REPLACE (RFC 8508)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from correio.mail.append import NewMessage
from correio.mail.replace import replace_message
from protocols.imap.commands.copying import NO_TARGET, find_target
from protocols.imap.core.commands.append import Replace
from protocols.imap.core.responses import Completion, untagged_ok
from protocols.imap.core.sequence_set import SequenceSet

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession


async def replace(session: ImapSession, arguments: Replace, _: bytes) -> Completion:
    """RFC 8508 section 3: APPENDUID in an untagged OK first (section 4.3), then the expunge, which the session announces."""
    selected = session.current
    if selected.read_only:
        return Completion("NO", "The mailbox is open to read only.")
    number = SequenceSet(((arguments.number, arguments.number),))
    uids = selected.uids(selected.positions(number, uid=arguments.uid))
    if not uids:
        return Completion("NO", "There is no message of this UID.", "NONEXISTENT")
    target = await find_target(session, arguments.mailbox)
    if target is None:
        return NO_TARGET
    if selected.missing(uids):
        return Completion("NO", "The message to replace is gone.", "EXPUNGEISSUED")
    given = arguments.message
    message = NewMessage(given.octets, given.flags, given.date, given.binary)
    added = await replace_message(session.person, selected.mailbox_id, uids[0], message, target.id)
    session.added(target.id, [added.uid])
    code = f"APPENDUID {target.uidvalidity} {added.uid}" if session.offers("UIDPLUS") else ""
    await session.write(untagged_ok("The new message is there.", code))
    # RFC 7162 section 3.2.9: as after UID EXPUNGE.
    return Completion("OK", "Replaced.", f"HIGHESTMODSEQ {selected.modseq()}" if session.qresync else "")
