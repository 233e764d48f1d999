"""LOGIN and AUTHENTICATE (RFC 9051 sections 6.2.2 and 6.2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from correio.errors import AuthenticationError
from correio.mail.account import Account
from protocols.imap.core.commands.connection import Authenticate, Login
from protocols.imap.core.responses import Completion, failure
from protocols.wire.sasl.encoding import decode_response, encode_challenge
from protocols.wire.sasl.mechanism import SaslError
from protocols.wire.sasl.offer import make_mechanism, needs_privacy
from protocols.wire.sign_in import ActingForAnotherError, SignIn

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession

MOST_FAILURES: Final = 10
_PRIVACY: Final = Completion("NO", "Start TLS first: the connection is not private.", "PRIVACYREQUIRED")
_WRONG: Final = Completion("NO", "The address or the password is wrong.", "AUTHENTICATIONFAILED")


async def login(session: ImapSession, arguments: Login, _: bytes) -> Completion | None:
    """RFC 9051 section 6.2.3"""
    if not session.connection.private:
        return _PRIVACY
    try:
        name, password = arguments.name.decode("utf-8"), arguments.password.decode("utf-8")
    except UnicodeDecodeError:
        return await _refuse(session, _WRONG)
    try:
        account = await session.server.authenticator.password(name, password, session.connection.remote)
    except AuthenticationError as error:
        return await _refuse(session, failure(error))
    return _welcome(session, account)


async def authenticate(session: ImapSession, arguments: Authenticate, _: bytes) -> Completion | None:
    """RFC 9051 section 6.2.2"""
    channel = session.connection.channel
    mechanism = make_mechanism(arguments.mechanism, channel)
    if mechanism is None:
        if needs_privacy(arguments.mechanism):
            return _PRIVACY
        return Completion("NO", "This mechanism is not offered.", "CANNOT")
    exchange = Exchange(session, SignIn(mechanism, session.server.authenticator, session.connection.remote))
    if arguments.initial is not None:
        completion = await exchange.answer(arguments.initial, initial=True)
    else:
        completion = await exchange.begin()
    if exchange.ended:
        return completion
    session.read_lines(exchange.answer)
    return None


class Exchange:
    """A SASL exchange under way."""

    def __init__(self, session: ImapSession, sign_in: SignIn) -> None:
        self._session = session
        self._sign_in = sign_in
        self.ended = False

    async def begin(self) -> Completion | None:
        """Send the first challenge."""
        return await self._step(None)

    async def answer(self, line: bytes, *, initial: bool = False) -> Completion | None:
        """Take a response; return how it ended, or None after another challenge."""
        self.ended = True
        if line == b"*" and not initial:
            return Completion("BAD", "Authentication cancelled.")
        try:
            response = decode_response(line, initial=initial)
        except SaslError as error:
            return Completion("BAD", str(error))
        return await self._step(response)

    async def _step(self, response: bytes | None) -> Completion | None:
        self.ended = True
        try:
            result = await self._sign_in.step(response)
        except SaslError as error:
            return await _refuse(self._session, Completion("NO", str(error), "AUTHENTICATIONFAILED"))
        except ActingForAnotherError as error:
            return await _refuse(self._session, Completion("NO", str(error), "AUTHORIZATIONFAILED"))
        except AuthenticationError as error:
            return await _refuse(self._session, failure(error))
        if isinstance(result, Account):
            return _welcome(self._session, result)
        self.ended = False
        await self._session.write(b"+ " + encode_challenge(result) + b"\r\n")
        return None


def _welcome(session: ImapSession, account: Account) -> Completion:
    session.sign_in(account)
    return Completion("OK", "Signed in.", "CAPABILITY " + session.capabilities())


async def _refuse(session: ImapSession, completion: Completion) -> Completion | None:
    """Count a failed sign-in; after too many of them the client is sent away."""
    session.failed_logins += 1
    if session.failed_logins < MOST_FAILURES:
        return completion
    await session.bye("Too many failed sign-ins.", "AUTHENTICATIONFAILED")
    return None
