"""STORE (RFC 9051 section 6.4.6, RFC 7162 section 3.1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from correio.mail.flags import FlagSet
from correio.mail.mailbox_index import Row
from correio.mail.store_flags import FlagChange, store_flags
from protocols.imap.core.commands.messages import Store
from protocols.imap.core.responses import Completion
from protocols.imap.core.sequence_set import compact

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession


async def store(session: ImapSession, arguments: Store, _: bytes) -> Completion:
    """Changes flags and tells the new ones, unless the client wants silence."""
    selected = session.current
    if arguments.unchanged_since is not None:
        session.condstore = True
    if selected.read_only:
        return Completion("NO", "The mailbox is open to read only.")
    uids = selected.uids(selected.positions(arguments.messages, uid=arguments.uid))
    # What others changed before this command is told first: silence is for this command's own changes alone.
    await session.write(session.announcements(expunge=False))
    if not uids:
        return Completion("OK", "There was nothing to change.")
    change = FlagChange(arguments.mode, arguments.flags)
    progress = session.in_progress.begin(len(uids))
    result = await store_flags(session.person, selected.mailbox_id, uids, change, arguments.unchanged_since, progress)
    pieces = [selected.new_keywords()]
    for row in result.updated:
        selected.told[row.uid] = row.modseq
        if not arguments.silent:
            pieces.append(_changed(session, row, row.flags, with_uid=arguments.uid or session.tells_uids))
        elif session.condstore:
            # RFC 7162 section 3.1.3: the new modification sequence is told even then.
            pieces.append(_modseq(session, row, with_uid=arguments.uid or session.tells_uids))
    await session.write(b"".join(pieces))
    return _completion(session, arguments, uids, result.modified)


def _completion(session: ImapSession, arguments: Store, uids: list[int], modified: list[int]) -> Completion:
    selected = session.current
    if modified:
        view = selected.view
        numbers = modified if arguments.uid else [number for uid in modified if (number := view.number(uid))]
        failed = compact(numbers).decode("ascii")
        return Completion("OK", "Some messages had changed and were left alone.", f"MODIFIED {failed}")
    if not arguments.uid and selected.missing(uids):
        return Completion("NO", "Some of these messages are gone.", "EXPUNGEISSUED")
    return Completion("OK", "Changed.")


def _changed(session: ImapSession, row: Row, flags: FlagSet, *, with_uid: bool) -> bytes:
    selected = session.current
    number = selected.view.number(row.uid)
    return selected.flag_update(number, row.uid, flags, row.modseq, condstore=session.condstore, with_uid=with_uid)


def _modseq(session: ImapSession, row: Row, *, with_uid: bool) -> bytes:
    uid = b"UID %d " % row.uid if with_uid else b""
    return b"* %d FETCH (%bMODSEQ (%d))\r\n" % (session.current.view.number(row.uid), uid, row.modseq)
