"""Every command there is: in which states it may come, what its arguments are, and which class reads them.

The one place to look a command up; tests enumerate it, so that a new command cannot escape them.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

import msgspec

from protocols.imap.core.commands import append, connection, mailboxes, messages, metadata, notify, quota, sorting
from protocols.imap.core.commands.arguments import Arguments


class State(Enum):
    """RFC 9051 section 3."""

    NOT_AUTHENTICATED = auto()
    AUTHENTICATED = auto()
    SELECTED = auto()


class Kind(Enum):
    """What an argument is."""

    MAILBOX = auto()
    """The name of a mailbox that the command reads or changes."""
    NEW_MAILBOX = auto()
    """The name of a mailbox to make."""
    PATTERN = auto()
    """A LIST reference or pattern."""
    MESSAGES = auto()
    """A set of message numbers, or of UIDs where ``uid`` is set."""
    MESSAGE = auto()
    """One message number, or one UID where ``uid`` is set."""
    ITEMS = auto()
    """FETCH or STATUS items, entries of METADATA, or the order that SORT and THREAD ask for."""
    FLAGS = auto()
    """A STORE action with flags."""
    KEYS = auto()
    """SEARCH keys."""
    LITERAL = auto()
    """A message."""
    CREDENTIALS = auto()
    """A name and a password, or a SASL mechanism."""
    WORDS = auto()
    """Anything else."""


ANY: Final = frozenset(State)
BEFORE: Final = frozenset({State.NOT_AUTHENTICATED})
AFTER: Final = frozenset({State.AUTHENTICATED, State.SELECTED})
SELECTED: Final = frozenset({State.SELECTED})


class Specification(msgspec.Struct, frozen=True):
    """One command. ``name`` is as it is sent, ``UID FETCH`` in two words."""

    name: str
    states: frozenset[State]
    arguments: type[Arguments]
    kinds: tuple[Kind, ...] = ()
    uid: bool = False
    holds_expunge: bool = False
    """Whether no EXPUNGE may be sent before its end (RFC 9051 section 7.5.1)."""

    @property
    def takes_mailbox(self) -> bool:
        """Whether an argument names a mailbox."""
        return Kind.MAILBOX in self.kinds or Kind.NEW_MAILBOX in self.kinds

    @property
    def takes_uids(self) -> bool:
        """Whether an argument is a set of UIDs."""
        return self.uid and Kind.MESSAGES in self.kinds


COMMANDS: Final[tuple[Specification, ...]] = (
    Specification("CAPABILITY", ANY, connection.Capability),
    Specification("NOOP", ANY, connection.Noop),
    Specification("LOGOUT", ANY, connection.Logout),
    Specification("ID", ANY, connection.Id, (Kind.WORDS,)),
    Specification("STARTTLS", BEFORE, connection.StartTls),
    Specification("LOGIN", BEFORE, connection.Login, (Kind.CREDENTIALS,)),
    Specification("AUTHENTICATE", BEFORE, connection.Authenticate, (Kind.CREDENTIALS,)),
    Specification("ENABLE", AFTER, connection.Enable, (Kind.WORDS,)),
    Specification("IDLE", AFTER, connection.Idle),
    Specification("COMPRESS", AFTER, connection.Compress, (Kind.WORDS,)),
    Specification("NOTIFY", AFTER, notify.Notify, (Kind.WORDS,)),
    Specification("NAMESPACE", AFTER, mailboxes.Namespace),
    Specification("SELECT", AFTER, mailboxes.Select, (Kind.MAILBOX,)),
    Specification("EXAMINE", AFTER, mailboxes.Examine, (Kind.MAILBOX,)),
    Specification("CREATE", AFTER, mailboxes.Create, (Kind.NEW_MAILBOX,)),
    Specification("DELETE", AFTER, mailboxes.Delete, (Kind.MAILBOX,)),
    Specification("RENAME", AFTER, mailboxes.Rename, (Kind.MAILBOX, Kind.NEW_MAILBOX)),
    Specification("SUBSCRIBE", AFTER, mailboxes.Subscribe, (Kind.MAILBOX,)),
    Specification("UNSUBSCRIBE", AFTER, mailboxes.Unsubscribe, (Kind.MAILBOX,)),
    Specification("LIST", AFTER, mailboxes.List, (Kind.PATTERN, Kind.PATTERN)),
    Specification("LSUB", AFTER, mailboxes.Lsub, (Kind.PATTERN, Kind.PATTERN)),
    Specification("STATUS", AFTER, mailboxes.Status, (Kind.MAILBOX, Kind.ITEMS)),
    Specification("GETMETADATA", AFTER, metadata.GetMetadata, (Kind.MAILBOX, Kind.ITEMS)),
    Specification("SETMETADATA", AFTER, metadata.SetMetadata, (Kind.MAILBOX, Kind.ITEMS)),
    Specification("GETQUOTA", AFTER, quota.GetQuota, (Kind.WORDS,)),
    Specification("GETQUOTAROOT", AFTER, quota.GetQuotaRoot, (Kind.MAILBOX,)),
    Specification("APPEND", AFTER, append.Append, (Kind.MAILBOX, Kind.LITERAL)),
    Specification("REPLACE", SELECTED, append.Replace, (Kind.MESSAGE, Kind.MAILBOX, Kind.LITERAL)),
    Specification("UID REPLACE", SELECTED, append.Replace, (Kind.MESSAGE, Kind.MAILBOX, Kind.LITERAL), uid=True),
    Specification("CHECK", SELECTED, messages.Check),
    Specification("CLOSE", SELECTED, messages.Close),
    Specification("UNSELECT", SELECTED, messages.Unselect),
    Specification("EXPUNGE", SELECTED, messages.Expunge),
    Specification("UID EXPUNGE", SELECTED, messages.Expunge, (Kind.MESSAGES,), uid=True),
    Specification("SEARCH", SELECTED, messages.Search, (Kind.KEYS,), holds_expunge=True),
    Specification("UID SEARCH", SELECTED, messages.Search, (Kind.KEYS,), uid=True),
    Specification("SORT", SELECTED, sorting.Sort, (Kind.ITEMS, Kind.KEYS), holds_expunge=True),
    Specification("UID SORT", SELECTED, sorting.Sort, (Kind.ITEMS, Kind.KEYS), uid=True),
    Specification("THREAD", SELECTED, sorting.Thread, (Kind.ITEMS, Kind.KEYS), holds_expunge=True),
    Specification("UID THREAD", SELECTED, sorting.Thread, (Kind.ITEMS, Kind.KEYS), uid=True),
    Specification("FETCH", SELECTED, messages.Fetch, (Kind.MESSAGES, Kind.ITEMS), holds_expunge=True),
    Specification("UID FETCH", SELECTED, messages.Fetch, (Kind.MESSAGES, Kind.ITEMS), uid=True),
    Specification("STORE", SELECTED, messages.Store, (Kind.MESSAGES, Kind.FLAGS), holds_expunge=True),
    Specification("UID STORE", SELECTED, messages.Store, (Kind.MESSAGES, Kind.FLAGS), uid=True),
    Specification("COPY", SELECTED, messages.Copy, (Kind.MESSAGES, Kind.MAILBOX)),
    Specification("UID COPY", SELECTED, messages.Copy, (Kind.MESSAGES, Kind.MAILBOX), uid=True),
    Specification("MOVE", SELECTED, messages.Move, (Kind.MESSAGES, Kind.MAILBOX)),
    Specification("UID MOVE", SELECTED, messages.Move, (Kind.MESSAGES, Kind.MAILBOX), uid=True),
)

BY_NAME: Final[dict[bytes, Specification]] = {one.name.encode("ascii"): one for one in COMMANDS}
