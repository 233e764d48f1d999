"""LIST, LSUB and NAMESPACE (RFC 9051 section 6.3.9, RFC 5258, RFC 5819, RFC 6154, RFC 3501 section 6.3.9)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from protocols.imap.commands.status import status_response
from protocols.imap.core.commands.mailboxes import List, Lsub
from protocols.imap.core.mailbox_name import SEPARATOR, ListPattern, encode_name
from protocols.imap.core.responses import Completion
from protocols.imap.mailbox_line import SPECIAL_USES, mailbox_attributes

if TYPE_CHECKING:
    from correio.mail.account import Account
    from correio.mail.mailbox_tree import Mailbox
    from protocols.imap.core.commands.arguments import Arguments
    from protocols.imap.session import ImapSession


class Name(msgspec.Struct):
    """A name that LIST may show: a mailbox, or a path that is only subscribed."""

    path: str
    mailbox: Mailbox | None
    subscribed: bool


def _names(account: Account) -> list[Name]:
    names = [Name(mailbox.path, mailbox, mailbox.subscribed) for mailbox in account.mailboxes]
    names += [
        Name(path, None, subscribed=True)
        for path in sorted(account.document.dangling_subscriptions)
        if account.mailboxes.by_path(path) is None
    ]
    return names


async def namespace(session: ImapSession, _: Arguments, __: bytes) -> Completion:
    """RFC 2342 section 5: personal mailboxes at the root, and no others."""
    await session.write(b'* NAMESPACE (("" "/")) NIL NIL\r\n')
    return Completion("OK", "That is all.")


async def list_mailboxes(session: ImapSession, arguments: List, _: bytes) -> Completion:
    """RFC 9051 section 6.3.9"""
    if arguments.patterns == ("",) and not arguments.extended:
        await session.write(b'* LIST (\\Noselect) "/" ""\r\n')
        return Completion("OK", "That is all.")
    patterns = arguments.compiled()
    await session.person.refresh()
    names = _names(session.person)
    chosen = {name.path for name in names if _chosen(name, arguments.selection)}
    pieces: list[bytes] = []
    for name in names:
        if not any(pattern.matches(name.path) for pattern in patterns):
            continue
        below = b"RECURSIVEMATCH" in arguments.selection and _has_below(name.path, chosen)
        if name.path not in chosen and not below:
            continue
        pieces.append(_line(session, arguments, name, below=below))
        if arguments.status and name.path in chosen and name.mailbox is not None and name.mailbox.selectable:
            pieces.append(await status_response(session, name.mailbox, arguments.status))
    if b"RECURSIVEMATCH" in arguments.selection:
        pieces += _missing_parents(session, arguments, patterns, {name.path for name in names}, chosen)
    await session.write(b"".join(pieces))
    return Completion("OK", "That is all.")


def _chosen(name: Name, selection: frozenset[bytes]) -> bool:
    """Whether the selection options let a name through (RFC 5258 section 3.1)."""
    if b"SUBSCRIBED" in selection and not name.subscribed:
        return False
    if b"SPECIAL-USE" in selection and (name.mailbox is None or name.mailbox.role not in SPECIAL_USES):
        return False
    return name.mailbox is not None or b"SUBSCRIBED" in selection


def _has_below(path: str, chosen: Iterable[str]) -> bool:
    prefix = path + SEPARATOR
    return any(one.startswith(prefix) for one in chosen)


def _line(session: ImapSession, arguments: List, name: Name, *, below: bool) -> bytes:
    if name.mailbox is None:
        attributes = ["\\NonExistent"]
    else:
        attributes = mailbox_attributes(
            session,
            name.mailbox,
            children=b"CHILDREN" in arguments.returning,
            special_use=b"SPECIAL-USE" in arguments.selection | arguments.returning,
        )
    if name.subscribed and b"SUBSCRIBED" in arguments.selection | arguments.returning:
        attributes.append("\\Subscribed")
    line = b'* LIST (%b) "/" %b' % (" ".join(attributes).encode("ascii"), encode_name(name.path, utf8=session.utf8))
    if below:
        line += b' ("CHILDINFO" (' + _child_info(arguments) + b"))"
    return line + b"\r\n"


def _child_info(arguments: List) -> bytes:
    kinds = [kind for kind in (b"SUBSCRIBED", b"SPECIAL-USE") if kind in arguments.selection]
    return b" ".join(b'"%b"' % kind for kind in kinds)


def _missing_parents(
    session: ImapSession, arguments: List, patterns: list[ListPattern], known: set[str], chosen: set[str]
) -> list[bytes]:
    """Names that do not exist and have a subscribed name below them (RFC 5258 section 3.5)."""
    lines: list[bytes] = []
    for parent in _parents(chosen):
        if parent not in known and any(pattern.matches(parent) for pattern in patterns):
            name = encode_name(parent, utf8=session.utf8)
            lines.append(b'* LIST (\\NonExistent) "/" %b ("CHILDINFO" (%b))\r\n' % (name, _child_info(arguments)))
    return lines


def _parents(paths: Iterable[str]) -> list[str]:
    parents: set[str] = set()
    for path in paths:
        while SEPARATOR in path:
            path = path.rpartition(SEPARATOR)[0]  # noqa: PLW2901 - one level up at a time
            parents.add(path)
    return sorted(parents)


async def lsub(session: ImapSession, arguments: Lsub, _: bytes) -> Completion:
    """RFC 3501 section 6.3.9"""
    pattern = ListPattern(arguments.reference + arguments.pattern)
    await session.person.refresh()
    names = {name.path: name for name in _names(session.person) if name.subscribed}
    lines: list[bytes] = []
    for path, name in names.items():
        if pattern.matches(path):
            selectable = name.mailbox is not None and name.mailbox.selectable
            lines.append(_lsub_line(session, path, selectable=selectable))
    if "%" in pattern.text:
        # A name that is not subscribed and has subscribed names below shows so that a client can go down to them.
        lines += [
            _lsub_line(session, parent, selectable=False)
            for parent in _parents(names)
            if parent not in names and pattern.matches(parent)
        ]
    await session.write(b"".join(lines))
    return Completion("OK", "That is all.")


def _lsub_line(session: ImapSession, path: str, *, selectable: bool) -> bytes:
    return b'* LSUB (%b) "/" %b\r\n' % (b"" if selectable else b"\\Noselect", encode_name(path, utf8=session.utf8))
