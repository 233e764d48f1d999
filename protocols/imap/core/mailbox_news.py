"""What is news about mailboxes that are not selected (RFC 5465 sections 5.1 to 5.5). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from correio.mail.mailbox_journal import MailboxBefore, MailboxPeriod
from correio.mail.mailbox_tree import DELIMITER, Mailbox, MailboxTree
from protocols.imap.core.commands.notify import EventGroup, Events, Scope

_NOTHING: Final = Events()


class NameNews(msgspec.Struct, frozen=True):
    """A name to be listed, and the one it had before, if it was renamed."""

    path: str
    old: str | None = None


class StatusNews(msgspec.Struct, frozen=True):
    """A mailbox whose STATUS is to be told, with these items."""

    mailbox: Mailbox
    items: tuple[str, ...]


class News(msgspec.Struct, frozen=True):
    """What to tell, names first."""

    names: tuple[NameNews, ...]
    statuses: tuple[StatusNews, ...]


def events_of(groups: Iterable[EventGroup], path: str, *, inbox: bool, subscribed: bool) -> Events:
    """Return what is to be told of a mailbox: several groups may name it, and all of them count (section 6)."""
    found = _NOTHING
    for group in groups:
        match group.scope:
            case Scope.INBOXES:
                matched = inbox
            case Scope.PERSONAL:
                matched = True
            case Scope.SUBSCRIBED:
                matched = subscribed
            case Scope.SUBTREE:
                matched = path in group.paths or not group.paths.isdisjoint(ancestors(path))
            case Scope.MAILBOXES:
                matched = path in group.paths
        if matched:
            found = found | group.events
    return found


def ancestors(path: str) -> list[str]:
    """Return the names above a path, the nearest first."""
    found: list[str] = []
    while DELIMITER in path:
        path = path.rpartition(DELIMITER)[0]
        found.append(path)
    return found


def initial_items(events: Events) -> tuple[str, ...]:
    """Return the STATUS items that NOTIFY SET STATUS answers with (section 3.1); none where no messages are watched."""
    if not events.messages:
        return ()
    return ("MESSAGES", "UIDNEXT", "UIDVALIDITY", *(("HIGHESTMODSEQ",) if events.flags else ()))


def status_items(before: MailboxBefore | None, now: Mailbox, events: Events, *, condstore: bool) -> tuple[str, ...]:
    """Return the STATUS items to tell of a mailbox that changed; none where nothing of it was asked for.

    ``condstore``: the client has enabled CONDSTORE or QRESYNC. ``before`` is None where there was no such mailbox.
    """
    if not events.messages or not now.selectable:
        return ()
    if before is None:
        # One that was deleted and made anew has another UIDVALIDITY, which must be told (section 5.1).
        if not now.exists and not events.flags:
            return ()
        counted = revalued = True
        unseen = events.flags
    else:
        # As many may have come as have gone: then the next UID tells.
        counted = before.uidnext != now.uidnext or before.exists != now.exists
        revalued = before.uidvalidity != now.uidvalidity
        unseen = events.flags and before.unseen != now.unseen
    if not counted and not revalued and not (events.flags and (condstore or unseen)):
        return ()
    items = ["MESSAGES", "UIDNEXT"] if counted or revalued else []
    items.append("UIDVALIDITY")
    if unseen:
        items.append("UNSEEN")
    if condstore:
        items.append("HIGHESTMODSEQ")
    return tuple(items)


def names_went_round(period: MailboxPeriod, tree: MailboxTree) -> bool:
    """Tell whether a mailbox took a name that another gave up for a new one, as when two change places.

    OLDNAME one by one cannot say that, whatever the order: this is more than can be told (section 5.8).
    """
    renamed = [
        (before.path, now.path)
        for mailbox_id, before in period.mailboxes.items()
        if before is not None and (now := tree.get(mailbox_id)) is not None and before.path != now.path
    ]
    given_up = {old for old, _ in renamed}
    return any(new in given_up for _, new in renamed)


class Watched:
    """The groups of one NOTIFY, as they apply to an account's mailboxes."""

    def __init__(self, groups: Sequence[EventGroup]) -> None:
        self._groups = groups
        self._messages = any(group.events.messages for group in groups)
        self._names = any(group.events.names or group.events.subscriptions for group in groups)
        self.annotations = any(group.events.annotations or group.events.server_annotations for group in groups)
        """Whether anything is to be told of annotations."""
        self.server_annotations = any(group.events.server_annotations for group in groups)

    def events(self, mailbox: Mailbox) -> Events:
        """Return what is to be told of a mailbox."""
        return events_of(self._groups, mailbox.path, inbox=mailbox.role == "inbox", subscribed=mailbox.subscribed)

    def news(
        self,
        period: MailboxPeriod,
        tree: MailboxTree,
        dangling: Sequence[str],
        *,
        selected: str | None,
        condstore: bool,
    ) -> News:
        """Return what to tell of a period. ``dangling`` are the subscriptions without a mailbox as they are now;

        ``selected`` is the id of the selected mailbox, whose messages are told otherwise (section 3.1).
        """
        statuses: list[StatusNews] = []
        if self._messages:
            for mailbox_id, before in period.mailboxes.items():
                now = tree.get(mailbox_id)
                if now is not None and mailbox_id != selected:
                    # Under another name it is another mailbox for who watches names.
                    was = before if before is not None and before.path == now.path else None
                    items = status_items(was, now, self.events(now), condstore=condstore)
                    if items:
                        statuses.append(StatusNews(now, items))
        names = self._name_news(period, tree, frozenset(dangling)) if self._names else ()
        return News(tuple(names), tuple(statuses))

    def _name_news(self, period: MailboxPeriod, tree: MailboxTree, dangling: frozenset[str]) -> Iterable[NameNews]:
        """A name is told once, however many events there were to it."""
        found: dict[str, NameNews] = {}
        dangled = dangling if period.dangling is None else frozenset(period.dangling)
        subscribed = {before.path for before in period.mailboxes.values() if before is not None and before.subscribed}
        paths: dict[str, None] = {}
        for mailbox_id, before in period.mailboxes.items():
            now = tree.get(mailbox_id)
            for path in (before.path if before is not None else None, now.path if now is not None else None):
                if path is not None:
                    paths[path] = None
            if before is not None and now is not None and before.path != now.path:
                if self._wants_name(before.path, tree, dangling | dangled) or self._wants_name(
                    now.path, tree, dangling | dangled
                ):
                    found[now.path] = NameNews(now.path, before.path)
            elif before is None or now is None or before.selectable != now.selectable:
                path = now.path if now is not None else before.path if before is not None else None
                if path is None:
                    continue
                # The name above has one more below it, or one less.
                for affected in (path, *ancestors(path)[:1]):
                    if affected not in found and self._wants_name(affected, tree, dangling | dangled):
                        found[affected] = NameNews(affected)
        # A subscription follows its mailbox to the new name, as the client knows.
        followed = {news.old for news in found.values()}
        for path in (*paths, *sorted(dangled ^ dangling)):
            was = path in subscribed - followed or path in dangled
            mailbox = tree.by_path(path)
            is_now = path in dangling or (mailbox is not None and mailbox.subscribed)
            if was != is_now and path not in found:
                events = events_of(
                    self._groups, path, inbox=mailbox is not None and mailbox.role == "inbox", subscribed=True
                )
                if events.subscriptions:
                    found[path] = NameNews(path)
        return found.values()

    def _wants_name(self, path: str, tree: MailboxTree, dangling: frozenset[str]) -> bool:
        mailbox = tree.by_path(path)
        subscribed = path in dangling or (mailbox is not None and mailbox.subscribed)
        inbox = mailbox is not None and mailbox.role == "inbox"
        return events_of(self._groups, path, inbox=inbox, subscribed=subscribed).names
