"""AUTH (RFC 4954) with PLAIN and LOGIN."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from aiosmtpd.smtp import syntax

from correio.errors import AuthenticationError, MailError, ThrottledError
from protocols.smtp.commands.argument import plain, require_greeting
from protocols.smtp.core.reply import Refusal, Reply
from protocols.wire.sasl import (
    MAX_RESPONSE,
    MECHANISMS,
    Credentials,
    Mechanism,
    SaslError,
    decode_response,
    encode_challenge,
)

if TYPE_CHECKING:
    from protocols.smtp.connection import MailConnection

log = logging.getLogger("correio.smtp")

MAX_FAILURES: Final = 5


@syntax("AUTH mechanism [initial-response]")
async def auth(connection: MailConnection, argument: str | None) -> None:
    """Sign in. Refused outside TLS unless the client is on this machine."""
    require_greeting(connection)
    if not connection.private:
        raise Refusal(Reply(538, "5.7.11", "STARTTLS first: a password is not taken in plain text."))
    if connection.account is not None:
        raise Refusal(Reply(503, "5.5.1", "You are signed in already."))
    if connection.transaction.sender is not None:
        raise Refusal(Reply(503, "5.5.1", "Not during a mail transaction."))
    name, _, initial = plain(argument).partition(" ")
    factory = MECHANISMS.get(name.upper())
    if factory is None:
        raise Refusal(Reply(504, "5.5.4", "This mechanism is not available."))
    try:
        response = decode_response(initial.encode()) if initial else None
        credentials = await _exchange(connection, factory(), response)
    except SaslError as error:
        raise Refusal(Reply(501, "5.5.2", str(error))) from error
    await _sign_in(connection, credentials)


async def _exchange(connection: MailConnection, mechanism: Mechanism, response: bytes | None) -> Credentials:
    while True:
        step = mechanism.step(response)
        if isinstance(step, Credentials):
            return step
        await connection.push(Reply(334, "", encode_challenge(step).decode()))
        line = (await connection.reader.readuntil(limit=MAX_RESPONSE + 2)).rstrip(b"\r\n")
        if line == b"*":
            raise Refusal(Reply(501, "5.7.0", "Cancelled."))
        response = decode_response(line) if line else b""


async def _sign_in(connection: MailConnection, credentials: Credentials) -> None:
    if credentials.authorization:
        raise Refusal(Reply(535, "5.7.8", "Nobody may act for another here."))
    try:
        connection.account = await connection.server.authenticator.password(
            credentials.name, credentials.password, connection.remote
        )
    except ThrottledError as error:
        log.info("%s: sign-in throttled", connection.remote)
        raise Refusal(Reply(454, "4.7.0", "Too many failures; try again later.")) from error
    except AuthenticationError as error:
        connection.failures += 1
        log.info("%s: sign-in failed", connection.remote)
        if connection.failures > MAX_FAILURES:
            raise Refusal(Reply(421, "4.7.0", "Too many failures; goodbye.", closes=True)) from error
        raise Refusal(Reply(535, "5.7.8", "The address or the password is wrong.")) from error
    except MailError as error:
        raise Refusal(Reply(454, "4.7.0", "Signing in is not possible just now; try again later.")) from error
    await connection.push(Reply(235, "2.7.0", "Signed in."))
