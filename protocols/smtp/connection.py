"""One client of a mail listener: aiosmtpd's SMTP by subclass.

aiosmtpd keeps the command loop (``_handle_client``), the session and the dispatch to ``smtp_X``. Replaced are its
streams (see line_stream), the commands (see protocols.smtp.commands), the replies (each with its enhanced status
code), the timers, STARTTLS, what happens on a half-close and on an exception, and every limit it keeps in the class.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, cast

import aiosmtpd.smtp
from aiosmtpd.smtp import SMTP, Session

from correio.errors import MailError
from protocols.smtp.commands.auth import auth
from protocols.smtp.commands.bdat import bdat
from protocols.smtp.commands.data import data
from protocols.smtp.commands.hello import ehlo, helo, lhlo
from protocols.smtp.commands.help import expn, help_, vrfy
from protocols.smtp.commands.mail import mail
from protocols.smtp.commands.rcpt import rcpt
from protocols.smtp.commands.session import noop, quit_, rset
from protocols.smtp.commands.starttls import starttls
from protocols.smtp.core.policy import TEMPORARY, refuse_message
from protocols.smtp.core.reply import Refusal, Reply, reply_of
from protocols.smtp.core.transaction import Transaction
from protocols.smtp.line_stream import LINE, WRITE_HIGH, LineReader, LineWriter
from protocols.smtp.policies.client_facts import ClientFacts
from protocols.wire.channel_binding import channel_binding
from protocols.wire.connection import is_loopback
from protocols.wire.listener import HANDSHAKE_TIMEOUT
from protocols.wire.sasl.offer import Channel

if TYPE_CHECKING:
    from correio.auth.grant import Grant
    from correio.mail.account import Account
    from protocols.smtp.mail_server import MailServer

log = logging.getLogger("correio.smtp")
# It logs every command, and whatever a client types, at a level that operators read.
aiosmtpd.smtp.log.setLevel(logging.ERROR)

MAX_ERRORS: Final = 100
"""Commands of one connection that may be answered with 5yz."""
COMMAND_LINE: Final = 4096
"""Octets of a command line other than AUTH: RFC 5321 section 4.5.3.1.4 and what every extension adds to it."""
LINGER: Final = 30.0
"""Seconds for a client to take the last reply."""

TOO_MANY_ERRORS: Final = Reply(421, "4.7.0", "Too many errors; goodbye.", closes=True)
TOO_MANY_CONNECTIONS: Final = Reply(421, "4.7.0", "Too many connections; try again later.", closes=True)
SHUTTING_DOWN: Final = Reply(421, "4.3.2", "The service is shutting down; try again later.", closes=True)


class MailConnection(SMTP):
    """The dialogue with one client. The commands use its attributes and :meth:`push`."""

    _reader: LineReader  # type: ignore[assignment]
    _writer: LineWriter  # type: ignore[assignment]
    envelope: Transaction  # type: ignore[assignment]
    session: Session
    transport: asyncio.Transport | None

    def __init__(self, server: MailServer, *, secure: bool) -> None:
        # Before aiosmtpd's own, which would clear and share the table of its class.
        self.command_size_limit = LINE
        self.command_size_limits = defaultdict(lambda: COMMAND_LINE, {"AUTH": LINE})
        super().__init__(
            None,
            data_size_limit=server.settings.limits.message_size,
            enable_SMTPUTF8=True,
            hostname=server.hostname,
            ident=server.role.greeting,
            tls_context=server.tls_context,
            loop=asyncio.get_running_loop(),
        )
        self.command_size_limits["AUTH"] = LINE
        self._smtp_methods = {name: self._smtp_methods[name] for name in server.role.commands}
        self.server: Final = server
        self.remote = ""
        """The client's numeric address."""
        self.secure = secure
        """Whether the connection is under TLS."""
        self.account: Account | None = None
        """Who signed in."""
        self.grant: Grant | None = None
        """What the sign-in allows: with an API key not everything."""
        self.client = ClientFacts("", None, (), named=False)
        """What the DNS says of the client."""
        self.failures = 0
        """Attempts to sign in that failed."""
        self._errors = 0
        self._reserved = 0
        self._entered = False
        self._leaving = False
        self._cut: asyncio.TimerHandle | None = None

    # The commands, by the names that aiosmtpd looks for.

    smtp_HELO = helo  # noqa: N815
    smtp_EHLO = ehlo  # noqa: N815
    smtp_LHLO = lhlo  # noqa: N815
    smtp_STARTTLS = starttls  # noqa: N815
    smtp_AUTH = auth  # noqa: N815
    smtp_MAIL = mail  # noqa: N815
    smtp_RCPT = rcpt  # noqa: N815
    smtp_DATA = data  # noqa: N815
    smtp_BDAT = bdat  # noqa: N815
    smtp_RSET = rset  # noqa: N815
    smtp_NOOP = noop  # noqa: N815
    smtp_QUIT = quit_  # noqa: N815
    smtp_VRFY = vrfy  # noqa: N815
    smtp_EXPN = expn  # type: ignore[assignment]  # noqa: N815
    smtp_HELP = help_  # noqa: N815

    # What the commands use.

    @property
    def reader(self) -> LineReader:
        """What the client has sent."""
        return self._reader

    @property
    def transaction(self) -> Transaction:
        """The mail transaction under way."""
        return self.envelope

    @property
    def private(self) -> bool:
        """Whether a password may cross this connection: it is under TLS or does not leave this machine."""
        return self.secure or is_loopback(self.remote)

    @property
    def channel(self) -> Channel:
        """What the connection is for somebody who wants to sign in."""
        tls = self.transport.get_extra_info("ssl_object") if self.secure and self.transport is not None else None
        return Channel(self.private, channel_binding(tls))

    @property
    def greeted(self) -> bool:
        """Whether HELO, EHLO or LHLO was given."""
        return self.session.host_name is not None

    def reset(self) -> None:
        """Forget the mail transaction."""
        self.envelope = Transaction()
        self._release()

    def reserve(self, octets: int) -> bool:
        """Count octets of a message coming in, until the transaction ends; False when the listener has no memory for
        them.
        """
        if self.server.incoming + octets > self.server.incoming_limit:
            return False
        self.server.incoming += octets
        self._reserved += octets
        return True

    def help_texts(self) -> dict[str, str]:
        """Return the syntax of every command by its name, as aiosmtpd's decorator has noted it."""
        return {
            name: method.__smtp_syntax__ + (method.__smtp_syntax_extended__ or "")
            for name, method in self._smtp_methods.items()
            if self._syntax_available(method)
        }

    def tls_description(self) -> str:
        """Return TLS version and cipher suite for the Received field, or ""."""
        cipher = self.transport.get_extra_info("cipher") if self.secure and self.transport is not None else None
        return f"{cipher[1]} {cipher[0]}" if cipher else ""

    async def push(self, status: str | bytes | Reply) -> None:
        """Send a reply; a line of aiosmtpd's own is given its enhanced status code. Never raises when the client has
        gone.
        """
        reply = (
            status if isinstance(status, Reply) else reply_of(status if isinstance(status, str) else status.decode())
        )
        if reply.code >= 500:
            self._errors += 1
            if self._errors > MAX_ERRORS:
                reply = TOO_MANY_ERRORS
        self._writer.write(reply.encode())
        if reply.closes:
            self.finish()
        else:
            await self._writer.drain()

    def finish(self) -> None:
        """End the connection when everything written has been sent; take no further command."""
        self._reader.finish()
        self._writer.close()
        if self.transport is not None and self._cut is None:
            self._cut = self.loop.call_later(LINGER, self.transport.abort)

    async def upgrade(self, answer: Reply) -> None:
        """Send ``answer``, go on under TLS and forget all that was said before (RFC 3207 section 4.2)."""
        transport = self.transport
        context = self.server.tls_context
        assert transport is not None
        assert context is not None
        self._writer.write(answer.encode())
        self._writer.flush()
        # Nothing is awaited between this and the hand-over: octets that come later belong to the handshake.
        self._reader.clear()
        try:
            upgraded = await self.loop.start_tls(
                transport, self, context, server_side=True, ssl_handshake_timeout=HANDSHAKE_TIMEOUT
            )
        except OSError as error:
            log.info("%s: no TLS handshake: %s", self.remote, error)
            transport.abort()
            raise asyncio.CancelledError from error
        if upgraded is None:
            raise asyncio.CancelledError
        upgraded.set_write_buffer_limits(WRITE_HIGH)
        self.transport = upgraded
        self._writer.attach(upgraded)
        self.secure = True
        self.account = None
        self._begin_session()

    # What asyncio calls.

    def connection_made(self, made: asyncio.BaseTransport) -> None:
        # uvloop's transports have asyncio's methods and not its classes.
        transport = cast(asyncio.Transport, made)
        transport.set_write_buffer_limits(WRITE_HIGH)
        peer = transport.get_extra_info("peername")
        self.remote = str(peer[0]) if isinstance(peer, tuple) else "unknown"
        if self.server.policies is not None:
            self.client = self.server.policies.client(self.remote)
        handle = transport.get_extra_info("socket")
        if handle is not None and handle.family in (socket.AF_INET, socket.AF_INET6):
            handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.transport = transport
        self._writer = LineWriter(transport)
        self._reader = LineReader(
            self.loop, self.server.settings.limits.smtp_timeout, self._before_wait, self._pause_reading
        )
        self._begin_session()
        if not self.server.entered(self):
            self._writer.write(TOO_MANY_CONNECTIONS.encode())
            self.finish()
            return
        self._entered = True
        self._handler_coroutine = self.loop.create_task(self._handle_client())

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)

    def eof_received(self) -> bool:
        # What was sent before is still answered, and a message that was sent whole is delivered. Then the loop ends.
        self._reader.end()
        return not self.secure and self._entered

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - how a client went changes nothing
        self.transport = None
        self._writer.attach(None)
        # The task ends at its next wait for the client; a delivery under way is not one, and is finished.
        self._reader.finish()
        self._release()
        if self._cut is not None:
            self._cut.cancel()
        if self._entered:
            self._entered = False
            self.server.left(self)

    def pause_writing(self) -> None:
        self._writer.paused()

    def resume_writing(self) -> None:
        self._writer.resumed()

    # What aiosmtpd's loop calls.

    async def handle_exception(self, error: Exception) -> Any:
        """Return the reply to a command that raised."""
        if isinstance(error, Refusal):
            return error.reply
        if isinstance(error, MailError):
            return refuse_message(error)
        log.error("defect while answering %s", self.remote, exc_info=error)
        return TEMPORARY

    def _reset_timeout(self, duration: float | None = None) -> None:
        """The reader has a deadline for each wait; there is no timer beside it."""

    def _set_rset_state(self) -> None:
        self.reset()

    # What the server calls.

    def shut_down(self) -> None:
        """Say 421 and close: at once when a command is waited for, else after the command that runs (RFC 5321 section
        3.8).
        """
        self._leaving = True
        if self._reader.idle:
            self._writer.write(SHUTTING_DOWN.encode())
            self.finish()

    def abort(self) -> None:
        """Cut the connection."""
        self._reader.finish()
        if self.transport is not None:
            self.transport.abort()

    # The inside.

    def _begin_session(self) -> None:
        self.session = self._create_session()
        self.session.peer = self.remote
        self.reset()

    def _release(self) -> None:
        self.server.incoming -= self._reserved
        self._reserved = 0

    def _before_wait(self) -> None:
        if self._leaving and self._reader.idle:
            self._writer.write(SHUTTING_DOWN.encode())
            self.finish()
            raise asyncio.CancelledError
        self._writer.flush()

    def _pause_reading(self, pause: bool) -> None:
        transport = self.transport
        if transport is not None and not transport.is_closing():
            if pause:
                transport.pause_reading()
            else:
                transport.resume_reading()
