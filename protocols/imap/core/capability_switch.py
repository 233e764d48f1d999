"""Capabilities that an operator has switched off for an account: what goes with them, and which commands need them. Pure.

A client that trips over an extension can be served without it. What is off is neither advertised nor understood.
"""

from __future__ import annotations

from typing import Final

from protocols.imap.core.capability import AFTER_SIGN_IN, EXTENSIONS, PARAMETERS
from protocols.imap.core.commands import append, mailboxes, messages, notify, sorting
from protocols.imap.core.commands.arguments import Arguments
from protocols.imap.core.fetch_items import BinarySection, BinarySize, Datum, FetchItem, Preview
from protocols.imap.core.parse_command import Request
from protocols.imap.core.search_keys import (
    And,
    ModSeq,
    Not,
    ObjectId,
    Or,
    Saved,
    SearchKey,
    Within,
)
from protocols.imap.core.sorting import DISPLAY

UNASKED: Final = 4096
"""Octets of a literal that LITERAL- lets come without being asked for (RFC 7888 section 5)."""

SWITCHABLE: Final = frozenset(
    name.upper()
    for name in ("IMAP4rev2", "LITERAL-", *EXTENSIONS, *AFTER_SIGN_IN, *PARAMETERS)
    # Used before anybody knows whose account it is.
    if name != "SASL-IR"
)
"""Everything that can be switched off, in upper case."""

_NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "CREATE-SPECIAL-USE": ("SPECIAL-USE",),
    # RFC 9051 appendix E: what IMAP4rev2 took in.
    "IMAP4REV2": (
        "BINARY",
        "ENABLE",
        "ESEARCH",
        "IDLE",
        "LIST-EXTENDED",
        "LIST-STATUS",
        "LITERAL-",
        "MOVE",
        "NAMESPACE",
        "SEARCHRES",
        "STATUS=SIZE",
        "UIDPLUS",
        "UNSELECT",
    ),
    "LIST-STATUS": ("LIST-EXTENDED",),
    "LITERAL+": ("LITERAL-",),
    "QRESYNC": ("CONDSTORE", "ENABLE"),
    "UTF8=ACCEPT": ("ENABLE",),
    "ESORT": ("ESEARCH", "SORT"),
    "PARTIAL": ("ESEARCH",),
    "SEARCHRES": ("ESEARCH",),
    "SORT=DISPLAY": ("SORT",),
    "QUOTA=RES-MAILBOX": ("QUOTA",),
    "QUOTA=RES-MESSAGE": ("QUOTA",),
    "QUOTA=RES-STORAGE": ("QUOTA",),
}
"""A capability, and those without which it is off as well."""

_COMMANDS: Final = {
    "COMPRESS": "COMPRESS=DEFLATE",
    "ENABLE": "ENABLE",
    "GETMETADATA": "METADATA",
    "GETQUOTA": "QUOTA",
    "GETQUOTAROOT": "QUOTA",
    "ID": "ID",
    "IDLE": "IDLE",
    "MOVE": "MOVE",
    "NAMESPACE": "NAMESPACE",
    "NOTIFY": "NOTIFY",
    "REPLACE": "REPLACE",
    "SORT": "SORT",
    "SETMETADATA": "METADATA",
    "UID EXPUNGE": "UIDPLUS",
    "UID MOVE": "MOVE",
    "UID REPLACE": "REPLACE",
    "UID SORT": "SORT",
    "UNSELECT": "UNSELECT",
}
"""A command, and the capability that brings it."""

_STATUS_ITEMS: Final = {
    "APPENDLIMIT": "APPENDLIMIT",
    "DELETED-STORAGE": "QUOTA=RES-STORAGE",
    "HIGHESTMODSEQ": "CONDSTORE",
    "MAILBOXID": "OBJECTID",
    "SIZE": "STATUS=SIZE",
}
_FETCH_ITEMS: Final[dict[FetchItem, str]] = {
    Datum.EMAILID: "OBJECTID",
    Datum.MODSEQ: "CONDSTORE",
    Datum.SAVEDATE: "SAVEDATE",
    Datum.THREADID: "OBJECTID",
}


def switched_off(names: list[str]) -> frozenset[str]:
    """Return these capabilities and all that need one of them, in upper case."""
    off = {name.upper() for name in names}
    grown = True
    while grown:
        more = {name for name, needs in _NEEDS.items() if name not in off and not off.isdisjoint(needs)}
        off |= more
        grown = bool(more)
    return frozenset(off)


def largest_unasked_literal(off: frozenset[str]) -> int | None:
    """Return how large a literal may be that comes unasked; None: of any size; -1: none may."""
    if "LITERAL+" not in off:
        return None
    return UNASKED if "LITERAL-" not in off else -1


def uses(request: Request) -> frozenset[str]:
    """Return the capabilities without which this command does not exist, in upper case."""
    used = _of_arguments(request.arguments)
    command = _COMMANDS.get(request.specification.name)
    if command is not None:
        used.add(command)
    return frozenset(used)


def _of_arguments(arguments: Arguments) -> set[str]:
    match arguments:
        case append.Append():
            return _marked(
                (len(arguments.messages) > 1, "MULTIAPPEND"),
                (any(message.binary for message in arguments.messages), "BINARY"),
            )
        case append.Replace():
            return _marked((arguments.message.binary, "BINARY"))
        case messages.Fetch():
            return {use for item in arguments.items for use in _fetch_item(item)} | _marked(
                (arguments.changed_since is not None, "CONDSTORE"),
                (arguments.vanished, "QRESYNC"),
                (arguments.partial is not None, "PARTIAL"),
                (arguments.messages.saved, "SEARCHRES"),
            )
        case notify.Notify():
            fetched = arguments.selected.items if arguments.selected is not None else ()
            return {use for item in fetched for use in _fetch_item(item)}
        case messages.Store() | messages.Copy() | messages.Expunge():
            return _of_set(arguments)
        case messages.Search() | sorting.Sort() | sorting.Thread():
            return _of_search(arguments)
        case _:
            return _of_mailbox_command(arguments)


def _of_mailbox_command(arguments: Arguments) -> set[str]:
    match arguments:
        case mailboxes.Select():
            return _marked(
                (arguments.condstore, "CONDSTORE"),
                (arguments.resynchronise is not None, "QRESYNC"),
            )
        case mailboxes.Create():
            return _marked((bool(arguments.use), "CREATE-SPECIAL-USE"))
        case mailboxes.Status():
            return _status(arguments.items)
        case mailboxes.List():
            return _status(arguments.status) | _marked(
                (arguments.extended, "LIST-EXTENDED"),
                (b"SPECIAL-USE" in arguments.selection | arguments.returning, "SPECIAL-USE"),
                (bool(arguments.status), "LIST-STATUS"),
            )
        case _:
            return set()


def _marked(*uses: tuple[bool, str]) -> set[str]:
    return {name for used, name in uses if used}


def _status(items: tuple[str, ...]) -> set[str]:
    return {_STATUS_ITEMS[item] for item in items if item in _STATUS_ITEMS}


def _fetch_item(item: FetchItem) -> set[str]:
    match item:
        case BinarySection() | BinarySize():
            return {"BINARY"}
        case Preview():
            return {"PREVIEW"}
        case _:
            return {_FETCH_ITEMS[item]} if item in _FETCH_ITEMS else set()


def _of_set(arguments: messages.Store | messages.Copy | messages.Expunge) -> set[str]:
    numbers = arguments.uids if isinstance(arguments, messages.Expunge) else arguments.messages
    return _marked(
        (numbers is not None and numbers.saved, "SEARCHRES"),
        (isinstance(arguments, messages.Store) and arguments.unchanged_since is not None, "CONDSTORE"),
    )


def _of_search(arguments: messages.Search | sorting.Sort | sorting.Thread) -> set[str]:
    used = _search_key(arguments.key) | _marked((arguments.uses_saved, "SEARCHRES"))
    if isinstance(arguments, sorting.Thread):
        return used | {"THREAD=" + arguments.algorithm.decode("ascii")}
    returning = arguments.returning
    used |= _marked((b"SAVE" in (returning or ()), "SEARCHRES"), (arguments.partial is not None, "PARTIAL"))
    if isinstance(arguments, messages.Search):
        return used | _marked((returning is not None, "ESEARCH"))
    display = any(one.key in DISPLAY for one in arguments.criteria)
    return used | _marked((returning is not None, "ESORT"), (display, "SORT=DISPLAY"))


def _search_key(key: SearchKey) -> set[str]:
    match key:
        case And():
            return {use for one in key.keys for use in _search_key(one)}
        case Or():
            return _search_key(key.one) | _search_key(key.other)
        case Not():
            return _search_key(key.key)
        case Within():
            return {"WITHIN"}
        case ModSeq():
            return {"CONDSTORE"}
        case ObjectId():
            return {"OBJECTID"}
        case Saved():
            return {"SAVEDATE"}
        case _:
            return set()
