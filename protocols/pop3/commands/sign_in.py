"""What USER and PASS have in common with AUTH."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from correio.errors import AuthenticationError, ThrottledError
from correio.mail.account import Account
from protocols.pop3.core.response import AUTH, SYS_TEMP, Refusal, ok
from protocols.wire.sasl.mechanism import SaslError
from protocols.wire.sign_in import ActingForAnotherError

if TYPE_CHECKING:
    from protocols.pop3.session import Pop3Session

log = logging.getLogger("correio.pop3")

MAX_FAILURES: Final = 5


def require_privacy(session: Pop3Session) -> None:
    """Raise Refusal when a password would cross a network in plain text."""
    if not session.connection.private:
        raise Refusal("STLS first: a password is not taken in plain text.")


@contextlib.contextmanager
def answer_refusals(session: Pop3Session) -> Iterator[None]:
    """Turn what a sign-in raises into a Refusal with its response code (RFC 3206), and count it."""
    try:
        yield
    except ThrottledError as error:
        log.info("%s: sign-in throttled", session.connection.remote)
        raise Refusal("Too many failures; try again later.", SYS_TEMP) from error
    except SaslError as error:
        raise Refusal(str(error)) from error
    except ActingForAnotherError as error:
        raise Refusal(str(error), AUTH) from error
    except AuthenticationError as error:
        session.failures += 1
        log.info("%s: sign-in failed", session.connection.remote)
        raise Refusal("The address or the password is wrong.", AUTH, closes=session.failures > MAX_FAILURES) from error


async def enter(session: Pop3Session, account: Account) -> None:
    """Take the maildrop and say so. Raises Refusal, UnavailableError."""
    await session.open_maildrop(account)
    await session.send(ok(f"{session.maildrop.count} messages ({session.maildrop.octets} octets)."))
