"""AUTH (RFC 5034)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from correio.mail.account import Account
from protocols.pop3.commands.sign_in import answer_refusals, enter, require_privacy
from protocols.pop3.core.command import Command
from protocols.pop3.core.response import Refusal, ok
from protocols.wire.sasl.encoding import decode_response, encode_challenge
from protocols.wire.sasl.mechanism import SaslError
from protocols.wire.sasl.offer import make_mechanism, mechanisms, needs_privacy
from protocols.wire.sign_in import SignIn

if TYPE_CHECKING:
    from protocols.pop3.session import Pop3Session


async def auth(session: Pop3Session, command: Command) -> None:
    """Begin an exchange. Without an argument the mechanisms are listed: programs older than CAPA ask so."""
    words = command.words(0, 2)
    channel = session.connection.channel
    if not words:
        lines = "".join(f"{name}\r\n" for name in mechanisms(channel))
        await session.send(ok("Mechanisms:") + lines.encode("ascii") + b".\r\n")
        return
    name = words[0].upper()
    mechanism = make_mechanism(name, channel)
    if mechanism is None:
        if needs_privacy(name):
            require_privacy(session)
        raise Refusal("This mechanism is not available.")
    try:
        initial = decode_response(words[1].encode(), initial=True) if len(words) == 2 else None
    except SaslError as error:
        raise Refusal(str(error)) from error
    await _step(session, SignIn(mechanism, session.server.authenticator, session.connection.remote), initial)


async def respond(session: Pop3Session, exchange: SignIn, line: bytes) -> None:
    """Go on with an exchange; the line is the client's response."""
    if line == b"*":
        raise Refusal("Cancelled.")
    try:
        response = decode_response(line)
    except SaslError as error:
        raise Refusal(str(error)) from error
    await _step(session, exchange, response)


async def _step(session: Pop3Session, exchange: SignIn, response: bytes | None) -> None:
    with answer_refusals(session):
        result = await exchange.step(response)
    if isinstance(result, Account):
        await enter(session, result)
        return
    session.exchange = exchange
    await session.send(b"+ " + encode_challenge(result) + b"\r\n")
