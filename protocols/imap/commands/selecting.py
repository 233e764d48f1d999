"""SELECT and EXAMINE (RFC 9051 sections 6.3.2 and 6.3.3; RFC 7162 sections 3.1.8 and 3.2.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from correio.errors import NotFoundError
from correio.mail.mailbox_commands import clear_recent
from correio.mail.view import View
from protocols.imap.core import responses
from protocols.imap.core.commands.mailboxes import Examine, Resynchronise, Select
from protocols.imap.core.responses import Completion, untagged_ok
from protocols.imap.core.sequence_set import merge
from protocols.imap.mailbox_line import mailbox_line
from protocols.imap.selected import NOT_RECENT, Selected

if TYPE_CHECKING:
    from correio.mail.mailbox_tree import Mailbox
    from protocols.imap.session import ImapSession


async def select(session: ImapSession, arguments: Select, _: bytes) -> Completion:
    """RFC 9051 section 6.3.2"""
    return await _open(session, arguments, read_only=False)


async def examine(session: ImapSession, arguments: Examine, _: bytes) -> Completion:
    """RFC 9051 section 6.3.3"""
    return await _open(session, arguments, read_only=True)


async def _open(session: ImapSession, arguments: Select, *, read_only: bool) -> Completion:
    if arguments.resynchronise is not None and not session.qresync:
        return Completion("BAD", "Send ENABLE QRESYNC first.")
    closed = session.selected is not None
    await deselect(session)
    if closed:
        # RFC 9051 section 7.1: nothing after this is of the mailbox before.
        await session.write(untagged_ok("The mailbox before is closed.", "CLOSED"))
    account = session.person
    await account.refresh()
    mailbox = account.mailboxes.by_path(arguments.mailbox)
    if mailbox is None:
        raise NotFoundError("There is no such mailbox.")
    if not mailbox.selectable:
        return Completion("NO", "This name holds only other mailboxes.", "NONEXISTENT")
    index = await account.index(mailbox.id)
    view = View(index)
    uidnext = max(mailbox.uidnext, index.uids[-1] + 1 if len(index) else 1)
    # A session of IMAP4rev2 sees no \\Recent, and takes none from those that do.
    first_recent = NOT_RECENT if session.rev2 else mailbox.first_recent
    if not read_only and first_recent < uidnext:
        first_recent = await clear_recent(account, mailbox.id, uidnext)
    session.condstore = session.condstore or arguments.condstore or arguments.resynchronise is not None
    selected = Selected(account, mailbox, view, read_only=read_only, first_recent=first_recent)
    session.selected = selected
    await session.write(_greeting(session, selected, mailbox, uidnext))
    if session.rev2:
        await session.write(mailbox_line(session, mailbox, arguments.supplied))
    if arguments.resynchronise is not None:
        await session.write(_resynchronise(selected, mailbox, arguments.resynchronise))
    if read_only:
        return Completion("OK", "Opened to read.", "READ-ONLY")
    return Completion("OK", "Opened.", "READ-WRITE")


def _greeting(session: ImapSession, selected: Selected, mailbox: Mailbox, uidnext: int) -> bytes:
    view = selected.view
    pieces = [selected.exists(recent=not session.rev2), selected.flags_response()]
    # RFC 9051 appendix E: UNSEEN is not of IMAP4rev2.
    flags = enumerate(view.index.flags, 1)
    unseen = 0 if session.rev2 else next((at for at, one in flags if not one.seen), 0)
    if unseen:
        pieces.append(untagged_ok("The first unseen message.", f"UNSEEN {unseen}"))
    pieces += [
        untagged_ok("The UIDs are of this time.", f"UIDVALIDITY {mailbox.uidvalidity}"),
        untagged_ok("The UID to come.", f"UIDNEXT {uidnext}"),
    ]
    if session.offers("CONDSTORE"):
        pieces.append(untagged_ok("The latest change.", f"HIGHESTMODSEQ {mailbox.modseq}"))
    if session.offers("OBJECTID"):
        pieces.append(untagged_ok("The mailbox's own id.", f"MAILBOXID ({mailbox.id})"))
    return b"".join(pieces)


def _resynchronise(selected: Selected, mailbox: Mailbox, known: Resynchronise) -> bytes:
    """Tell what changed since the client last looked (RFC 7162 section 3.2.5.1)."""
    if known.uidvalidity != mailbox.uidvalidity:
        return b""
    index = selected.view.index
    ranges = known.known_uids.resolve(0) if known.known_uids is not None else [(1, max(mailbox.uidnext - 1, 0))]
    pieces = [responses.vanished(vanished_since(selected, known.modseq, ranges), earlier=True)]
    for uid in index.changed_since(known.modseq):
        row = index.row(uid)
        number = selected.view.number(uid)
        if row is not None and number and any(low <= uid <= high for low, high in ranges):
            pieces.append(selected.flag_update(number, uid, row.flags, row.modseq, condstore=True, with_uid=True))
    return b"".join(pieces)


def vanished_since(selected: Selected, modseq: int, ranges: list[tuple[int, int]]) -> list[int]:
    """Return the UIDs in these ranges that have gone since a modseq, ascending.

    Where the journal does not reach back so far, all that are not there now: more than asked is allowed, less is not
    (RFC 7162 section 3.2.5.1).
    """
    index = selected.view.index
    last = max(selected.mailbox.uidnext - 1, 0)
    wanted = [(low, min(high, last)) for low, high in merge(ranges) if low <= last]
    removed = index.removed_since(modseq)
    if removed is not None:
        return [uid for uid in removed if any(low <= uid <= high for low, high in wanted)]
    present = set(index.uids)
    return [uid for low, high in wanted for uid in range(low, high + 1) if uid not in present]


async def deselect(session: ImapSession) -> None:
    """Leave the selected mailbox, if there is one. Messages that came meanwhile are not \\Recent for later sessions."""
    selected, session.selected = session.selected, None
    if selected is None or selected.read_only or selected.gone or session.rev2:
        return
    last = selected.largest_uid
    if last >= selected.mailbox.first_recent:
        await clear_recent(selected.account, selected.mailbox_id, last + 1)
