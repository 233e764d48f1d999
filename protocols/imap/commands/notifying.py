"""NOTIFY (RFC 5465): the command, and what a session tells after it, whether a command runs or not."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from correio.errors import MailError
from protocols.imap.annotation_news import AnnotationNews
from protocols.imap.commands.fetching import Fetching
from protocols.imap.core.commands.notify import EVENTS, Notify, SelectedEvents
from protocols.imap.core.fetch_items import Datum, FetchItem
from protocols.imap.core.mailbox_name import encode_name
from protocols.imap.core.mailbox_news import NameNews, Watched, ancestors, initial_items, names_went_round
from protocols.imap.core.responses import Completion, untagged_ok
from protocols.imap.mailbox_line import list_line, mailbox_attributes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from correio.mail.account import Account
    from correio.mail.mailbox_tree import Mailbox
    from protocols.imap.session import ImapSession

log = logging.getLogger("correio.imap")

_AT_ONCE: Final = 200
"""Mailboxes looked at between two turns of the other sessions; each may be named by a hundred groups."""
_OVERFLOW: Final = untagged_ok("Too much happened at once; ask again.", "NOTIFICATIONOVERFLOW")


async def notify(session: ImapSession, arguments: Notify, _: bytes) -> Completion:
    """RFC 5465 section 3.1"""
    account = session.person
    if not session.offers("METADATA") and any(
        group.events.annotations or group.events.server_annotations for group in arguments.groups
    ):
        told = " ".join(event for event in EVENTS if "Metadata" not in event)
        return Completion("NO", "Some of these events are not told here.", f"BADEVENT ({told})")
    await account.refresh()
    if arguments.set:
        # SET implies a NOOP: what has happened so far is told before the new rules hold.
        session.notifier = None
        await session.write(session.announcements(expunge=True))
    session.notifier = Notifier(account, arguments)
    if session.notifier.hears_annotations:
        # Section 5.6: without ENABLE METADATA too.
        session.annotation_news = session.annotation_news or AnnotationNews(account)
    if arguments.status:
        await _tell_statuses(session, session.notifier)
    return Completion("OK", "You will be told." if arguments.set else "You will not be told.")


async def _tell_statuses(session: ImapSession, notifier: Notifier) -> None:
    selected = session.selected.mailbox_id if session.selected is not None else None
    mailboxes = [one for one in session.person.mailboxes if one.selectable and one.id != selected]
    for start in range(0, len(mailboxes), _AT_ONCE):
        part = mailboxes[start : start + _AT_ONCE]
        pieces = [_status(session, one, items) for one in part if (items := notifier.initial_items(one))]
        await session.write(b"".join(pieces))
        await asyncio.sleep(0)


class Notifier:
    """What one session wants to hear, and up to where it has been told."""

    __slots__ = ("_account", "_added", "_fresh", "_journal", "_known", "_seen", "_watched", "selected")

    def __init__(self, account: Account, wanted: Notify) -> None:
        self._account: Final = account
        self._watched = Watched(wanted.groups) if wanted.groups else None
        self._journal = account.journal() if wanted.groups else None
        self._seen = account.modseq
        self._known: dict[str, bool] = {}
        self._fresh: list[int] = []
        self._added: set[int] = set()
        self.selected: SelectedEvents | None = wanted.selected
        """What to tell of the selected mailbox; None: nothing."""

    def initial_items(self, mailbox: Mailbox) -> tuple[str, ...]:
        """Return the items of the STATUS response before the answer to NOTIFY SET STATUS."""
        return initial_items(self._watched.events(mailbox)) if self._watched is not None else ()

    @property
    def hears_annotations(self) -> bool:
        """Whether anything is to be told of annotations."""
        return self._watched is not None and self._watched.annotations

    def hears_annotations_of(self, mailbox_id: str) -> bool:
        """Tell whether the annotations of a mailbox are to be told; an empty id stands for those of the account."""
        if self._watched is None:
            return False
        if not mailbox_id:
            return self._watched.server_annotations
        mailbox = self._account.mailboxes.get(mailbox_id)
        return mailbox is not None and self._watched.events(mailbox).annotations

    def concerned(self, session: ImapSession) -> bool:
        """Tell, quickly, whether a change of the account may be news."""
        if self._watched is not None:
            return True
        selected = session.selected
        return self.selected is not None and selected is not None and (selected.behind or selected.gone)

    def did(self, *paths: str) -> None:
        """The session itself made, renamed or deleted these names: that is no news to its client (section 5)."""
        if self._watched is None:
            return
        for path in paths:
            for name in (path, *ancestors(path)):
                self._known[name] = self._account.mailboxes.by_path(name) is not None

    def added(self, session: ImapSession, mailbox_id: str, uids: Iterable[int]) -> None:
        """The session itself added these messages: they are not fetched for its client (section 5.2)."""
        selected = session.selected
        wanted = self.selected is not None and bool(self.selected.items)
        if wanted and selected is not None and selected.mailbox_id == mailbox_id:
            self._added.update(uids)

    def grown(self, session: ImapSession, last: int) -> None:
        """The view grew: remember what is to be fetched. ``last`` is the largest UID that the client knew before."""
        selected = session.selected
        if selected is None or self.selected is None or not self.selected.items:
            return
        view = selected.view
        fresh = view.positions(last + 1, selected.largest_uid) if len(view) else range(0)
        self._fresh += [uid for uid in view.uids[fresh.start : fresh.stop] if uid not in self._added]
        self._added.clear()
        if self._fresh:
            session.connection.wake()

    async def tell(self, session: ImapSession) -> None:
        """Write everything there is to tell between two commands, or while the client is in IDLE."""
        await session.write(self._mailboxes(session))
        if self.selected is None or session.selected is None:
            self._fresh.clear()
            return
        expunge = session.idling or not self.selected.delayed
        await session.write(session.announcements(expunge=expunge))
        fresh, self._fresh = self._fresh, []
        if fresh:
            positions = [number - 1 for uid in fresh if (number := session.selected.view.number(uid))]
            try:
                await Fetching(session, _items(session, self.selected.items), frozenset()).run(_runs(positions))
            except MailError as error:
                log.warning("new messages were not sent to %s: %s", session.name(), error)
                await session.write(self._give_up())

    def _give_up(self) -> bytes:
        """Say that there is more to tell than can be told, and go on as after NOTIFY NONE (section 5.8)."""
        self._watched = self._journal = self.selected = None
        return _OVERFLOW

    def _mailboxes(self, session: ImapSession) -> bytes:
        if self._watched is None or self._journal is None:
            return b""
        account = self._account
        period = self._journal.since(self._seen)
        self._seen = account.modseq
        known, self._known = self._known, {}
        if period is None or names_went_round(period, account.mailboxes):
            return self._give_up()
        news = self._watched.news(
            period,
            account.mailboxes,
            account.document.dangling_subscriptions,
            selected=session.selected.mailbox_id if session.selected is not None else None,
            condstore=session.condstore,
        )
        pieces = [
            _list(session, name)
            for name in news.names
            if known.get(name.path) is not (account.mailboxes.by_path(name.path) is not None)
        ]
        pieces += [_status(session, status.mailbox, status.items) for status in news.statuses]
        return b"".join(pieces)


def _items(session: ImapSession, items: tuple[FetchItem, ...]) -> tuple[FetchItem, ...]:
    """Add what every FETCH response that nobody asked for must have (RFC 7162 section 3.2.4)."""
    if session.tells_uids and Datum.UID not in items:
        items = (Datum.UID, *items)
    if session.condstore and Datum.FLAGS in items and Datum.MODSEQ not in items:
        items = (*items, Datum.MODSEQ)
    return items


def _runs(positions: Sequence[int]) -> list[range]:
    runs: list[range] = []
    for position in positions:
        if runs and runs[-1].stop == position:
            runs[-1] = range(runs[-1].start, position + 1)
        else:
            runs.append(range(position, position + 1))
    return runs


def _list(session: ImapSession, name: NameNews) -> bytes:
    """Write the LIST response of a name as it is now, every attribute true (sections 5.4 and 5.5)."""
    account = session.person
    mailbox = account.mailboxes.by_path(name.path)
    if mailbox is None:
        attributes = ["\\NonExistent"]
        subscribed = name.path in account.document.dangling_subscriptions
    else:
        attributes = mailbox_attributes(session, mailbox, children=True, special_use=True)
        subscribed = mailbox.subscribed
    if subscribed:
        attributes.append("\\Subscribed")
    return list_line(session, attributes, name.path, name.old)


def _status(session: ImapSession, mailbox: Mailbox, items: Iterable[str]) -> bytes:
    values = {
        "MESSAGES": mailbox.exists,
        "UIDNEXT": mailbox.uidnext,
        "UIDVALIDITY": mailbox.uidvalidity,
        "UNSEEN": mailbox.unseen,
        "HIGHESTMODSEQ": mailbox.modseq,
    }
    shown = " ".join(f"{item} {values[item]}" for item in items).encode("ascii")
    return b"* STATUS %b (%b)\r\n" % (encode_name(mailbox.path, utf8=session.utf8), shown)
