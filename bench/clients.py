"""Clients that cost little: raw sockets, whole answers read in large pieces."""

from __future__ import annotations

import asyncio
import re
import socket
import time

_COUNT = re.compile(rb"\* (\d+) EXISTS")


class RefusedError(Exception):
    """The server did not answer as it must for a figure to count."""


class Stream:
    """A connection without Nagle, read into one buffer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.buffer = bytearray()

    @classmethod
    async def open(cls, address: tuple[str, int]) -> Stream:
        reader, writer = await asyncio.open_connection(*address, limit=1 << 24)
        raw: socket.socket = writer.get_extra_info("socket")
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(reader, writer)

    async def more(self) -> None:
        data = await self.reader.read(1 << 20)
        if not data:
            raise RefusedError(f"the server closed the connection after {bytes(self.buffer[-200:])!r}")
        self.buffer += data

    async def line(self) -> bytes:
        while (end := self.buffer.find(b"\r\n")) < 0:
            await self.more()
        line = bytes(self.buffer[:end])
        del self.buffer[: end + 2]
        return line

    def close(self) -> None:
        self.writer.close()


class Imap:
    """IMAP, as much of it as a benchmark says."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.number = 0

    @classmethod
    async def signed_in(cls, address: tuple[str, int], user: str, password: str) -> Imap:
        client = cls(await Stream.open(address))
        await client.stream.line()
        await client.run(b'LOGIN "%s" "%s"' % (user.encode(), password.encode()))
        return client

    async def run(self, command: bytes) -> bytes:
        """Send a command and return everything up to its tagged OK, which stands at the end of what arrives."""
        self.number += 1
        tag = b"b%d" % self.number
        stream = self.stream
        stream.writer.write(tag + b" " + command + b"\r\n")
        return await self._tagged(tag)

    async def _tagged(self, tag: bytes) -> bytes:
        buffer = self.stream.buffer
        while True:
            if buffer.endswith(b"\r\n"):
                at = buffer.rfind(b"\n", 0, len(buffer) - 1) + 1
                if buffer.startswith(tag + b" ", at):
                    if not buffer.startswith(tag + b" OK", at):
                        raise RefusedError(bytes(buffer[at:]).decode(errors="replace"))
                    answer = bytes(buffer)
                    buffer.clear()
                    return answer
            await self.stream.more()

    async def append(self, mailbox: bytes, *letters: bytes) -> None:
        """APPEND, several at once where MULTIAPPEND is spoken; LITERAL+ (RFC 7888)."""
        self.number += 1
        tag = b"b%d" % self.number
        out = bytearray(tag + b" APPEND " + mailbox)
        for letter in letters:
            out += b" {%d+}\r\n" % len(letter) + letter
        self.stream.writer.write(bytes(out) + b"\r\n")
        await self._tagged(tag)

    async def idle(self) -> None:
        self.stream.writer.write(b"idle IDLE\r\n")
        while not (await self.stream.line()).startswith(b"+"):
            pass

    async def exists(self, at_least: int) -> float:
        """Wait for EXISTS of so many messages; returns when it came (perf_counter)."""
        while True:
            line = await self.stream.line()
            found = _COUNT.match(line)
            if found and int(found.group(1)) >= at_least:
                return time.perf_counter()

    def close(self) -> None:
        self.stream.close()


class Mail:
    """SMTP, and LMTP where ``lmtp``."""

    def __init__(self, stream: Stream, *, lmtp: bool) -> None:
        self.stream = stream
        self.lmtp = lmtp

    @classmethod
    async def open(cls, address: tuple[str, int], *, lmtp: bool) -> Mail:
        client = cls(await Stream.open(address), lmtp=lmtp)
        await client.reply(b"220")
        client.stream.writer.write(b"LHLO bench.test\r\n" if lmtp else b"EHLO bench.test\r\n")
        await client.reply(b"250")
        return client

    async def reply(self, code: bytes) -> None:
        while True:
            line = await self.stream.line()
            if not line.startswith(code):
                raise RefusedError(line.decode(errors="replace"))
            if line[3:4] != b"-":
                return

    async def send(self, recipient: str, letter: bytes) -> float:
        """Deliver one message; returns when its last octet was written (perf_counter)."""
        stream = self.stream
        stream.writer.write(b"MAIL FROM:<bench@outside.test>\r\nRCPT TO:<%s>\r\nDATA\r\n" % recipient.encode())
        await self.reply(b"250")
        await self.reply(b"250")
        await self.reply(b"354")
        stream.writer.write(letter + b".\r\n")
        written = time.perf_counter()
        await self.reply(b"250")
        return written

    def close(self) -> None:
        self.stream.close()
