"""UTF8 (RFC 6856 section 2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocols.pop3.core.command import Command
from protocols.pop3.core.response import ok

if TYPE_CHECKING:
    from protocols.pop3.session import Pop3Session


async def utf8(session: Pop3Session, command: Command) -> None:
    """From now on messages with internationalised headers are sent as they are."""
    command.words(0, 0)
    session.utf8 = True
    await session.send(ok("UTF-8 it is."))
