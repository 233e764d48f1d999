"""What USER and PASS have in common with AUTH."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from correio.errors import AuthenticationError, ThrottledError
from protocols.pop3.core.response import AUTH, SYS_TEMP, Refusal, ok

if TYPE_CHECKING:
    from protocols.pop3.session import Pop3Session

log = logging.getLogger("correio.pop3")

MAX_FAILURES: Final = 5


def require_privacy(session: Pop3Session) -> None:
    """Raise Refusal when a password would cross a network in plain text."""
    if not session.connection.private:
        raise Refusal("STLS first: a password is not taken in plain text.")


async def sign_in(session: Pop3Session, name: str, password: str) -> None:
    """Check the password, take the maildrop and say so. Raises Refusal, UnavailableError."""
    try:
        account = await session.server.authenticator.password(name, password, session.connection.remote)
    except ThrottledError as error:
        log.info("%s: sign-in throttled", session.connection.remote)
        raise Refusal("Too many failures; try again later.", SYS_TEMP) from error
    except AuthenticationError as error:
        session.failures += 1
        log.info("%s: sign-in failed", session.connection.remote)
        raise Refusal("The address or the password is wrong.", AUTH, closes=session.failures > MAX_FAILURES) from error
    await session.open_maildrop(account)
    await session.send(ok(f"{session.maildrop.count} messages ({session.maildrop.octets} octets)."))
