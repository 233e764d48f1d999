"""A connection after COMPRESS=DEFLATE, from the client's side."""

from __future__ import annotations

import asyncio
import zlib

from tests.imap.wire import Wire


class Deflated:
    """Lines through raw DEFLATE, as they come in; ``received`` counts the octets on the wire."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
        self.inflater = zlib.decompressobj(-15)
        self.buffer = b""
        self.received = 0

    @classmethod
    async def start(cls, wire: Wire, *, behind: bytes = b"") -> Deflated:
        """COMPRESS, with commands behind it in the same piece that are compressed already."""
        stream = cls(wire)
        wire.send(b"z COMPRESS DEFLATE\r\n" + (stream.packed(behind) if behind else b""))
        line = await wire.line()
        assert line.startswith(b"z OK"), line
        return stream

    def packed(self, octets: bytes) -> bytes:
        return self.deflater.compress(octets) + self.deflater.flush(zlib.Z_SYNC_FLUSH)

    def send(self, octets: bytes) -> None:
        self.wire.send(self.packed(octets))

    async def more(self) -> bool:
        async with asyncio.timeout(20):
            data = await self.wire.reader.read(1 << 16)
        self.received += len(data)
        self.buffer += self.inflater.decompress(data)
        return bool(data)

    async def line(self) -> bytes:
        while b"\r\n" not in self.buffer and await self.more():
            pass
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    async def until(self, start: bytes) -> list[bytes]:
        lines = [await self.line()]
        while not lines[-1].startswith(start):
            assert lines[-1] or not self.wire.reader.at_eof(), f"closed before {start!r}: {lines[-5:]}"
            lines.append(await self.line())
        return lines

    async def rest(self) -> bytes:
        while await self.more():
            pass
        return self.buffer
