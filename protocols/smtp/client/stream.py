"""A socket and the dialogue on it: octets in and out, time-outs, TLS. What is said is decided elsewhere."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from typing import Final, cast

from protocols.smtp.client.core.dialogue import UNASKED, Dialogue, Heard
from protocols.smtp.client.core.reply_reader import BadReplyError, ServerReply


class StreamLostError(Exception):
    """The connection is gone, or cannot be used any more. The text says why."""


class ClientStream(asyncio.Protocol):
    """One connection to a server."""

    def __init__(self) -> None:
        self.dialogue: Final = Dialogue()
        self.parting: ServerReply | None = None
        """The 421 by which the server ended the connection."""
        self._transport: asyncio.Transport | None = None
        self._heard: deque[Heard] = deque()
        self._lost = ""
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()

    @classmethod
    async def connect(
        cls, address: str, port: int, *, source: str | None, timeout: float, note: str = ""
    ) -> ClientStream:
        """Open a connection; ``note`` begins its transcript. Raises OSError, TimeoutError being one."""
        stream = cls()
        if note:
            stream.dialogue.note(note)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout):
            await loop.create_connection(
                lambda: stream, address, port, local_addr=(source, 0) if source is not None else None
            )
        return stream

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast("asyncio.Transport", transport)
        # So ``drained`` means that all is with the operating system.
        self._transport.set_write_buffer_limits(high=0)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self._lost:
            return
        try:
            for one in self.dialogue.feed(data):
                if one.reply.code == 421:
                    self.parting = one.reply
                if one.verb != UNASKED:
                    self._heard.append(one)
                self._news.set()
        except BadReplyError as error:
            self._fail(f"{error}")

    def eof_received(self) -> bool:
        """See asyncio.Protocol. A server that will say nothing more is no use."""
        self._lose("the server closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._lose(f"the connection broke: {_reason(exc)}" if exc else "the server closed the connection")

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        self._writable.set()

    # What the session calls.

    @property
    def open(self) -> bool:
        """Whether more may be said: the server has neither closed nor said that it will."""
        return not self._lost and self.parting is None and self._transport is not None

    @property
    def waiting(self) -> bool:
        """Whether there is something that was not yet heard: a reply, a last one, or the end of the connection."""
        return bool(self._heard) or not self.open

    @property
    def ssl_object(self) -> ssl.SSLObject | None:
        """The TLS of the connection."""
        found = self._transport.get_extra_info("ssl_object") if self._transport is not None else None
        return cast("ssl.SSLObject | None", found)

    def check_open(self) -> None:
        """Raise StreamLostError where nothing more may be said."""
        if not self.open:
            raise StreamLostError(self._lost or "the server ended the connection")

    def write(self, octets: bytes) -> None:
        """Send octets. Raises StreamLostError."""
        if self._transport is None or self._lost:
            raise StreamLostError(self._lost or "the connection is closed")
        self._transport.write(octets)

    async def drained(self, timeout: float) -> None:
        """Return when all octets are with the operating system; others have had their turn then. Raises StreamLostError."""
        await asyncio.sleep(0)
        if not self._lost and not self._writable.is_set():
            try:
                async with asyncio.timeout(timeout):
                    await self._writable.wait()
            except TimeoutError:
                self._fail(f"the server took nothing for {timeout:g} s")
        if self._lost:
            raise StreamLostError(self._lost)

    async def hear(self, timeout: float) -> Heard:
        """Return the next reply. Raises StreamLostError, also when none has come in time."""
        try:
            async with asyncio.timeout(timeout):
                while not self._heard:
                    if self._lost:
                        raise StreamLostError(self._lost)
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            self._fail(f"no reply within {timeout:g} s")
            raise StreamLostError(self._lost) from None
        return self._heard.popleft()

    async def start_tls(self, context: ssl.SSLContext, name: str | None, timeout: float) -> None:
        """Put the connection under TLS. Raises OSError, ssl.SSLError being one, BadReplyError; it is of no use then.

        ``name`` is said in SNI and, where the context asks for it, looked for in the certificate.
        """
        if self._transport is None or self._lost:
            raise ConnectionResetError(self._lost)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                transport = await loop.start_tls(
                    self._transport, self, context, server_hostname=name, ssl_handshake_timeout=timeout
                )
        except BaseException:
            self.abort()
            raise
        if transport is None:
            raise ConnectionResetError("the server closed the connection")
        self._transport = transport
        # Not 0: under TLS an empty buffer would count as full, and nothing would ever tell that it is empty.
        self._transport.set_write_buffer_limits(high=1, low=0)
        self._writable.set()

    def abort(self) -> None:
        """Cut the connection without a word."""
        self._fail("the connection was cut")

    async def close(self, timeout: float) -> None:
        """Close the connection, and cut it where that takes too long. Raises nothing."""
        transport, self._transport = self._transport, None
        if transport is None:
            return
        transport.close()
        try:
            async with asyncio.timeout(timeout):
                while not self._lost:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pass
        finally:
            transport.abort()

    def _fail(self, text: str) -> None:
        self._lose(text)
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def _lose(self, text: str) -> None:
        if not self._lost:
            self._lost = text = self.dialogue.without_secrets(text)
            self.dialogue.note(f"({text})")
        self._news.set()
        self._writable.set()


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
