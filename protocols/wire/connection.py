"""One client's connection: an asyncio protocol that feeds a :class:`Session` and writes for it.

An idle connection costs the transport, this object and its session: no task, no stream reader, one timer.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import ssl
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

from protocols.wire.channel_binding import channel_binding
from protocols.wire.deflate import STEP, Deflate, DeflateError
from protocols.wire.listener import HANDSHAKE_TIMEOUT
from protocols.wire.sasl.offer import Channel
from protocols.wire.session import Farewell, Session

if TYPE_CHECKING:
    from protocols.wire.stream_server import StreamServer

log = logging.getLogger("correio.wire")

STALL_TIMEOUT: Final = 120.0
"""Seconds that a client may leave our output unread before the connection is cut."""
READ_AHEAD: Final = 256 * 1024
"""Octets of input that may wait behind a command that still runs."""
TURN: Final = 0.005
"""Seconds that one connection's commands may take in a row before others get a turn."""
WRITE_HIGH: Final = 256 * 1024
"""Octets of unsent output above which ``write`` waits."""
LINGER: Final = 2.0
"""Seconds in which what a client sends behind our last words is read and dropped. Closing over unread octets would have the
kernel reset the connection, and the last words be lost with it."""
REST: Final = 30.0
"""Seconds of quiet after which a connection gives back what it can do without."""


def is_loopback(address: str) -> bool:
    """Tell whether a numeric address is of this machine: plain-text sign-in is allowed from there alone."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return bool((mapped or parsed).is_loopback)


class Connection(asyncio.Protocol):
    """The socket side of a session.

    Use from a session: ``remote`` (numeric address), ``secure`` (under TLS), ``private`` (TLS or loopback),
    ``await write(octets)`` which waits while the client reads slowly, ``await start_tls(answer)``, ``wake()``, and
    ``close()`` which ends the connection after what was written.
    """

    __slots__ = (
        "_closing",
        "_deflate",
        "_drained",
        "_ended",
        "_last",
        "_linger",
        "_reading_paused",
        "_server",
        "_session",
        "_starting_tls",
        "_task",
        "_timer",
        "_transport",
        "_waking",
        "_writing",
        "remote",
        "secure",
    )

    def __init__(self, server: StreamServer, *, secure: bool) -> None:
        self._server: Final = server
        self._session: Session[Any] | None = None
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._linger: asyncio.TimerHandle | None = None
        self._drained: asyncio.Future[None] | None = None
        self._deflate: Deflate | None = None
        self._reading_paused = False
        self._waking = False
        self._writing = False
        self._closing = False
        self._ended = False
        self._starting_tls = False
        self._last = time.monotonic()
        self.remote = ""
        self.secure = secure

    # What a session uses.

    @property
    def private(self) -> bool:
        """Whether a password may cross this connection: it is under TLS or does not leave this machine."""
        return self.secure or is_loopback(self.remote)

    @property
    def channel(self) -> Channel:
        """What the connection is for somebody who wants to sign in."""
        tls = self._transport.get_extra_info("ssl_object") if self.secure and self._transport is not None else None
        return Channel(self.private, channel_binding(tls))

    @property
    def closing(self) -> bool:
        """Whether the connection is ending: no further event will be handled."""
        return self._closing

    async def write(self, data: bytes) -> None:
        """Send octets; return when the transport has room for more. Raises ConnectionError when the client has gone."""
        if self._deflate is not None or len(data) > WRITE_HIGH:
            await self._write_steps(data)
            return
        self._open_transport().write(data)
        if self._drained is not None:
            await self._drained

    def push(self, data: bytes) -> None:
        """Send a few words where nothing can be awaited. Does nothing when the client has gone."""
        transport = self._transport
        if transport is not None and not transport.is_closing() and self._linger is None:
            transport.write(data if self._deflate is None else self._deflate.compress(data))

    @property
    def clear(self) -> bool:
        """Whether nothing is half written, and the client has room: ``push`` would not come between."""
        return not self._writing and self._drained is None

    @property
    def deflating(self) -> bool:
        """Whether what is sent and received is compressed."""
        return self._deflate is not None

    def start_deflate(self, answer: bytes, ahead: bytes) -> None:
        """Send ``answer`` as it is, and compress both ways from there on (RFC 4978 section 3).

        ``ahead`` is what the session has buffered behind the command: it is compressed already. Raises ConnectionError
        when the client has gone.
        """
        self._open_transport().write(answer)
        self._deflate = Deflate()
        self._deflate.receive(ahead)

    def wake(self) -> None:
        """Have the session's ``woken`` called between events, soon."""
        if not self._closing:
            self._waking = True
            self._advance()

    def close(self) -> None:
        """End the connection when everything written has been sent, and the client has closed or lets us wait too long."""
        self._closing = True
        transport = self._transport
        if transport is None or self._linger is not None:
            return
        if self._session is None or not self._server.running or not transport.can_write_eof():
            transport.close()
            return
        transport.write_eof()
        self._linger = asyncio.get_running_loop().call_later(LINGER, transport.close)
        if self._reading_paused:
            self._reading_paused = False
            transport.resume_reading()

    async def start_tls(self, answer: bytes) -> None:
        """Send ``answer`` and go on under TLS (server side).

        The session drops whatever it has buffered before it calls this: octets that came in plain text behind STARTTLS
        must never be taken as commands. Nothing is awaited between the answer and the hand-over, so octets that come
        later are part of the handshake. Raises ConnectionError when the handshake fails; the connection is closed then.
        """
        transport = self._transport
        context = self._server.tls_context
        if transport is None or transport.is_closing() or context is None:
            raise ConnectionResetError("the client has gone")
        transport.write(answer)
        if self._reading_paused:
            self._reading_paused = False
            transport.resume_reading()
        self._starting_tls = True
        try:
            upgraded = await asyncio.get_running_loop().start_tls(
                transport, self, context, server_side=True, ssl_handshake_timeout=HANDSHAKE_TIMEOUT
            )
        except (OSError, ssl.SSLError) as error:
            transport.abort()
            raise ConnectionResetError(f"no TLS handshake: {error}") from error
        finally:
            self._starting_tls = False
        if upgraded is None:
            raise ConnectionResetError("the client has gone")
        self._transport = upgraded
        upgraded.set_write_buffer_limits(WRITE_HIGH)
        self.secure = True

    # What asyncio calls.

    def connection_made(self, made: asyncio.BaseTransport) -> None:
        # uvloop's transports have asyncio's methods and not its classes.
        self._transport = transport = cast(asyncio.Transport, made)
        transport.set_write_buffer_limits(WRITE_HIGH)
        peer = transport.get_extra_info("peername")
        self.remote = str(peer[0]) if isinstance(peer, tuple) else "unknown"
        handle = transport.get_extra_info("socket")
        if handle is not None and handle.family in (socket.AF_INET, socket.AF_INET6):
            handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        session = self._server.session(self)
        if not self._server.entered(self):
            transport.write(session.farewell(Farewell.TOO_MANY))
            self.close()
            return
        self._session = session
        self._watch_clock()
        self._task = asyncio.get_running_loop().create_task(self._run(greet=True))

    def data_received(self, data: bytes) -> None:
        session = self._session
        if session is None or self._closing:
            return
        self._last = time.monotonic()
        if self._deflate is None:
            session.receive(data)
        else:
            self._deflate.receive(data)
        if self._task is None:
            self._advance()
        elif self._pending(session) > READ_AHEAD and not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        session = self._session
        if session is None or self.secure or self._closing:
            return False
        session.half_closed()
        if self._task is None:
            return False
        # The client sends no more and may still wait for the answers to what it sent: finish, then close.
        self._ended = True
        return True

    def pause_writing(self) -> None:
        if self._drained is None:
            self._drained = asyncio.get_running_loop().create_future()
            self._last = time.monotonic()

    def resume_writing(self) -> None:
        self._last = time.monotonic()
        waiting, self._drained = self._drained, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - how a client went changes nothing
        self._closing = True
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._linger is not None:
            self._linger.cancel()
        waiting, self._drained = self._drained, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(ConnectionResetError("the client has gone"))
            # Nobody may be waiting: then the exception is known already.
            waiting.exception()
        session, self._session = self._session, None
        if session is not None:
            self._server.left(self)
            session.closed()

    # What the server calls.

    def shut_down(self) -> None:
        """Say goodbye and close: at once when nothing runs, else after the command that runs."""
        session = self._session
        if session is None or self._transport is None:
            return
        if self._linger is not None:
            self._transport.close()
        elif self._task is None:
            self.push(session.farewell(Farewell.SHUTDOWN))
            self.close()
        else:
            self._task.add_done_callback(lambda _: self.shut_down())
            self._closing = True

    def abort(self) -> None:
        """Cut the connection without a word."""
        self._closing = True
        if self._transport is not None:
            self._transport.abort()

    @property
    def busy(self) -> bool:
        """Whether a command runs."""
        return self._task is not None

    # The inside.

    def _advance(self) -> None:
        """Start the task if there is something for it to do."""
        session = self._session
        if self._task is not None or session is None or self._closing:
            return
        if self._waking:
            self._task = asyncio.get_running_loop().create_task(self._run())
            return
        if self._deflate is not None:
            # However little arrives, it may be a great deal: it is inflated where others can have a turn.
            self._task = asyncio.get_running_loop().create_task(self._run())
            return
        try:
            event = session.next_event()
        except Exception:
            log.exception("defect while reading from %s", session.name())
            self.push(session.farewell(Farewell.FAULT))
            self.close()
            return
        if event is not None:
            self._task = asyncio.get_running_loop().create_task(self._run(event))

    async def _run(self, event: object | None = None, *, greet: bool = False) -> None:
        session = self._session
        assert session is not None
        try:
            if greet:
                await session.opened()
            start = time.monotonic()
            while not self._gone():
                if time.monotonic() - start > TURN:
                    # Many small commands in one piece must not keep the other connections waiting.
                    await asyncio.sleep(0)
                    start = time.monotonic()
                if event is not None:
                    await session.handle(event)
                    event = None
                    self._last = time.monotonic()
                elif self._waking:
                    self._waking = False
                    await session.woken()
                if self._closing:
                    break
                if not self._waking and (event := session.next_event()) is None and not self._inflate(session):
                    break
                self._resume_reading(session)
        except ConnectionError:
            self.abort()
        except DeflateError as error:
            log.warning("%s sent what is not DEFLATE: %s", session.name(), error)
            self.push(session.farewell(Farewell.GARBLED))
            self.close()
        except Exception:
            log.exception("defect while answering %s", session.name())
            self.push(session.farewell(Farewell.FAULT))
            self.close()
        finally:
            self._task = None
            self._resume_reading(session)
            if self._ended or (self._closing and self._server.running):
                self.close()

    def _gone(self) -> bool:
        return self._transport is None

    def _open_transport(self) -> asyncio.Transport:
        transport = self._transport
        if transport is None or transport.is_closing() or self._linger is not None:
            raise ConnectionResetError("the client has gone")
        return transport

    async def _write_steps(self, data: bytes) -> None:
        """Send in steps, so that a long answer neither keeps the others waiting nor piles up encrypted or compressed."""
        view = memoryview(data)
        start = time.monotonic()
        self._writing = True
        try:
            for at in range(0, len(view), STEP):
                step: bytes | memoryview = view[at : at + STEP]
                if self._deflate is not None:
                    step = self._deflate.compress(step, flush=at + STEP >= len(view))
                self._open_transport().write(step)
                if self._drained is not None:
                    await self._drained
                if time.monotonic() - start > TURN:
                    await asyncio.sleep(0)
                    start = time.monotonic()
        finally:
            self._writing = False

    def _inflate(self, session: Session[Any]) -> bool:
        """Give the session the next octets of a compressed stream; tell whether there were any. Raises DeflateError."""
        octets = self._deflate.inflate() if self._deflate is not None else b""
        if octets:
            session.receive(octets)
        return bool(octets)

    def _pending(self, session: Session[Any]) -> int:
        return session.pending + (self._deflate.pending if self._deflate is not None else 0)

    def _resume_reading(self, session: Session[Any]) -> None:
        if self._reading_paused and self._pending(session) <= READ_AHEAD and self._transport is not None:
            self._reading_paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()

    def _watch_clock(self) -> None:
        """Arm the one timer, which looks at the clock only as often as a timeout could have passed."""
        session = self._session
        if session is None:
            return
        loop = asyncio.get_running_loop()
        quiet = time.monotonic() - self._last
        if self._drained is not None:
            allowed = STALL_TIMEOUT
        elif self._task is not None and not self._starting_tls:
            # A command of ours that runs long is not the client's silence.
            allowed, quiet = session.timeout, 0.0
        else:
            allowed = session.timeout
        if quiet >= allowed:
            if self._drained is None:
                self.push(session.farewell(Farewell.TIMEOUT))
                self.close()
                # A client that has vanished never takes the farewell.
                self._timer = loop.call_later(HANDSHAKE_TIMEOUT, self.abort)
            else:
                self.abort()
            return
        if self._deflate is not None and self._task is None and quiet > REST:
            self._deflate.rest()
        self._timer = loop.call_later(min(allowed - quiet, STALL_TIMEOUT) + 0.01, self._watch_clock)


Factory = Callable[[Connection], Session[Any]]
