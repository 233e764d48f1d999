"""LOGIN and AUTHENTICATE (RFC 9051 sections 6.2.2 and 6.2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from correio.errors import AuthenticationError
from protocols.imap.core.commands.connection import Authenticate, Login
from protocols.imap.core.responses import Completion
from protocols.wire.sasl import MECHANISMS, Credentials, Mechanism, SaslError, decode_response, encode_challenge

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession

MOST_FAILURES: Final = 10
_PRIVACY: Final = Completion("NO", "Start TLS first: the connection is not private.", "PRIVACYREQUIRED")


async def login(session: ImapSession, arguments: Login, _: bytes) -> Completion | None:
    """RFC 9051 section 6.2.3"""
    if not session.connection.private:
        return _PRIVACY
    try:
        name, password = arguments.name.decode("utf-8"), arguments.password.decode("utf-8")
    except UnicodeDecodeError:
        return Completion("NO", "The address or the password is wrong.", "AUTHENTICATIONFAILED")
    return await _sign_in(session, Credentials("", name, password))


async def _sign_in(session: ImapSession, credentials: Credentials) -> Completion | None:
    if credentials.authorization and credentials.authorization.casefold() != credentials.name.casefold():
        return Completion("NO", "You cannot act for somebody else.", "AUTHORIZATIONFAILED")
    try:
        account = await session.server.authenticator.password(
            credentials.name, credentials.password, session.connection.remote
        )
    except AuthenticationError:
        session.failed_logins += 1
        if session.failed_logins >= MOST_FAILURES:
            await session.bye("Too many failed sign-ins.", "AUTHENTICATIONFAILED")
            return None
        raise
    session.sign_in(account)
    return Completion("OK", "Signed in.", "CAPABILITY " + session.capabilities())


async def authenticate(session: ImapSession, arguments: Authenticate, _: bytes) -> Completion | None:
    """RFC 9051 section 6.2.2"""
    make = MECHANISMS.get(arguments.mechanism)
    if make is None:
        return Completion("NO", "This mechanism is not offered.", "CANNOT")
    if not session.connection.private:
        return _PRIVACY
    exchange = Exchange(session, make())
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

    def __init__(self, session: ImapSession, mechanism: Mechanism) -> None:
        self._session = session
        self._mechanism = mechanism
        self.ended = False

    async def begin(self) -> Completion | None:
        """Send the first challenge."""
        return await self._step(None)

    async def answer(self, line: bytes, *, initial: bool = False) -> Completion | None:
        """Take a response; return how it ended, or None after another challenge."""
        if line == b"*" and not initial:
            self.ended = True
            return Completion("BAD", "Authentication cancelled.")
        try:
            response = decode_response(line)
        except SaslError as error:
            self.ended = True
            return Completion("BAD", str(error))
        return await self._step(response)

    async def _step(self, response: bytes | None) -> Completion | None:
        try:
            result = self._mechanism.step(response)
        except SaslError as error:
            self.ended = True
            return Completion("NO", str(error), "AUTHENTICATIONFAILED")
        if isinstance(result, bytes):
            await self._session.write(b"+ " + encode_challenge(result) + b"\r\n")
            return None
        self.ended = True
        return await _sign_in(self._session, result)
