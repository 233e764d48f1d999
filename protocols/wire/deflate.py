"""Raw DEFLATE (RFC 1951) in both directions, as IMAP's COMPRESS speaks it (RFC 4978). Does no I/O.

What a connection pays: about 70 KiB for the compressor (a window of 8 KiB, half of it again for hash chains), which is let
go of while the connection is quiet, and about 40 KiB for the decompressor once the client has sent something, because a
client may use the largest window. Nothing is inflated before somebody has room for it.
"""

from __future__ import annotations

import zlib
from typing import Final

STEP: Final = 64 * 1024
"""Octets put into the compressor, or taken from the decompressor, at a time: 1 to 3 ms of work at the most."""
_LEVEL: Final = 3
_WINDOW_BITS: Final = 13
_MEMORY: Final = 6
_LARGEST_WINDOW_BITS: Final = 15


class DeflateError(ValueError):
    """What the client sent is not DEFLATE, or goes on after its end."""


class Deflate:
    """One connection's two streams, each without header or trailer."""

    __slots__ = ("_deflater", "_inflater", "_more", "_waiting")

    def __init__(self) -> None:
        self._deflater: zlib._Compress | None = None
        self._inflater = zlib.decompressobj(-_LARGEST_WINDOW_BITS)
        self._waiting = b""
        self._more = False

    def compress(self, data: bytes | memoryview, *, flush: bool = True) -> bytes:
        """Compress at most STEP octets. With ``flush`` the client can read everything up to here at once."""
        if self._deflater is None:
            self._deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, -_WINDOW_BITS, _MEMORY)
        out = self._deflater.compress(data)
        return out + self._deflater.flush(zlib.Z_SYNC_FLUSH) if flush else out

    def rest(self) -> None:
        """Let go of the compressor, between two flushed pieces.

        A flush ends on a whole octet, and a raw stream has no header: a new compressor goes on where this one stopped,
        and only what it could have referred to is lost.
        """
        self._deflater = None

    @property
    def pending(self) -> int:
        """Octets received and not yet inflated."""
        return len(self._waiting)

    def receive(self, data: bytes) -> None:
        """Add compressed octets that have arrived."""
        self._waiting = self._waiting + data if self._waiting else data

    def inflate(self) -> bytes:
        """Return the next octets, at most STEP; none where there are none as yet. Raises DeflateError."""
        if not self._waiting and not self._more:
            return b""
        inflater = self._inflater
        if inflater.eof:
            raise DeflateError("octets after the end of the stream")
        try:
            out = inflater.decompress(self._waiting, STEP)
        except zlib.error as error:
            raise DeflateError(str(error)) from error
        self._waiting = inflater.unconsumed_tail or inflater.unused_data
        # The last symbols taken in may stand for more octets than there was room for.
        self._more = len(out) == STEP
        return out
