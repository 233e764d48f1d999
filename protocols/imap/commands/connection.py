"""CAPABILITY, NOOP, CHECK, LOGOUT, STARTTLS, ID, ENABLE and IDLE."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import correio
from protocols.imap.annotation_news import AnnotationNews
from protocols.imap.core.capability import ENABLED_BY_CLIENT
from protocols.imap.core.commands.connection import Enable, Id
from protocols.imap.core.responses import Completion, quoted, status_line

if TYPE_CHECKING:
    from protocols.imap.core.commands.arguments import Arguments
    from protocols.imap.session import ImapSession

log = logging.getLogger("correio.imap")

_SPELLING = {b"IMAP4REV2": b"IMAP4rev2"}


async def capability(session: ImapSession, _: Arguments, __: bytes) -> Completion:
    """RFC 9051 section 6.1.1"""
    await session.write(b"* CAPABILITY " + session.capabilities().encode("ascii") + b"\r\n")
    return Completion("OK", "That is all.")


async def noop(session: ImapSession, _: Arguments, __: bytes) -> Completion:
    """RFC 9051 section 6.1.2; CHECK (RFC 3501 section 6.4.1) has nothing more to do, since all is durable already."""
    if session.account is not None:
        await session.account.refresh()
    return Completion("OK", "Done.")


async def logout(session: ImapSession, _: Arguments, tag: bytes) -> None:
    """RFC 9051 section 6.1.3"""
    await session.write(status_line(b"*", "BYE", "Until next time.") + status_line(tag, "OK", "Signed out."))
    session.connection.close()


async def start_tls(session: ImapSession, _: Arguments, tag: bytes) -> Completion | None:
    """RFC 9051 section 6.2.1"""
    if session.connection.secure:
        return Completion("BAD", "TLS is active already.")
    if session.server.tls_context is None:
        return Completion("BAD", "TLS is not offered here.")
    dropped = session.drop_input()
    if dropped:
        log.warning("%s sent %d octets in plain text behind STARTTLS; dropped", session.name(), dropped)
    await session.connection.start_tls(status_line(tag, "OK", "Begin TLS now."))
    return None


async def identify(session: ImapSession, arguments: Id, _: bytes) -> Completion:
    """RFC 2971 section 3.1"""
    if arguments.fields:
        log.info("%s is %r", session.name(), dict(arguments.fields[:8]))
    fields = b" ".join(map(quoted, ("name", "Correio", "version", correio.__version__)))
    await session.write(b"* ID (" + fields + b")\r\n")
    return Completion("OK", "Pleased to meet you.")


async def enable(session: ImapSession, arguments: Enable, _: bytes) -> Completion:
    """RFC 9051 section 6.3.1; unknown names are passed over."""
    new: list[bytes] = []
    for name in dict.fromkeys(arguments.capabilities):
        if name not in ENABLED_BY_CLIENT or not session.offers(name.decode("ascii")):
            continue
        new.append(_SPELLING.get(name, name))
        if name in (b"CONDSTORE", b"QRESYNC"):
            session.condstore = True
            session.qresync = session.qresync or name == b"QRESYNC"
        elif name == b"UTF8=ACCEPT":
            session.utf8 = session.utf8_accept = True
        elif name == b"METADATA":
            session.annotation_news = session.annotation_news or AnnotationNews(session.person)
        else:
            session.utf8 = session.rev2 = True
            if session.selected is not None:
                session.selected.forget_recent()
    await session.write(b"* ENABLED" + b"".join(b" " + name for name in new) + b"\r\n")
    return Completion("OK", "Enabled.")


async def idle(session: ImapSession, _: Arguments, __: bytes) -> None:
    """RFC 2177. Whatever the client sends next is DONE, and commands may follow it in the same breath."""
    await session.person.refresh()
    news = session.announcements(expunge=True)
    session.idling = True

    async def done(line: bytes) -> Completion:
        session.idling = False
        if line.strip().upper() != b"DONE":
            return Completion("BAD", "IDLE ends with DONE.")
        return Completion("OK", "IDLE ended.")

    session.read_lines(done)
    if session.annotation_news is not None and session.annotation_news.waiting:
        session.connection.wake()
    await session.write(news + b"+ idling\r\n")
