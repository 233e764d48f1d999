"""SORT and THREAD (RFC 5256, RFC 5267 section 3, RFC 5957)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from correio.mail.search import SearchRecord, load_records
from protocols.imap.commands.searching import (
    answer_extended,
    completed,
    highest_modseq,
    matching,
    refuse_charset,
    shown,
)
from protocols.imap.core import responses
from protocols.imap.core.commands.sorting import Sort, Thread
from protocols.imap.core.responses import Completion
from protocols.imap.core.sorting import IN_INDEX, Criterion, Sortable, sort_messages
from protocols.imap.core.threading import Thread as ThreadOfMessages
from protocols.imap.core.threading import Threadable, ordered_subject, references, write_threads

if TYPE_CHECKING:
    from protocols.imap.selected import Selected
    from protocols.imap.session import ImapSession

OFF_LOOP: Final = 500
"""Messages of which more are sorted or threaded in a worker thread."""


async def sort(session: ImapSession, arguments: Sort, tag: bytes) -> Completion:
    """Answers with SORT, or with ESEARCH where RETURN was given."""
    if not arguments.knows_charset:
        return refuse_charset(session, arguments)
    uids = await matching(session, arguments)
    selected = session.current
    ordered = await _sorted(selected, uids, arguments.criteria)
    if arguments.returning is None:
        modseq = highest_modseq(selected, ordered) if arguments.modseq else None
        await session.write(responses.sort(shown(selected, ordered, uid=arguments.uid), modseq))
    else:
        await answer_extended(session, arguments, ordered, arguments.returning, tag)
    return completed(session, arguments)


async def _sorted(selected: Selected, uids: Sequence[int], criteria: Sequence[Criterion]) -> list[int]:
    index = selected.view.index
    rows = {uid: row for uid in uids if (row := index.row(uid)) is not None}
    records: dict[int, SearchRecord] = {}
    if not IN_INDEX.issuperset(criterion.key for criterion in criteria):
        records = await load_records(selected.account, selected.mailbox_id, uids)
    work: list[Sortable] = []
    for uid, row in rows.items():
        record = records.get(uid)
        if record is None:
            # What is gone since is sorted as if it said nothing; it keeps its number until its going is announced.
            work.append(Sortable(uid, row.date, row.date, row.size))
            continue
        work.append(
            Sortable(
                uid,
                row.date,
                row.date if record.sent is None else record.sent,
                row.size,
                record.subject,
                record.from_,
                record.to,
                record.cc,
                record.display_from,
                record.display_to,
            )
        )
    if len(work) > OFF_LOOP:
        return await selected.account.store.in_worker(sort_messages, work, criteria)
    return sort_messages(work, criteria)


_ALGORITHMS: Final[dict[bytes, Callable[[Sequence[Threadable]], list[ThreadOfMessages]]]] = {
    b"ORDEREDSUBJECT": ordered_subject,
    b"REFERENCES": references,
}


async def thread(session: ImapSession, arguments: Thread, _: bytes) -> Completion:
    """Answers with THREAD."""
    if not arguments.knows_charset:
        return refuse_charset(session, arguments)
    uids = await matching(session, arguments)
    selected = session.current
    records = await load_records(selected.account, selected.mailbox_id, uids)
    dates = {uid: row.date for uid in uids if (row := selected.view.index.row(uid)) is not None}
    work = [_threadable(uid, date, records.get(uid)) for uid, date in dates.items()]
    numbers = dict(zip(dates, shown(selected, list(dates), uid=arguments.uid), strict=True))
    if len(work) > OFF_LOOP:
        text = await selected.account.store.in_worker(_threads, arguments.algorithm, work, numbers)
    else:
        text = _threads(arguments.algorithm, work, numbers)
    await session.write(responses.thread(text))
    return completed(session, arguments)


def _threadable(uid: int, date: int, record: SearchRecord | None) -> Threadable:
    if record is None:
        return Threadable(uid, date)
    sent = date if record.sent is None else record.sent
    return Threadable(uid, sent, record.subject, record.is_reply, record.message_id, record.references)


def _threads(algorithm: bytes, messages: Sequence[Threadable], numbers: dict[int, int]) -> bytes:
    return write_threads(_ALGORITHMS[algorithm](messages), numbers)
