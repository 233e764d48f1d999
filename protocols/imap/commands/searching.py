"""SEARCH (RFC 9051 section 6.4.4, RFC 3501 section 7.2.5, RFC 4731, RFC 5182, RFC 7162 section 3.1.5, RFC 9394)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from protocols.imap.core import responses
from protocols.imap.core.commands.messages import Search
from protocols.imap.core.commands.sorting import Sort, Thread
from protocols.imap.core.responses import Completion
from protocols.imap.core.result_options import returned
from protocols.imap.search_view import Searching

if TYPE_CHECKING:
    from protocols.imap.selected import Selected
    from protocols.imap.session import ImapSession

BAD_CHARSET: Final = Completion("NO", "This charset is not known here.", "BADCHARSET (US-ASCII UTF-8)")


async def search(session: ImapSession, arguments: Search, tag: bytes) -> Completion:
    """Answers with SEARCH, or with ESEARCH where RETURN was given or the client speaks IMAP4rev2."""
    if not arguments.knows_charset:
        return refuse_charset(session, arguments)
    uids = await matching(session, arguments)
    returning = arguments.returning
    if returning is None and session.rev2:
        # RFC 9051 section 6.4.4: a client of IMAP4rev2 is always answered with ESEARCH.
        returning = (b"ALL",)
    if returning is None:
        selected = session.current
        modseq = highest_modseq(selected, uids) if arguments.modseq else None
        await session.write(responses.search(shown(selected, uids, uid=arguments.uid), modseq))
    else:
        await answer_extended(session, arguments, uids, returning, tag)
    return completed(session, arguments)


async def matching(session: ImapSession, arguments: Search | Sort | Thread) -> list[int]:
    """Return the UIDs that match, ascending. A search that is to be saved and fails leaves ``$`` empty."""
    selected = session.current
    session.condstore = session.condstore or arguments.modseq
    searching = Searching(selected, session.in_progress)
    if not saves(arguments):
        return await searching.run(arguments.key)
    try:
        return await searching.run(arguments.key)
    except BaseException:
        selected.saved = ()
        raise


def saves(arguments: Search | Sort | Thread) -> bool:
    """Tell whether the result becomes ``$``."""
    return not isinstance(arguments, Thread) and b"SAVE" in (arguments.returning or ())


def refuse_charset(session: ImapSession, arguments: Search | Sort | Thread) -> Completion:
    """Return the NO for a charset that is not known; a result to be saved is none then (RFC 5182 section 2.1)."""
    if saves(arguments):
        session.current.saved = ()
    return BAD_CHARSET


async def answer_extended(
    session: ImapSession, arguments: Search | Sort, uids: Sequence[int], returning: tuple[bytes, ...], tag: bytes
) -> None:
    """Write ESEARCH for UIDs in the order of the result, and save them if that is asked for."""
    selected = session.current
    result = returned(uids, returning, arguments.partial)
    modseq = highest_modseq(selected, result) if arguments.modseq else None
    if b"SAVE" in returning:
        selected.saved = sorted(result)
    if returning != (b"SAVE",):
        # Of SAVE alone nothing is told (RFC 5182 section 2.1).
        numbers = shown(selected, uids, uid=arguments.uid)
        await session.write(
            responses.extended_search(
                tag, numbers, returning, uid=arguments.uid, modseq=modseq, partial=arguments.partial
            )
        )


def completed(session: ImapSession, arguments: Search | Sort | Thread) -> Completion:
    """Return OK, which tells whether numbers stand for messages that are gone (RFC 5530 section 3)."""
    code = "EXPUNGEISSUED" if not arguments.uid and session.current.view.pending_expunge else ""
    return Completion("OK", "That is all.", code)


def shown(selected: Selected, uids: Sequence[int], *, uid: bool) -> Sequence[int]:
    """Return what stands for messages in the answer: UIDs, or message numbers."""
    return uids if uid else [selected.view.number(one) for one in uids]


def highest_modseq(selected: Selected, uids: Sequence[int]) -> int | None:
    """Return the highest modification sequence of these messages (RFC 7162 section 3.1.5, RFC 4731 section 3.2)."""
    rows = [row for uid in uids if (row := selected.view.index.row(uid)) is not None]
    return max((row.modseq for row in rows), default=None)
