"""One IMAP connection: commands in, handlers run, answers and announcements out."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from correio.errors import MailError
from correio.mail.account import Account
from protocols.imap.core import responses
from protocols.imap.core.capability import capabilities
from protocols.imap.core.capability_switch import largest_unasked_literal, switched_off, uses
from protocols.imap.core.command_table import State
from protocols.imap.core.framer import (
    Command,
    CommandFramer,
    ContinuationDue,
    FrameEvent,
    Line,
    LiteralLimit,
    Refused,
)
from protocols.imap.core.parse_command import Request, parse_command
from protocols.imap.core.responses import Completion, status_line
from protocols.imap.core.syntax_error import CommandRefusedError, CommandSyntaxError
from protocols.imap.in_progress import LONG, InProgress
from protocols.imap.selected import Selected
from protocols.wire.sasl.offer import mechanisms
from protocols.wire.session import Farewell, Session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protocols.imap.annotation_news import AnnotationNews
    from protocols.imap.commands.notifying import Notifier
    from protocols.imap.server import ImapServer
    from protocols.wire.connection import Connection

log = logging.getLogger("correio.imap")

MOST_BAD: Final = 20
"""BAD answers in a row after which the client is sent away."""
_FAREWELLS: Final = {
    Farewell.TIMEOUT: ("You were silent for too long.", ""),
    Farewell.SHUTDOWN: ("The server is stopping; connect again soon.", "UNAVAILABLE"),
    Farewell.TOO_MANY: ("Too many connections; try again later.", "UNAVAILABLE"),
    Farewell.FAULT: ("Something is wrong here; it has been logged.", "SERVERBUG"),
    Farewell.GARBLED: ("What you send is not compressed as agreed.", "CLIENTBUG"),
}

_MESSAGES: Final = frozenset({b"APPEND", b"REPLACE", b"UID REPLACE"})
"""Commands with a message among their literals."""

_EXPUNGING: Final = frozenset({"EXPUNGE", "UID EXPUNGE", "MOVE", "UID MOVE", "REPLACE", "UID REPLACE"})
"""Commands whose answer tells of messages that they removed."""

Continuation = Callable[[bytes], Awaitable[Completion | None]]
"""Takes a line that is no command; returns how the command ended, or None to go on."""


class ImapSession(Session[FrameEvent]):
    """The dialogue with one client. Handlers in ``protocols.imap.commands`` change its public attributes."""

    __slots__ = (
        "_bad",
        "_continuation",
        "_framer",
        "_tag",
        "_unwatch",
        "account",
        "annotation_news",
        "condstore",
        "failed_logins",
        "idling",
        "in_progress",
        "notifier",
        "off",
        "qresync",
        "rev2",
        "selected",
        "server",
        "utf8",
        "utf8_accept",
    )

    def __init__(self, connection: Connection, server: ImapServer) -> None:
        super().__init__(connection)
        self.server: Final = server
        limits = server.settings.limits
        self._framer = CommandFramer(limits.command_line, 2 * limits.message_size, self._literal_limit)
        self._bad = 0
        self._continuation: Continuation | None = None
        self._tag = b""
        self._unwatch: Callable[[], None] | None = None
        self.account: Account | None = None
        self.selected: Selected | None = None
        self.condstore = False
        self.qresync = False
        self.rev2 = False
        """Whether the client has enabled IMAP4rev2."""
        self.utf8 = False
        """Whether mailbox names are UTF-8: IMAP4rev2 or UTF8=ACCEPT is enabled."""
        self.utf8_accept = False
        self.off: frozenset[str] = frozenset()
        """Capabilities that are off for the account, in upper case."""
        self.annotation_news: AnnotationNews | None = None
        """What others do to annotations; None until the client enables METADATA."""
        self.idling = False
        self.in_progress: Final = InProgress(connection)
        self.notifier: Notifier | None = None
        """What NOTIFY asked for; None until it comes."""
        self.failed_logins = 0

    # What the shell asks for.

    @property
    def timeout(self) -> float:
        limits = self.server.settings.limits
        return limits.login_timeout if self.account is None else limits.idle_timeout

    def receive(self, data: bytes) -> None:
        self._framer.receive(data)

    @property
    def pending(self) -> int:
        return self._framer.pending

    def next_event(self) -> FrameEvent | None:
        return self._framer.next_event()

    def name(self) -> str:
        return f"{self.account.address} at {self.connection.remote}" if self.account else self.connection.remote

    def farewell(self, reason: Farewell) -> bytes:
        text, code = _FAREWELLS[reason]
        return status_line(b"*", "BYE", text, code)

    async def opened(self) -> None:
        greeting = f"{self.server.hostname} Correio ready."
        await self.connection.write(status_line(b"*", "OK", greeting, "CAPABILITY " + self.capabilities()))

    def closed(self) -> None:
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        self._continuation = None
        self.selected = None
        self.notifier = None
        self.annotation_news = None

    async def handle(self, event: FrameEvent) -> None:
        match event:
            case Command():
                await self._command(event)
            case Line():
                await self._line(event.text)
            case ContinuationDue():
                await self.connection.write(b"+ Ready for the literal.\r\n")
            case Refused():
                await self._refuse(event)

    async def woken(self) -> None:
        """Something changed while the client is in IDLE or listens by NOTIFY, or the account is gone."""
        if self.account is not None and self.account.closed:
            await self.bye("The account is closed.", "UNAVAILABLE")
        elif self.idling and self.selected is not None and self.selected.gone:
            await self.bye("The mailbox was deleted.", "NONEXISTENT")
        else:
            await self._tell_annotations()
            if self.notifier is not None:
                await self.notifier.tell(self)
            elif self.idling:
                await self.write(self.announcements(expunge=True))

    async def _tell_annotations(self) -> None:
        news = self.annotation_news
        if news is not None and news.waiting:
            if self.notifier is None:
                await self.write(await news.take(utf8=self.utf8))
            else:
                await self.write(await news.take(utf8=self.utf8, wanted=self.notifier.hears_annotations_of))

    # What handlers use.

    def capabilities(self) -> str:
        """Return the capabilities of this moment."""
        return capabilities(
            signed_in=self.account is not None,
            tls_offered=self.server.tls_context is not None and not self.connection.secure,
            private=self.connection.private,
            mechanisms=mechanisms(self.connection.channel),
            message_size=self.server.settings.limits.message_size,
            off=self.off,
        )

    def offers(self, capability: str) -> bool:
        """Tell whether a capability, in upper case, is on for the account."""
        return capability not in self.off

    @property
    def tells_uids(self) -> bool:
        """Whether FETCH responses that nobody asked for carry UIDs (RFC 9051 section 7.5.2, RFC 7162 section 3.2.4)."""
        return self.qresync or self.rev2

    @property
    def state(self) -> State:
        """RFC 9051 section 3"""
        if self.account is None:
            return State.NOT_AUTHENTICATED
        return State.AUTHENTICATED if self.selected is None else State.SELECTED

    @property
    def person(self) -> Account:
        """The account signed in; only for commands that need one."""
        assert self.account is not None
        return self.account

    @property
    def current(self) -> Selected:
        """The selected mailbox; only for commands that need one."""
        assert self.selected is not None
        return self.selected

    async def write(self, data: bytes) -> None:
        """Send octets, waiting while the client reads slowly."""
        if data:
            await self.connection.write(data)

    def sign_in(self, account: Account) -> None:
        """The client has shown who it is."""
        self.account = account
        self.off = switched_off(account.document.capabilities_off)
        self._framer.largest_unasked = largest_unasked_literal(self.off)
        self._unwatch = account.watch(self._changed)

    def _changed(self) -> None:
        """The account moved: wake the session if that is news for it."""
        selected = self.selected
        if self.notifier is not None:
            if self.notifier.concerned(self):
                self.connection.wake()
        elif self.idling and selected is not None and (selected.behind or selected.gone):
            self.connection.wake()
        listening = self.idling or self.notifier is not None
        if listening and self.annotation_news is not None and self.annotation_news.waiting:
            self.connection.wake()
        if self.account is not None and self.account.closed:
            self.connection.wake()

    def announcements(self, *, expunge: bool, own: bool = False) -> bytes:
        """Return what has happened in the selected mailbox and is to be told now.

        ``own``: the command itself removed messages, so its answer tells of them whatever NOTIFY asked for.
        """
        selected, notifier = self.selected, self.notifier
        if selected is None or not (selected.behind or selected.told):
            return b""
        if notifier is not None and notifier.selected is None and not own:
            selected.told.clear()
            return b""
        last = selected.largest_uid
        news = selected.announce(
            expunge=expunge,
            condstore=self.condstore,
            qresync=self.qresync,
            with_uid=self.tells_uids or notifier is not None,
            rev2=self.rev2,
            flags=notifier is None or (notifier.selected is not None and notifier.selected.flags),
        )
        if notifier is not None:
            notifier.grown(self, last)
        return news

    def did(self, *paths: str) -> None:
        """The client itself made, renamed, deleted or subscribed to these names."""
        if self.notifier is not None:
            self.notifier.did(*paths)

    def added(self, mailbox_id: str, uids: Iterable[int]) -> None:
        """The client itself added these messages."""
        if self.notifier is not None:
            self.notifier.added(self, mailbox_id, uids)

    def read_lines(self, continuation: Continuation) -> None:
        """Give the lines that follow to ``continuation`` until it returns how the command ended."""
        self._framer.lines = True
        self._continuation = continuation

    def drop_input(self) -> int:
        """Forget what the client sent ahead, as STARTTLS demands."""
        return self._framer.discard()

    def take_input(self) -> bytes:
        """Hand over what the client sent ahead, uninterpreted."""
        return self._framer.take_pending()

    async def bye(self, text: str, code: str = "") -> None:
        """Send BYE and close."""
        await self.connection.write(status_line(b"*", "BYE", text, code))
        self.connection.close()

    # Commands.

    def _literal_limit(self, name: bytes, first: bool) -> LiteralLimit | None:
        """Messages, and the values of annotations, may be large, and only when somebody is signed in."""
        if first or self.account is None:
            return None
        limits = self.server.settings.limits
        if name == b"SETMETADATA":
            # RFC 5464 section 4.3
            text = f"The value of an entry has at most {limits.annotation_size} octets."
            together = max(limits.annotation_storage, limits.annotation_size)
            return LiteralLimit(
                limits.annotation_size, together, text, code=f"METADATA MAXSIZE {limits.annotation_size}"
            )
        if name not in _MESSAGES:
            return None
        most = limits.message_size
        return LiteralLimit(most, 2 * most, f"A message may have at most {most} octets.")

    async def _refuse(self, refused: Refused) -> None:
        await self.connection.write(
            status_line(refused.tag, "BAD" if refused.bad else "NO", refused.message, refused.code)
        )
        if refused.fatal:
            await self.bye("That literal is too large to be read.", "TOOBIG")
        elif refused.bad:
            self._bad += 1
            if self._bad >= MOST_BAD:
                log.warning("%s sent %d bad commands in a row", self.name(), self._bad)
                await self.bye("Too many bad commands.", "CLIENTBUG")

    async def _command(self, command: Command) -> None:
        if self.account is not None and self.account.closed:
            await self.bye("The account is closed.", "UNAVAILABLE")
            return
        if self.selected is not None and self.selected.gone:
            await self.bye("The mailbox was deleted.", "NONEXISTENT")
            return
        request = parse_command(command, self.state, utf8=self.utf8, utf8_accept=self.utf8_accept)
        if isinstance(request, Request) and self.off and (missing := self.off & uses(request)):
            request = Refused(request.tag, f"{min(missing)} is switched off for this account.")
        if isinstance(request, Refused):
            await self._refuse(request)
            return
        self._bad = 0
        self._tag = request.tag
        if request.specification.name in LONG and self.offers("INPROGRESS"):
            self.in_progress.start(request.tag)
        try:
            completion = await self._run(request)
        finally:
            self.in_progress.stop()
        if completion is not None:
            await self._complete(
                completion,
                expunge=not request.specification.holds_expunge,
                own=request.specification.name in _EXPUNGING,
            )

    async def _run(self, request: Request) -> Completion | None:
        try:
            return await self.server.handler(request.arguments)(self, request.arguments, request.tag)
        except MailError as error:
            return responses.failure(error)
        except CommandSyntaxError as error:
            return Completion("BAD", error.message)
        except CommandRefusedError as error:
            return Completion("NO", error.message, error.code)
        except ConnectionError:
            raise
        except Exception:
            log.exception("defect in %s for %s", request.specification.name, self.name())
            return Completion("NO", "Something is wrong here; it has been logged.", "SERVERBUG")

    async def _complete(self, completion: Completion, *, expunge: bool, own: bool = False) -> None:
        if self.connection.closing and self.account is None:
            return
        await self._tell_annotations()
        await self.connection.write(self.announcements(expunge=expunge, own=own) + completion.line(self._tag))
        if self.notifier is not None and self.notifier.concerned(self):
            self.connection.wake()

    async def _line(self, text: bytes) -> None:
        continuation = self._continuation
        assert continuation is not None
        try:
            completion = await continuation(text)
        except MailError as error:
            completion = responses.failure(error)
        if completion is not None:
            self._framer.lines = False
            self._continuation = None
            await self._complete(completion, expunge=True)
