"""AUTH (RFC 4954)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from aiosmtpd.smtp import syntax

from correio.errors import AuthenticationError, MailError, ThrottledError
from correio.mail.account import Account
from protocols.smtp.commands.argument import plain, require_greeting
from protocols.smtp.core.reply import Refusal, Reply
from protocols.wire.sasl.encoding import MAX_RESPONSE, decode_response, encode_challenge
from protocols.wire.sasl.mechanism import SaslError
from protocols.wire.sasl.offer import make_mechanism, needs_privacy
from protocols.wire.sign_in import ActingForAnotherError, SignIn

if TYPE_CHECKING:
    from protocols.smtp.connection import MailConnection

log = logging.getLogger("correio.smtp")

MAX_FAILURES: Final = 5


@syntax("AUTH mechanism [initial-response]")
async def auth(connection: MailConnection, argument: str | None) -> None:
    """Sign in. Mechanisms that show a password are refused outside TLS unless the client is on this machine."""
    require_greeting(connection)
    if connection.account is not None:
        raise Refusal(Reply(503, "5.5.1", "You are signed in already."))
    if connection.transaction.sender is not None:
        raise Refusal(Reply(503, "5.5.1", "Not during a mail transaction."))
    name, _, initial = plain(argument).partition(" ")
    mechanism = make_mechanism(name.upper(), connection.channel)
    if mechanism is None:
        if needs_privacy(name.upper()) and not connection.private:
            raise Refusal(Reply(538, "5.7.11", "STARTTLS first: a password is not taken in plain text."))
        raise Refusal(Reply(504, "5.5.4", "This mechanism is not available."))
    submission = connection.server.role.submission
    exchange = SignIn(mechanism, connection.server.authenticator, connection.remote, submission=submission)
    try:
        response = decode_response(initial.encode(), initial=True) if initial else None
        connection.account = await _run(connection, exchange, response)
        connection.grant = exchange.grant
    except SaslError as error:
        raise Refusal(Reply(501, "5.5.2", str(error))) from error
    except ActingForAnotherError as error:
        raise Refusal(Reply(535, "5.7.8", str(error))) from error
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


async def _run(connection: MailConnection, exchange: SignIn, response: bytes | None) -> Account:
    while True:
        result = await exchange.step(response)
        if isinstance(result, Account):
            return result
        await connection.push(Reply(334, "", encode_challenge(result).decode()))
        line = (await connection.reader.readuntil(limit=MAX_RESPONSE + 2)).rstrip(b"\r\n")
        if line == b"*":
            raise Refusal(Reply(501, "5.7.0", "Cancelled."))
        response = decode_response(line)
