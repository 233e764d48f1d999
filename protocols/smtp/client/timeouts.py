"""How long the client waits (RFC 5321 section 4.5.3.2). All in seconds."""

from __future__ import annotations

import msgspec

from correio.config import Settings


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """The least that the RFC asks for, but for connecting, which it leaves open."""

    connect: float = 30.0
    greeting: float = 300.0
    handshake: float = 60.0
    command: float = 300.0
    """For the replies to EHLO, AUTH, MAIL, RCPT and RSET."""
    data: float = 120.0
    """For the reply to DATA."""
    block: float = 180.0
    """For a piece of the message to go out."""
    end: float = 600.0
    """For the reply to the message."""
    quit: float = 3.0


def timeouts_of(settings: Settings) -> Timeouts:
    """Return the times that the settings name, and for the others the usual ones."""
    command = settings.outbound_command_timeout
    usual = Timeouts()
    return Timeouts(
        connect=settings.outbound_connect_timeout,
        greeting=command,
        handshake=min(usual.handshake, command),
        command=command,
        data=min(usual.data, command),
        block=min(usual.block, command),
        end=settings.outbound_end_timeout,
    )
