"""USER and PASS (RFC 1939 section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocols.pop3.commands.sign_in import answer_refusals, enter, require_privacy
from protocols.pop3.core.command import Command
from protocols.pop3.core.response import Refusal, ok

if TYPE_CHECKING:
    from protocols.pop3.session import Pop3Session


async def user(session: Pop3Session, command: Command) -> None:
    """Take note of a name; whether there is such an account is told only with the password."""
    require_privacy(session)
    session.user = command.words(1, 1)[0]
    await session.send(ok("Now the password."))


async def pass_(session: Pop3Session, command: Command) -> None:
    """Sign in. The password is everything behind the first space, spaces included."""
    require_privacy(session)
    name, session.user = session.user, None
    if name is None:
        raise Refusal("USER first.")
    if not command.argument:
        raise Refusal("PASS has one argument.")
    with answer_refusals(session):
        account = await session.server.authenticator.password(name, command.argument, session.connection.remote)
    await enter(session, account)
