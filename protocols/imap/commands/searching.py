"""SEARCH (RFC 9051 section 6.4.4, RFC 3501 section 7.2.5, RFC 4731, RFC 7162 section 3.1.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from protocols.imap.core import responses
from protocols.imap.core.commands.messages import Search
from protocols.imap.core.responses import Completion
from protocols.imap.search_view import Searching

if TYPE_CHECKING:
    from protocols.imap.selected import Selected
    from protocols.imap.session import ImapSession


async def search(session: ImapSession, arguments: Search, tag: bytes) -> Completion:
    """Answers with SEARCH, or with ESEARCH where RETURN was given."""
    selected = session.current
    session.condstore = session.condstore or arguments.modseq
    uids = await Searching(selected).run(arguments.key)
    numbers = uids if arguments.uid else [selected.view.number(uid) for uid in uids]
    modseq = _modseq(selected, uids, arguments.returning) if arguments.modseq else None
    returning = arguments.returning
    if returning is None and session.rev2:
        # RFC 9051 section 6.4.4: a client of IMAP4rev2 is always answered with ESEARCH.
        returning = (b"ALL",)
    if returning is None:
        await session.write(responses.search(numbers, modseq))
    else:
        await session.write(responses.extended_search(tag, numbers, returning, uid=arguments.uid, modseq=modseq))
    code = "EXPUNGEISSUED" if not arguments.uid and selected.view.pending_expunge else ""
    return Completion("OK", "That is all.", code)


def _modseq(selected: Selected, uids: Sequence[int], returning: tuple[bytes, ...] | None) -> int | None:
    """Return the highest modification sequence of what is answered (RFC 7162 section 3.1.5, RFC 4731 section 3.2)."""
    if returning is not None and not set(returning) & {b"ALL", b"COUNT"}:
        uids = [
            uid for option, ends in ((b"MIN", uids[:1]), (b"MAX", uids[-1:])) if option in returning for uid in ends
        ]
    rows = [row for uid in uids if (row := selected.view.index.row(uid)) is not None]
    return max((row.modseq for row in rows), default=None)
