"""STAT, LIST and UIDL (RFC 1939 sections 5 and 7): from the snapshot alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from protocols.pop3.core.command import Command
from protocols.pop3.core.response import ok

if TYPE_CHECKING:
    from protocols.pop3.session import Pop3Session

_LINES: Final = 4096
"""Lines that are made and sent in one go."""


async def stat(session: Pop3Session, command: Command) -> None:
    """Count messages and octets."""
    command.words(0, 0)
    maildrop = session.maildrop
    await session.send(f"+OK {maildrop.count} {maildrop.octets}\r\n".encode())


async def list_(session: Pop3Session, command: Command) -> None:
    """Give the size of a message or of all."""
    maildrop = session.maildrop
    title = f"{maildrop.count} messages ({maildrop.octets} octets)."
    await _listing(session, command, title, lambda at: str(maildrop.size(at)))


async def uidl(session: Pop3Session, command: Command) -> None:
    """Give the unique id of a message or of all."""
    await _listing(session, command, "Unique ids:", session.maildrop.unique_id)


async def _listing(session: Pop3Session, command: Command, title: str, value: Callable[[int], str]) -> None:
    maildrop = session.maildrop
    words = command.words(0, 1)
    if words:
        at = maildrop.position(words[0])
        await session.send(f"+OK {at + 1} {value(at)}\r\n".encode())
        return
    await session.send(ok(title))
    lines: list[str] = []
    for at in maildrop:
        lines.append(f"{at + 1} {value(at)}\r\n")
        if len(lines) == _LINES:
            await session.send("".join(lines).encode())
            lines.clear()
            await asyncio.sleep(0)
    await session.send("".join(lines).encode() + b".\r\n")
