"""AUTH (RFC 5034) with PLAIN and LOGIN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocols.pop3.commands.sign_in import require_privacy, sign_in
from protocols.pop3.core.command import Command
from protocols.pop3.core.response import AUTH, Refusal
from protocols.wire.sasl import (
    MECHANISMS,
    Credentials,
    Mechanism,
    SaslError,
    decode_response,
    encode_challenge,
)

if TYPE_CHECKING:
    from protocols.pop3.session import Pop3Session


async def auth(session: Pop3Session, command: Command) -> None:
    """Begin an exchange."""
    require_privacy(session)
    words = command.words(1, 2)
    factory = MECHANISMS.get(words[0].upper())
    if factory is None:
        raise Refusal("This mechanism is not available.")
    try:
        initial = decode_response(words[1].encode()) if len(words) == 2 else None
    except SaslError as error:
        raise Refusal(str(error)) from error
    await _step(session, factory(), initial)


async def respond(session: Pop3Session, mechanism: Mechanism, line: bytes) -> None:
    """Go on with an exchange; the line is the client's response."""
    if line == b"*":
        raise Refusal("Cancelled.")
    try:
        response = decode_response(line) if line else b""
    except SaslError as error:
        raise Refusal(str(error)) from error
    await _step(session, mechanism, response)


async def _step(session: Pop3Session, mechanism: Mechanism, response: bytes | None) -> None:
    try:
        step = mechanism.step(response)
    except SaslError as error:
        raise Refusal(str(error)) from error
    if not isinstance(step, Credentials):
        session.mechanism = mechanism
        await session.send(b"+ " + encode_challenge(step) + b"\r\n")
        return
    if step.authorization:
        raise Refusal("Nobody may act for another here.", AUTH)
    await sign_in(session, step.name, step.password)
