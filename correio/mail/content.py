"""The octets of a large part on their way to the store, made chunk by chunk from the message that holds them.

A message of 50 MB is held once while it is stored: what is kept decoded is decoded twice, first to name and to prove it,
then to write it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from correio.mime.base64_layout import base64_layout, decode_layout

HELD: Final = 1024 * 1024
"""Decoded octets up to which they are kept from the first time."""
_IDENTITY: Final = -1


class Content:
    """The content of a stretch of a message. ``digest`` is its SHA-256, ``size`` its octets."""

    __slots__ = ("_end", "_held", "_line_length", "_raw", "_start", "digest", "size")

    def __init__(
        self, raw: bytes, start: int, end: int, digest: bytes, size: int, line_length: int, held: bytes | None
    ) -> None:
        self.digest: Final = digest
        self.size: Final = size
        self._raw: Final = raw
        self._start: Final = start
        self._end: Final = end
        self._line_length: Final = line_length
        self._held: Final = held

    @classmethod
    def as_it_is(cls, raw: bytes, start: int, end: int) -> Content:
        """Return the content of octets that are kept as they stand in the message."""
        with memoryview(raw) as view:
            digest = hashlib.sha256(view[start:end]).digest()
        return cls(raw, start, end, digest, end - start, _IDENTITY, None)

    @classmethod
    def decoded(cls, raw: bytes, start: int, end: int) -> tuple[Content, int, bytes] | None:
        """Return the content of a base64 body with the characters of a line and what follows the last.

        None where the body is written in a way that does not come back octet for octet.
        """
        digest = hashlib.sha256()
        size = 0
        pieces: list[bytes] = []

        def take(piece: bytes) -> None:
            nonlocal size
            digest.update(piece)
            size += len(piece)
            if size <= HELD:
                pieces.append(piece)

        facts = base64_layout(raw, start, end, take)
        if facts is None:
            return None
        line_length, ending = facts
        held = b"".join(pieces) if size <= HELD else None
        content = cls(raw, start, end - len(ending), digest.digest(), size, line_length, held)
        return content, line_length, ending

    def chunks(self, octets: int) -> Iterator[bytes]:
        """Yield the content in pieces of so many octets, the last one shorter; a content of none is one empty piece."""
        if self._held is not None:
            for at in range(0, max(self.size, 1), octets):
                yield self._held[at : at + octets]
        elif self._line_length == _IDENTITY:
            for at in range(self._start, max(self._end, self._start + 1), octets):
                yield self._raw[at : min(at + octets, self._end)]
        else:
            yield from _cut(decode_layout(self._raw, self._start, self._end, self._line_length), octets)


def _cut(pieces: Iterator[bytes], octets: int) -> Iterator[bytes]:
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= octets:
            yield bytes(memoryview(waiting)[:octets])
            del waiting[:octets]
    if waiting:
        yield bytes(waiting)
