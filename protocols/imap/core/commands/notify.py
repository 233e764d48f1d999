"""NOTIFY (RFC 5465): which events a client wants to hear of, and where."""

from __future__ import annotations

from enum import Enum
from typing import Final, Self

import msgspec

from protocols.imap.core.commands.arguments import Arguments, Dialect
from protocols.imap.core.cursor import Cursor
from protocols.imap.core.fetch_items import FetchItem, parse_items
from protocols.imap.core.mailbox_name import decode_path
from protocols.imap.core.syntax_error import CommandRefusedError, CommandSyntaxError

MOST_GROUPS: Final = 100
MOST_MAILBOXES: Final = 1000
EVENTS: Final = (
    "MessageNew",
    "MessageExpunge",
    "FlagChange",
    "MailboxName",
    "SubscriptionChange",
    "MailboxMetadataChange",
    "ServerMetadataChange",
)
"""What this server can tell of, as BADEVENT lists it. Messages have no annotations of their own here (RFC 5257)."""
_SUPPORTED: Final = {name.upper().encode("ascii"): name for name in EVENTS}
_MESSAGE_EVENTS: Final = frozenset({"MessageNew", "MessageExpunge", "FlagChange"})


class Scope(Enum):
    """Mailboxes other than the selected one (RFC 5465 sections 6.2 to 6.6)."""

    INBOXES = b"INBOXES"
    PERSONAL = b"PERSONAL"
    SUBSCRIBED = b"SUBSCRIBED"
    SUBTREE = b"SUBTREE"
    MAILBOXES = b"MAILBOXES"


class Events(msgspec.Struct, frozen=True):
    """What to tell of some mailboxes that are not selected. ``flags`` comes with ``messages`` only."""

    messages: bool = False
    """MessageNew and MessageExpunge, which always come together."""
    flags: bool = False
    names: bool = False
    subscriptions: bool = False
    annotations: bool = False
    """MailboxMetadataChange: entries of METADATA (RFC 5464)."""
    server_annotations: bool = False
    """ServerMetadataChange, which is of no mailbox: in whatever group it stands, it counts."""

    def __or__(self, other: Events) -> Events:
        return Events(
            self.messages or other.messages,
            self.flags or other.flags,
            self.names or other.names,
            self.subscriptions or other.subscriptions,
            self.annotations or other.annotations,
            self.server_annotations or other.server_annotations,
        )


class EventGroup(msgspec.Struct, frozen=True):
    """Events in some mailboxes. ``paths`` are those of SUBTREE and MAILBOXES."""

    scope: Scope
    paths: frozenset[str]
    events: Events


class SelectedEvents(msgspec.Struct, frozen=True):
    """What to tell of new, expunged and, with ``flags``, changed messages of the selected mailbox (section 6.1).

    ``delayed``: expunges wait for a command during which they may be told. ``items`` of new messages are sent unasked.
    """

    delayed: bool
    flags: bool
    items: tuple[FetchItem, ...] = ()


class Notify(Arguments, frozen=True):
    """RFC 5465 section 3.1. Without groups and ``selected`` it is NOTIFY NONE, or a SET that comes to the same."""

    set: bool = False
    status: bool = False
    """Whether STATUS responses are wanted before the answer."""
    groups: tuple[EventGroup, ...] = ()
    selected: SelectedEvents | None = None

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:
        cursor.space()
        word = cursor.word("SET or NONE")
        if word == b"NONE":
            cursor.end()
            return cls()
        if word != b"SET":
            raise CommandSyntaxError("NOTIFY takes SET or NONE.")
        cursor.space()
        status = cursor.peek() != 0x28
        if status:
            cursor.need(b"STATUS")
            cursor.space()
        reader = _Groups(dialect)
        reader.read(cursor)
        while not cursor.at_end:
            cursor.space()
            reader.read(cursor)
        reader.judge()
        return cls(True, status, tuple(reader.groups), reader.selected)


class _Groups:
    """The event groups of one command. What is well formed and not possible is refused when all has been read."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._unknown = False
        self._names = 0
        self._count = 0
        self._selected_read = False
        self.groups: list[EventGroup] = []
        self.selected: SelectedEvents | None = None

    def judge(self) -> None:
        """Raise CommandRefusedError for events there are not (section 3.1), and for more than can be watched."""
        if self._unknown:
            raise CommandRefusedError("Some of these events are not told here.", f"BADEVENT ({' '.join(EVENTS)})")
        if self._count > MOST_GROUPS or self._names > MOST_MAILBOXES:
            raise CommandRefusedError(
                f"At most {MOST_GROUPS} groups and {MOST_MAILBOXES} names.", "NOTIFICATIONOVERFLOW"
            )

    def read(self, cursor: Cursor) -> None:
        """event-group = "(" filter-mailboxes SP events ")" """
        cursor.need(b"(")
        self._count += 1
        scope = cursor.word("a mailbox filter")
        if scope in (b"SELECTED", b"SELECTED-DELAYED"):
            cursor.space()
            self._read_selected(cursor, delayed=scope != b"SELECTED")
        else:
            try:
                found = Scope(scope)
            except ValueError:
                raise CommandSyntaxError(f"There is no filter {scope[:40].decode('ascii')}.") from None
            paths: frozenset[str] = frozenset()
            if found in (Scope.SUBTREE, Scope.MAILBOXES):
                cursor.space()
                paths = self._paths(cursor)
            cursor.space()
            names, items = self._events(cursor)
            if items is not None:
                raise CommandSyntaxError("Only new messages of the selected mailbox can be fetched.")
            events = Events(
                "MessageNew" in names,
                "FlagChange" in names,
                "MailboxName" in names,
                "SubscriptionChange" in names,
                "MailboxMetadataChange" in names,
                "ServerMetadataChange" in names,
            )
            self.groups.append(EventGroup(found, paths, events))
        cursor.need(b")")

    def _read_selected(self, cursor: Cursor, *, delayed: bool) -> None:
        if self._selected_read:
            raise CommandSyntaxError("SELECTED and SELECTED-DELAYED come once at the most.")
        self._selected_read = True
        names, items = self._events(cursor)
        if not names <= _MESSAGE_EVENTS:
            raise CommandSyntaxError("Of the selected mailbox, messages alone can be watched.")
        if names:
            self.selected = SelectedEvents(delayed, "FlagChange" in names, items or ())

    def _paths(self, cursor: Cursor) -> frozenset[str]:
        many = cursor.peek() == 0x28
        names = cursor.parenthesised(Cursor.astring, empty=False) if many else [cursor.astring()]
        self._names += len(names)
        return frozenset(decode_path(name, utf8=self._dialect.utf8) for name in names)

    def _events(self, cursor: Cursor) -> tuple[frozenset[str], tuple[FetchItem, ...] | None]:
        """Read events and what to fetch of new messages.

        The examples of RFC 5465 leave the parentheses out, and clients were written after them.
        """
        items: tuple[FetchItem, ...] | None = None
        names: set[str] = set()
        wanted: set[str] = set()

        def event(cursor: Cursor) -> None:
            nonlocal items
            word = cursor.word("an event")
            name = _SUPPORTED.get(word)
            wanted.add(name or word.decode("ascii"))
            if name is None:
                self._unknown = True
                return
            names.add(name)
            if name == "MessageNew" and cursor.looking_at(b" ("):
                cursor.space()
                items = parse_items(cursor)

        if cursor.peek() == 0x28:
            cursor.parenthesised(event, empty=False)
        elif not cursor.take(b"NONE"):
            event(cursor)
            while cursor.peek() == 0x20:
                cursor.space()
                event(cursor)
        both = {"MessageNew", "MessageExpunge"}
        if (wanted & (both | {"FlagChange", "ANNOTATIONCHANGE"})) and not both <= wanted:
            raise CommandSyntaxError("MessageNew and MessageExpunge go together, and with FlagChange.")
        return frozenset(names), items
