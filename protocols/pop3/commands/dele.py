"""DELE and RSET (RFC 1939 section 5): marks, which QUIT acts on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocols.pop3.core.command import Command
from protocols.pop3.core.response import ok

if TYPE_CHECKING:
    from protocols.pop3.session import Pop3Session


async def dele(session: Pop3Session, command: Command) -> None:
    """Mark a message as deleted."""
    position = session.maildrop.position(command.words(1, 1)[0])
    session.maildrop.delete(position)
    await session.send(ok(f"Message {position + 1} is marked as deleted."))


async def rset(session: Pop3Session, command: Command) -> None:
    """Take all marks away."""
    command.words(0, 0)
    maildrop = session.maildrop
    maildrop.undelete()
    await session.send(ok(f"{maildrop.count} messages ({maildrop.octets} octets)."))
