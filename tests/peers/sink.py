"""A scriptable mail server: takes whatever it is sent and keeps it, or answers as a test wants it to.

``async with Sink(replies={"RCPT": ["450 4.2.1 later"]}) as sink`` runs one on a free port of 127.0.0.1; ``sink.messages`` has
what came in. It does as little as it can, so that it can stand at the end of a load test too (``keep=False``).
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Self, cast

CLOSE: Final = "<close>"
"""In place of a reply: the connection is closed without a word."""
RESET: Final = "<reset>"
"""In place of a reply: the connection is cut."""
SILENCE: Final = "<silence>"
"""In place of a reply: none ever comes."""
DEAF: Final = "<deaf>"
"""In place of a reply: none ever comes, and nothing is read any more."""

Stage = Literal[
    "greeting", "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "content", "dot", "RSET", "NOOP", "QUIT"
]
"""What is answered. "content": the first octets after 354, before their end has come; "dot": the end of the message."""
Answer = str | Callable[[str], str | None]
"""A reply without its last CRLF, or one of the three above, or what makes one of the command; None: as usual."""

FULL: Final = ("PIPELINING", "SIZE 52428800", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN")
"""What a modern server offers, but STARTTLS, which is offered when there is a certificate."""


@dataclass
class SinkMessage:
    """One message that was taken in."""

    sender: str
    parameters: str
    """What followed the path in MAIL."""
    recipients: list[str]
    recipient_parameters: list[str]
    content: bytes
    """Without dot-stuffing."""
    hello: str
    tls: bool
    user: str
    connection: int
    """Number of the connection it came by, from 0."""


@dataclass
class Sink:
    """The server. ``replies`` has what to say at a stage, for every time, or a list: one a time, and then as usual."""

    extensions: Sequence[str] = FULL
    replies: Mapping[Stage, Answer | Sequence[str]] = field(default_factory=dict)
    recipients: Mapping[str, str] = field(default_factory=dict)
    """Replies to RCPT by address."""
    delays: Mapping[Stage, float] = field(default_factory=dict)
    """Seconds before the answer of a stage."""
    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False
    broken_tls: bool = False
    """After 220 to STARTTLS comes no handshake but a line of text."""
    injected: bytes = b""
    """Plain text sent in one segment with the 220 to STARTTLS."""
    users: Mapping[str, str] = field(default_factory=dict)
    """Passwords by name, for AUTH PLAIN and LOGIN."""
    sasl: Callable[[str], str] | None = None
    """Another mechanism of AUTH: takes each response in base64 and gives the reply."""
    name: str = "sink.test"
    keep: bool = True
    one_octet: bool = False
    """Answers come an octet at a time."""

    messages: list[SinkMessage] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    """Every command line, when messages are kept."""
    segments: list[bytes] = field(default_factory=list)
    """What each read gave outside of messages, when messages are kept."""
    count: int = 0
    """Messages accepted."""
    connections: int = 0
    open: int = 0
    aborted: int = 0
    """Connections that ended within a message."""
    host: str = "127.0.0.1"
    port: int = 0

    _server: asyncio.Server | None = None
    _turns: dict[str, int] = field(default_factory=dict)
    _transports: set[asyncio.BaseTransport] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen on ``host`` and ``port`` (0: a free one, which is then in ``port``)."""
        loop = asyncio.get_running_loop()
        secure = self.tls if self.implicit_tls else None
        self._server = await loop.create_server(lambda: _Connection(self), self.host, self.port, ssl=secure)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the listener and every connection."""
        if self._server is not None:
            self._server.close()
        for transport in list(self._transports):
            transport.close()
        await asyncio.sleep(0)

    @property
    def address(self) -> tuple[str, int]:
        return self.host, self.port

    def verbs(self) -> list[str]:
        """The first words of the commands, in upper case."""
        return [line.partition(" ")[0].upper() for line in self.commands]

    def answer(self, stage: Stage, line: str) -> str | None:
        """What the script says here; None: nothing."""
        found = self.replies.get(stage)
        if found is None:
            return None
        if isinstance(found, str):
            return found
        if callable(found):
            return found(line)
        turn = self._turns.get(stage, 0)
        self._turns[stage] = turn + 1
        return found[turn] if turn < len(found) and found[turn] else None


class _Connection(asyncio.Protocol):
    def __init__(self, sink: Sink, number: int | None = None) -> None:
        self.sink = sink
        self.number = number if number is not None else -1
        self.transport: asyncio.Transport = None  # type: ignore[assignment]
        self.buffer = bytearray()
        self.secure = False
        self.hello = ""
        self.user = ""
        self.asked: list[str] | None = None
        self.in_data = False
        self.begun = False
        self.searched = 0
        """Where the search for the end of the message goes on."""
        self.busy = False
        self.gone = False
        self.out: list[bytes] = []
        self.reset()

    def reset(self) -> None:
        self.sender: str | None = None
        self.parameters = ""
        self.recipients: list[str] = []
        self.recipient_parameters: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        first = self.number < 0
        self.transport = cast("asyncio.Transport", transport)
        self.sink._transports.add(transport)
        self.secure = transport.get_extra_info("ssl_object") is not None
        if first:
            self.number = self.sink.connections
            self.sink.connections += 1
            self.sink.open += 1
            self.later("greeting", "", f"220 {self.sink.name} ESMTP")

    def connection_lost(self, exc: Exception | None) -> None:
        self.sink._transports.discard(self.transport)
        self.gone = True
        self.sink.open -= 1
        if self.in_data:
            self.sink.aborted += 1

    def data_received(self, data: bytes) -> None:
        if self.sink.keep and not self.in_data:
            self.sink.segments.append(data)
        self.buffer += data
        if not self.busy:
            self.work()

    def work(self) -> None:
        while not self.busy and not self.gone:
            if self.in_data:
                if not self.take_content():
                    break
                continue
            at = self.buffer.find(b"\n")
            if at < 0:
                break
            line = bytes(self.buffer[:at]).rstrip(b"\r").decode("utf-8", "replace")
            del self.buffer[: at + 1]
            self.command(line)
        self.flush()

    def flush(self) -> None:
        if self.out and not self.gone:
            self.transport.write(b"".join(self.out))
        self.out.clear()

    def later(self, stage: Stage, line: str, usual: str, then: Callable[[], None] | None = None) -> None:
        """Answer now, or after the delay of the stage; ``then`` runs after a positive answer."""
        delay = self.sink.delays.get(stage, 0)
        if delay or self.sink.one_octet:
            self.busy = True
            self.flush()
            task = asyncio.ensure_future(self.slowly(delay, stage, line, usual, then))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            return
        self.say(stage, line, usual, then)
        if stage == "greeting":
            self.flush()

    async def slowly(self, delay: float, stage: Stage, line: str, usual: str, then: Callable[[], None] | None) -> None:
        await asyncio.sleep(delay)
        self.busy = False
        if self.gone:
            return
        self.say(stage, line, usual, then)
        if self.sink.one_octet:
            octets, self.out = b"".join(self.out), []
            self.busy = True
            for at in range(len(octets)):
                self.transport.write(octets[at : at + 1])
                await asyncio.sleep(0.0005)
            self.busy = False
        self.work()

    def say(self, stage: Stage, line: str, usual: str, then: Callable[[], None] | None) -> None:
        reply = self.sink.answer(stage, line) or usual
        if reply in (SILENCE, DEAF):
            self.busy = True
            if reply == DEAF:
                self.transport.pause_reading()
            return
        if reply in (CLOSE, RESET):
            self.flush()
            self.gone = True
            if reply == RESET:
                self.transport.abort()
            else:
                self.transport.close()
            return
        self.out.append(reply.encode() + b"\r\n")
        if then is not None and reply[0] in "23":
            then()
        if reply.startswith("421") or stage == "QUIT":
            self.flush()
            self.transport.close()
            self.gone = True

    def command(self, line: str) -> None:
        if self.asked is not None:
            self.credentials(line)
            return
        if self.sink.keep:
            self.sink.commands.append(line)
        verb = line.partition(" ")[0].upper()
        method = _COMMANDS.get(verb)
        if method is None:
            self.out.append(b"500 5.5.2 What?\r\n")
        else:
            method(self, line)

    def ehlo(self, line: str) -> None:
        sink = self.sink
        lines = [sink.name, *sink.extensions]
        if (sink.tls is not None or sink.broken_tls) and not self.secure:
            lines.append("STARTTLS")
        if sink.users and not any(word.startswith("AUTH") for word in sink.extensions):
            lines.append("AUTH PLAIN LOGIN")
        rows = [f"250{' ' if at == len(lines) - 1 else '-'}{text}" for at, text in enumerate(lines)]
        self.hello = line[5:]
        self.reset()
        self.later("EHLO", line, "\r\n".join(rows))

    def helo(self, line: str) -> None:
        self.hello = line[5:]
        self.reset()
        self.later("HELO", line, f"250 {self.sink.name}")

    def starttls(self, line: str) -> None:
        if self.sink.tls is None and not self.sink.broken_tls:
            self.out.append(b"502 5.5.1 No\r\n")
            return
        self.later("STARTTLS", line, "220 2.0.0 go", self.handshake)

    def handshake(self) -> None:
        self.out.append(self.sink.injected)
        self.flush()
        self.busy = True
        if self.sink.broken_tls:
            self.transport.write(b"this is no handshake\r\n")
            return
        task = asyncio.ensure_future(self.upgrade())
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def upgrade(self) -> None:
        assert self.sink.tls is not None
        after = _Connection(self.sink, self.number)
        # The first command may come before start_tls has returned.
        after.busy = True
        self.sink._transports.discard(self.transport)
        loop = asyncio.get_running_loop()
        try:
            transport = await loop.start_tls(self.transport, after, self.sink.tls, server_side=True)
        except (OSError, ssl.SSLError):
            self.transport.abort()
            self.sink.open -= 1
            return
        if transport is not None:
            after.connection_made(transport)
            after.secure = True
            after.busy = False
            after.work()

    def auth(self, line: str) -> None:
        words = line.split(" ")
        self.asked = [words[1].upper()]
        if len(words) > 2:
            self.credentials(words[2])
        elif self.asked[0] == "LOGIN":
            self.out.append(b"334 VXNlcm5hbWU6\r\n")
        else:
            self.out.append(b"334 \r\n")

    def credentials(self, line: str) -> None:
        assert self.asked is not None
        if self.sink.sasl is not None:
            reply = self.sink.sasl(line)
            self.asked = self.asked if reply.startswith("334") else None
            self.out.append(reply.encode() + b"\r\n")
            return
        self.asked.append(base64.b64decode(line).decode())
        if self.asked[0] == "LOGIN" and len(self.asked) == 2:
            self.out.append(b"334 UGFzc3dvcmQ6\r\n")
            return
        words = self.asked[1].split("\0")[1:] if self.asked[0] == "PLAIN" else self.asked[1:]
        self.asked = None
        name, password = words
        good = self.sink.users.get(name) == password
        self.user = name if good else ""
        self.later("AUTH", "", "235 2.7.0 hello" if good else "535 5.7.8 wrong")

    def mail(self, line: str) -> None:
        def accept() -> None:
            self.sender, self.parameters = _path(line)

        self.later("MAIL", line, "250 2.1.0 ok" if self.sender is None else "503 5.5.1 nested", accept)

    def rcpt(self, line: str) -> None:
        address, parameters = _path(line)

        def accept() -> None:
            self.recipients.append(address)
            self.recipient_parameters.append(parameters)

        usual = "503 5.5.1 MAIL first" if self.sender is None else self.sink.recipients.get(address, "250 2.1.5 ok")
        self.later("RCPT", line, usual, accept)

    def data(self, line: str) -> None:
        def accept() -> None:
            self.in_data = True
            self.begun = False

        self.later("DATA", line, "354 go on" if self.recipients else "554 5.5.1 no valid recipients", accept)

    def take_content(self) -> bool:
        """Take the message when its end has come; whether it has."""
        buffer = self.buffer
        if not self.begun and buffer:
            self.begun = True
            early = self.sink.answer("content", "")
            if early is not None:
                self.say("content", "", early, None)
                self.flush()
                if self.gone or self.busy:
                    return False
        if buffer.startswith(b".\r\n"):
            end = 0
        else:
            end = buffer.find(b"\r\n.\r\n", self.searched) + 2
            if end < 2:
                self.searched = max(0, len(buffer) - 4)
                return False
        content = bytes(buffer[:end])
        del buffer[: end + 3]
        self.in_data = False
        self.searched = 0
        self.later("dot", "", "250 2.0.0 taken", lambda: self.keep(content))
        return True

    def keep(self, content: bytes) -> None:
        sink = self.sink
        sink.count += 1
        if sink.keep:
            content = content.replace(b"\r\n..", b"\r\n.")
            content = content[1:] if content.startswith(b".") else content
            sink.messages.append(
                SinkMessage(
                    self.sender or "", self.parameters, self.recipients, self.recipient_parameters, content, self.hello,
                    self.secure, self.user, self.number,
                )
            )  # fmt: skip
        self.reset()

    def rset(self, line: str) -> None:
        self.reset()
        self.later("RSET", line, "250 2.0.0 ok")

    def noop(self, line: str) -> None:
        self.later("NOOP", line, "250 2.0.0 ok")

    def quit(self, line: str) -> None:
        self.later("QUIT", line, "221 2.0.0 bye")


def _path(line: str) -> tuple[str, str]:
    _, _, rest = line.partition("<")
    address, _, parameters = rest.rpartition(">")
    return address, parameters.strip()


_COMMANDS: Final[dict[str, Callable[[_Connection, str], None]]] = {
    "EHLO": _Connection.ehlo,
    "HELO": _Connection.helo,
    "STARTTLS": _Connection.starttls,
    "AUTH": _Connection.auth,
    "MAIL": _Connection.mail,
    "RCPT": _Connection.rcpt,
    "DATA": _Connection.data,
    "RSET": _Connection.rset,
    "NOOP": _Connection.noop,
    "QUIT": _Connection.quit,
}
