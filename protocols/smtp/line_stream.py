"""The two ends that aiosmtpd's command loop reads from and writes to, in place of asyncio's streams.

Reading is in the pieces in which octets arrive, with a bound and a deadline on every line. Writing is gathered: the
replies to commands that came in one piece (RFC 2920) leave in one piece, just before the reader waits for more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from protocols.smtp.core.data import DataDecoder
from protocols.smtp.core.pace import data_deadline
from protocols.smtp.core.reply import Refusal, Reply

READ_AHEAD: Final = 256 * 1024
"""Octets of input that may wait behind a command that still runs."""
WRITE_HIGH: Final = 256 * 1024
STALL_TIMEOUT: Final = 120.0
"""Seconds that a client may leave our replies unread."""
TURN: Final = 64
"""Commands answered from one piece of input before other connections have their turn."""
LINE: Final = 12_290
"""Octets of the longest line, an AUTH command with its CRLF (RFC 4954 section 4); aiosmtpd's loop bounds the others
further.
"""

TIMEOUT: Final = Reply(421, "4.4.2", "Nothing came for too long; goodbye.", closes=True)
ENDLESS: Final = Reply(552, "5.3.4", "The message is far too large; goodbye.", closes=True)
LINE_TOO_LONG: Final = Reply(500, "5.5.2", "The line is too long.")
BARE_LINE_FEED: Final = Reply(500, "5.5.2", "A line ends with CR LF.")


class LineReader:
    """What the client has sent. Every method that waits ends with CancelledError when the client sends no more."""

    __slots__ = (
        "_before_wait",
        "_buffer",
        "_ended",
        "_loop",
        "_pause",
        "_paused",
        "_searched",
        "_taken",
        "_waiter",
        "idle",
        "timeout",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        timeout: float,
        before_wait: Callable[[], None],
        pause: Callable[[bool], None],
    ) -> None:
        self._loop = loop
        self._before_wait = before_wait
        self._pause = pause
        self._paused = False
        self._buffer = bytearray()
        self._searched = 0
        self._ended = False
        self._waiter: asyncio.Future[None] | None = None
        self._taken = 0
        self.timeout = timeout
        """Seconds for a whole command line to arrive."""
        self.idle = False
        """Whether a command line is being waited for."""

    # From the transport.

    def feed(self, data: bytes) -> None:
        """Octets have arrived."""
        if self._ended:
            return
        self._buffer += data
        if self._waiter is not None:
            self._wake()
        elif len(self._buffer) > READ_AHEAD and not self._paused:
            self._paused = True
            self._pause(True)

    def end(self) -> None:
        """Nothing more will come, or nothing more will be taken: what is buffered is still handed out when ``feed``
        preceded.
        """
        self._ended = True
        self._wake()

    def finish(self) -> None:
        """Drop what is buffered and hand out nothing more."""
        self._buffer.clear()
        self._searched = 0
        self.end()

    def clear(self) -> None:
        """Drop what is buffered: plain text that came behind STARTTLS must never be a command (RFC 3207 section
        4.2).
        """
        self._buffer.clear()
        self._searched = 0
        self._resume()

    # For aiosmtpd's command loop, and for AUTH.

    async def readuntil(self, separator: bytes = b"\n", *, limit: int = LINE) -> bytes:
        """Return one line with its CRLF. Raises Refusal for a line that is too long or ends with a bare LF, or at the
        deadline.
        """
        deadline = self._loop.time() + self.timeout
        self._taken += 1
        if self._taken % TURN == 0:
            await asyncio.sleep(0)
        skipping = False
        while True:
            at = self._buffer.find(separator, self._searched)
            if at >= 0:
                line = bytes(memoryview(self._buffer)[: at + 1])
                self._drop(at + 1)
                if skipping or len(line) > limit:
                    raise Refusal(LINE_TOO_LONG)
                if not line.endswith(b"\r\n"):
                    raise Refusal(BARE_LINE_FEED)
                return line
            if len(self._buffer) > limit:
                skipping = True
                self._drop(len(self._buffer))
            self._searched = len(self._buffer)
            self.idle = True
            try:
                await self._wait(deadline)
            finally:
                self.idle = False

    # For DATA and BDAT.

    async def read_data(self, decoder: DataDecoder, most: int) -> None:
        """Feed the decoder up to the end of the data. Raises Refusal at the deadline, and after ``most`` octets."""
        start = last = self._loop.time()
        while True:
            if self._buffer:
                octets = bytes(self._buffer)
                self._drop(len(octets))
                rest = decoder.feed(octets)
                if rest is not None:
                    self._buffer[:0] = rest
                    return
                if decoder.received > most:
                    raise Refusal(ENDLESS)
                last = self._loop.time()
            await self._wait(data_deadline(start, last, decoder.received, self.timeout))

    async def read_exactly(self, count: int, take: Callable[[bytes], object]) -> None:
        """Hand ``count`` octets to ``take``, in pieces. Raises Refusal at the deadline."""
        start = last = self._loop.time()
        left = count
        while left:
            if self._buffer:
                octets = bytes(memoryview(self._buffer)[:left])
                self._drop(len(octets))
                take(octets)
                left -= len(octets)
                last = self._loop.time()
                continue
            await self._wait(data_deadline(start, last, count - left, self.timeout))

    # The inside.

    def _drop(self, count: int) -> None:
        if count >= len(self._buffer):
            # A new object: a cleared one that was large may keep its memory.
            self._buffer = bytearray()
        else:
            del self._buffer[:count]
        self._searched = 0
        self._resume()

    def _resume(self) -> None:
        if self._paused and len(self._buffer) <= READ_AHEAD:
            self._paused = False
            self._pause(False)

    async def _wait(self, deadline: float) -> None:
        if self._ended:
            raise asyncio.CancelledError
        self._before_wait()
        self._waiter = self._loop.create_future()
        timer = self._loop.call_at(deadline, self._expire)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _expire(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(Refusal(TIMEOUT))


class LineWriter:
    """What the client will be sent. Nothing here raises when the client has gone: the reader ends the session."""

    __slots__ = ("_drained", "_gathered", "_transport", "_waiting")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport: asyncio.Transport | None = transport
        self._gathered = bytearray()
        self._drained: asyncio.Event | None = None

    def attach(self, transport: asyncio.Transport | None) -> None:
        """Write to this transport from now on: another one after STARTTLS, none when the connection is lost."""
        self._transport = transport
        if transport is None:
            self.resumed()

    def write(self, data: bytes) -> None:
        """Gather octets to send."""
        self._gathered += data

    def flush(self) -> None:
        """Send what has been gathered."""
        if self._gathered:
            if self._transport is not None and not self._transport.is_closing():
                self._transport.write(bytes(self._gathered))
            self._gathered.clear()

    async def drain(self) -> None:
        """Wait while the client does not read; cut the connection when it has not read for STALL_TIMEOUT."""
        if len(self._gathered) > WRITE_HIGH:
            self.flush()
        if self._drained is not None:
            try:
                async with asyncio.timeout(STALL_TIMEOUT):
                    await self._drained.wait()
            except TimeoutError:
                if self._transport is not None:
                    self._transport.abort()

    def close(self) -> None:
        """End the connection when everything written has been sent. aiosmtpd's loop calls it too."""
        self.flush()
        if self._transport is not None:
            self._transport.close()

    def paused(self) -> None:
        """The transport has too much to send."""
        if self._drained is None:
            self._drained = asyncio.Event()

    def resumed(self) -> None:
        """The transport has room again, or is gone."""
        if self._drained is not None:
            self._drained.set()
            self._drained = None
