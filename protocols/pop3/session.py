"""One POP3 dialogue (RFC 1939), run by protocols.wire."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from correio.errors import MailError
from correio.mail.account import Account
from protocols.pop3.commands import COMMANDS
from protocols.pop3.commands.auth import respond
from protocols.pop3.core.command import parse_command
from protocols.pop3.core.maildrop import Maildrop
from protocols.pop3.core.response import AUTH, SYS_TEMP, Refusal, err, ok
from protocols.pop3.core.state import LEGAL, State
from protocols.pop3.read_ahead import ReadAhead
from protocols.wire.connection import Connection
from protocols.wire.input_buffer import InputBuffer, LineTooLongError
from protocols.wire.sasl.encoding import MAX_RESPONSE
from protocols.wire.session import Farewell, Session
from protocols.wire.sign_in import SignIn

if TYPE_CHECKING:
    from protocols.pop3.server import Pop3Server

log = logging.getLogger("correio.pop3")

MAX_ERRORS: Final = 50
"""Commands of one session that may be refused before the connection is closed."""
_TOO_LONG: Final = b"\n"
"""Stands for a line that was too long; no line has an LF in it."""

_FAREWELLS: Final = {
    Farewell.TIMEOUT: err("Nothing came for too long; goodbye."),
    Farewell.SHUTDOWN: err("The service is shutting down; try again later.", SYS_TEMP),
    Farewell.TOO_MANY: err("Too many connections; try again later.", SYS_TEMP),
    Farewell.FAULT: err("A temporary failure here; try again later.", SYS_TEMP),
    Farewell.GARBLED: err("What you send cannot be read; goodbye."),
}


class OpenMaildrop:
    """What a session holds from signing in to its end."""

    __slots__ = ("account", "mailbox_id", "maildrop", "read_ahead")

    def __init__(self, account: Account, mailbox_id: str, maildrop: Maildrop) -> None:
        self.account: Final = account
        self.mailbox_id: Final = mailbox_id
        self.maildrop: Final = maildrop
        self.read_ahead: Final = ReadAhead(account, mailbox_id, maildrop)


class Pop3Session(Session[bytes]):
    """The state of one dialogue. The commands are in protocols.pop3.commands."""

    __slots__ = (
        "_buffer",
        "_errors",
        "_gone",
        "_skipping",
        "exchange",
        "failures",
        "opened_maildrop",
        "server",
        "user",
        "utf8",
    )

    def __init__(self, connection: Connection, server: Pop3Server) -> None:
        super().__init__(connection)
        self.server: Final = server
        self.user: str | None = None
        """The argument of USER."""
        self.exchange: SignIn | None = None
        """The SASL exchange under way."""
        self.utf8 = False
        """Whether the client takes headers in UTF-8 (RFC 6856)."""
        self.failures = 0
        """Attempts to sign in that failed."""
        self.opened_maildrop: OpenMaildrop | None = None
        self._buffer = InputBuffer()
        self._skipping = False
        self._gone = False
        self._errors = 0

    # What the commands use.

    @property
    def state(self) -> State:
        """The state of RFC 1939."""
        return State.AUTHORIZATION if self.opened_maildrop is None else State.TRANSACTION

    @property
    def maildrop(self) -> Maildrop:
        """The snapshot. Only in the TRANSACTION state."""
        assert self.opened_maildrop is not None
        return self.opened_maildrop.maildrop

    async def send(self, octets: bytes) -> None:
        """Send octets."""
        await self.connection.write(octets)

    async def open_maildrop(self, account: Account) -> None:
        """Enter the TRANSACTION state. Raises Refusal, UnavailableError.

        There is no lock on the maildrop, which RFC 1939 section 4 asks for only as far as it is needed: this session reads
        its snapshot and removes by UID, in one transaction, whatever other sessions do. A client that has lost its
        connection can come back at once.
        """
        opened = await _snapshot(account)
        if self._gone:
            raise ConnectionResetError("the client has gone")
        self.opened_maildrop = opened

    async def start_tls(self) -> None:
        """Go on under TLS and forget all that was said before (RFC 2595 section 4)."""
        self._buffer.clear()
        self.user = None
        await self.connection.start_tls(ok("Begin TLS."))

    # What the shell calls.

    @property
    def timeout(self) -> float:
        limits = self.server.settings.limits
        return limits.login_timeout if self.opened_maildrop is None else limits.idle_timeout

    async def opened(self) -> None:
        await self.send(ok(f"{self.server.hostname} Correio POP3"))

    def receive(self, data: bytes) -> None:
        self._buffer.append(data)

    @property
    def pending(self) -> int:
        return len(self._buffer)

    def next_event(self) -> bytes | None:
        if self._skipping and not self._skip():
            return None
        try:
            return self._buffer.take_line(MAX_RESPONSE)
        except LineTooLongError:
            self._skipping = True
            # Answered at once, however long the rest of the line takes.
            return _TOO_LONG

    def _skip(self) -> bool:
        self._skipping = not self._buffer.skip_line()
        return not self._skipping

    async def handle(self, event: bytes) -> None:
        try:
            await self._answer(event)
        except Refusal as refusal:
            await self._refuse(refusal)
        except MailError as error:
            await self._refuse(Refusal(error.message, SYS_TEMP))

    async def _answer(self, event: bytes) -> None:
        if event is _TOO_LONG:
            raise Refusal("The line is too long.")
        if self.opened_maildrop is not None and self.opened_maildrop.account.closed:
            raise Refusal("The account is closed.", AUTH, closes=True)
        exchange = self.exchange
        if exchange is not None:
            self.exchange = None
            await respond(self, exchange, event)
            return
        command = parse_command(event)
        states = LEGAL.get(command.keyword)
        if states is None:
            raise Refusal("There is no such command.")
        if self.state not in states:
            raise Refusal("Sign in first." if self.state is State.AUTHORIZATION else "You are signed in already.")
        await COMMANDS[command.keyword](self, command)

    async def _refuse(self, refusal: Refusal) -> None:
        self._errors += 1
        await self.send(err(refusal.text, refusal.code))
        if refusal.closes or self._errors > MAX_ERRORS:
            self.connection.close()

    def farewell(self, reason: Farewell) -> bytes:
        return _FAREWELLS[reason]

    def closed(self) -> None:
        # Without QUIT nothing is removed (RFC 1939 section 6).
        self._gone = True
        self.opened_maildrop = None

    def name(self) -> str:
        opened = self.opened_maildrop
        return f"{opened.account.address} from {self.connection.remote}" if opened else self.connection.remote


async def _snapshot(account: Account) -> OpenMaildrop:
    await account.refresh()
    inbox = account.mailboxes.by_role("inbox")
    if inbox is None:
        raise Refusal("The account has no inbox.", SYS_TEMP)
    index = await account.index(inbox.id)
    return OpenMaildrop(account, inbox.id, Maildrop(inbox.uidvalidity, index.uids[:], index.sizes[:]))
