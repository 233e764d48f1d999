"""Octets to and from a server, in whatever pieces a test likes."""

from __future__ import annotations

import asyncio
import ssl


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.greeting = b""

    @classmethod
    async def connect(cls, host: str, port: int, context: ssl.SSLContext | None) -> Wire:
        wire = cls(*await asyncio.open_connection(host, port, ssl=context, limit=1 << 26))
        wire.greeting = await wire.line()
        return wire

    def send(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def line(self) -> bytes:
        """One line without its end; empty at the end of the connection."""
        async with asyncio.timeout(20):
            return (await self.reader.readline()).removesuffix(b"\r\n")

    async def until(self, start: bytes) -> list[bytes]:
        """Lines up to the first that begins so."""
        lines = [await self.line()]
        while not lines[-1].startswith(start):
            assert lines[-1] or not self.reader.at_eof(), f"closed before {start!r}: {lines[-5:]}"
            lines.append(await self.line())
        return lines

    async def rest(self) -> bytes:
        """All there is until the server closes."""
        async with asyncio.timeout(20):
            return await self.reader.read()

    async def close(self) -> None:
        self.writer.close()
