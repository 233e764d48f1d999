"""The octets of a stored message, whoever keeps it: a mailbox or the queue."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from correio.errors import UnavailableError
from correio.mail.ingest import OFF_LOOP
from correio.mail.layout import IDENTITY, INLINE, Segment, unpack_segments
from correio.mime.transfer import encode_layout
from correio.store.parts import CHUNK, chunk_id, get_parts

if TYPE_CHECKING:
    from correio.mail.message_store import MessageStore


class StoredOctets:
    """What ``source``, ``layout`` and ``content`` of a document make up (see :mod:`correio.mail.layout`)."""

    def __init__(self, store: MessageStore, size: int, source: bytes, layout: bytes, content: Sequence[bytes]) -> None:
        self.store: Final = store
        self.size: Final = size
        """Octets."""
        self._source: Final = source
        self._layout: Final = layout
        self._content_ids: Final = content
        self._held: dict[bytes, bytes] = {}
        """Chunks of large parts that were read ahead."""

    @cached_property
    def segments(self) -> list[Segment]:
        """How the octets are kept."""
        return unpack_segments(self._layout) or [Segment(len(self._source))]

    @property
    def inline(self) -> bytes | None:
        """All octets of the message where they are at hand without reading anything, else None."""
        return None if self._layout else self._source

    async def read(self, start: int = 0, end: int | None = None) -> bytes:
        """Return octets of the message from ``start`` to before ``end``, both cut to its size. Raises UnavailableError."""
        source = self.inline
        if source is not None:
            return source if start <= 0 and end is None else source[max(0, start) : end]
        return b"".join([piece async for piece in self.stream(start, end)])

    async def stream(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield octets of the message in pieces of about 256 KiB to 1.4 MiB. Raises UnavailableError."""
        start = max(0, start)
        end = self.size if end is None else min(end, self.size)
        offset = inline = 0
        for segment in self.segments:
            first, last = max(start - offset, 0), min(end - offset, segment.length)
            if segment.part == INLINE:
                if first < last:
                    yield self._source[inline + first : inline + last]
                inline += segment.length
            elif first < last:
                async for piece in self._content(segment, first, last):
                    yield piece
            offset += segment.length
            if offset >= end:
                return

    async def _content(self, segment: Segment, first: int, last: int) -> AsyncIterator[bytes]:
        digest = self._content_ids[segment.part]
        if segment.line_length == IDENTITY:
            for number in range(first // CHUNK, -(-last // CHUNK)):
                data = await self._chunk(digest, number)
                base = number * CHUNK
                yield data[max(first - base, 0) : last - base]
            return
        async for offset, piece in self._encoded(digest, segment, first, last):
            cut = piece[max(first - offset, 0) : last - offset]
            if cut:
                yield cut

    async def _encoded(
        self, digest: bytes, segment: Segment, first: int, last: int
    ) -> AsyncIterator[tuple[int, bytes]]:
        """Yield (offset, octets) of re-encoded base64 that cover a range, a number of whole lines at a time."""
        width = segment.line_length
        whole = segment.length - len(segment.ending)
        if width == 0 or width % 4:
            # One endless line, or lines that cut a quantum: rare, and encoded as a whole.
            decoded = b"".join([await self._chunk(digest, number) for number in range(await self._chunks(digest))])
            yield 0, await self._encode(decoded, width, segment.ending)
            return
        line, octets = width + 2, width // 4 * 3
        lines = max(1, CHUNK // octets)
        at = first // line // lines * lines
        held: tuple[int, bytes] | None = None
        while at * line < last:
            wanted_from, wanted_to = at * octets, (at + lines) * octets
            data = b""
            for number in range(wanted_from // CHUNK, -(-wanted_to // CHUNK)):
                if held is None or held[0] != number:
                    chunk = await self._chunk(digest, number, missing_ok=number > 0)
                    held = (number, chunk)
                base = number * CHUNK
                data += held[1][max(wanted_from - base, 0) : max(wanted_to - base, 0)]
            at += lines
            final = at * line >= whole
            yield (at - lines) * line, await self._encode(data, width, segment.ending if final else b"\r\n")
            if final:
                return

    async def _encode(self, data: bytes, width: int, ending: bytes) -> bytes:
        if len(data) > OFF_LOOP:
            return await self.store.in_worker(encode_layout, data, width, ending)
        return encode_layout(data, width, ending)

    async def _chunks(self, digest: bytes) -> int:
        # The first chunk knows how many there are; its length tells as well unless it is full.
        first = await self._chunk(digest, 0)
        count = 1
        while len(first) == CHUNK:
            first = await self._chunk(digest, count, missing_ok=True)
            if not first:
                break
            count += 1
        return count

    async def _chunk(self, digest: bytes, number: int, *, missing_ok: bool = False) -> bytes:
        wanted = chunk_id(digest, number)
        data = self._held.get(wanted)
        if data is None:
            data = (await get_parts(self.store.database, [wanted])).get(wanted)
        if data is None:
            if missing_ok:
                return b""
            raise UnavailableError("A part of this message could not be read; try again later.")
        return data

    def wanted_chunks(self) -> list[bytes]:
        """Return the chunks that hold this message's large parts, where all of them are of one chunk; else none."""
        if any(segment.part != INLINE and segment.length > CHUNK for segment in self.segments):
            return []
        return [chunk_id(digest, 0) for digest in self._content_ids]

    def hold(self, chunks: dict[bytes, bytes]) -> None:
        """Keep chunks that were read ahead, for as long as this object lives."""
        self._held = {key: chunks[key] for key in self.wanted_chunks() if key in chunks}
