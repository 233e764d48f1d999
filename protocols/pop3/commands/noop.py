"""NOOP (RFC 1939 section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocols.pop3.core.command import Command
from protocols.pop3.core.response import ok

if TYPE_CHECKING:
    from protocols.pop3.session import Pop3Session


async def noop(session: Pop3Session, command: Command) -> None:
    """Say that the server is there."""
    command.words(0, 0)
    await session.send(ok("Here."))
