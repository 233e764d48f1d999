"""A POP3 client."""

from __future__ import annotations

import asyncio
import ssl


class Pop3Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.greeting = b""

    @classmethod
    async def connect(cls, address: tuple[str, int], tls: ssl.SSLContext | None = None) -> Pop3Client:
        reader, writer = await asyncio.open_connection(*address, limit=1 << 27, ssl=tls)
        client = cls(reader, writer)
        client.greeting = await client.line()
        return client

    async def signed_in(self, user: str, password: str) -> Pop3Client:
        await self.ok(f"USER {user}".encode())
        await self.ok(f"PASS {password}".encode())
        return self

    async def line(self) -> bytes:
        line = await self.reader.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError(f"the server closed after {line!r}")
        return line[:-2]

    async def command(self, command: bytes) -> bytes:
        """Send a command and return its status line."""
        self.writer.write(command + b"\r\n")
        return await self.line()

    async def ok(self, command: bytes) -> bytes:
        answer = await self.command(command)
        assert answer.startswith(b"+OK"), (command, answer)
        return answer

    async def content(self) -> bytes:
        """The lines up to the lone dot, unstuffed."""
        whole = bytearray()
        while True:
            # Not readline: a bare LF within a message ends no line.
            line = await self.reader.readuntil(b"\r\n")
            if line == b".\r\n":
                return bytes(whole)
            whole += line[1:] if line.startswith(b".") else line

    async def multiline(self, command: bytes) -> bytes:
        await self.ok(command)
        return await self.content()

    async def sizes(self) -> dict[int, int]:
        """LIST: octets by message number."""
        rows = (row.split() for row in (await self.multiline(b"LIST")).splitlines())
        return {int(number): int(size) for number, size in rows}

    async def retrieve_all(self) -> list[bytes]:
        """Every message in order, RETRs sent ahead (RFC 2449 PIPELINING)."""
        count = len(await self.sizes())
        found: list[bytes] = []
        for start in range(1, count + 1, 32):
            batch = range(start, min(start + 32, count + 1))
            self.writer.write(b"".join(b"RETR %d\r\n" % number for number in batch))
            for number in batch:
                status = await self.line()
                assert status.startswith(b"+OK"), (number, status)
                found.append(await self.content())
        return found

    async def close(self) -> None:
        self.writer.close()
