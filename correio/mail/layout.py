"""How the octets of a message are kept: small things inline, large parts by their content.

A message is a row of segments. An inline segment takes its octets from ``MessageDocument.source``; another names a part by
its place in ``MessageDocument.content``, whose octets stand there as they are, or, for base64 that re-encodes to the very
same octets, decoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from correio.mail.content import Content
from correio.mime.model import Part

INLINE: Final = -1
IDENTITY: Final = -1
SEPARATE_FROM: Final = 8 * 1024
"""A leaf of at least this many encoded octets is kept by its content."""
MAX_INLINE: Final = 64 * 1024
_SHORTEST_LINE: Final = 32
"""Base64 in shorter lines is kept as it is: cutting it up again would cost more than the room it saves."""


class Segment(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of a message: ``length`` octets of it."""

    length: int
    part: int = INLINE
    """Index into ``content``."""
    line_length: int = IDENTITY
    """IDENTITY, or base64 in lines of this many characters (0: one line)."""
    ending: bytes = b""
    """What follows the last line of base64."""


class Laid(msgspec.Struct):
    """A message laid out: what to write where."""

    source: bytes
    segments: list[Segment]
    content: list[bytes]
    """Digests, each once."""
    written: list[Content]
    """The content to write, each once."""


def lay_out(raw: bytes, parts: Sequence[Part]) -> Laid:
    """Decide where each octet of a message is kept."""
    segments: list[Segment] = []
    inline: list[bytes] = []
    content: list[bytes] = []
    written: list[Content] = []

    def separate(data: Content, length: int, line_length: int, ending: bytes) -> None:
        if data.digest not in content:
            content.append(data.digest)
            written.append(data)
        segments.append(Segment(length, content.index(data.digest), line_length, ending))

    def keep(start: int, end: int) -> None:
        if end - start > MAX_INLINE:
            separate(Content.as_it_is(raw, start, end), end - start, IDENTITY, b"")
        elif end > start:
            inline.append(raw[start:end])
            segments.append(Segment(end - start))

    position = 0
    for part in parts:
        if part.message >= 0 or part.media_type.startswith("multipart/") or part.size < SEPARATE_FROM:
            continue
        if part.body_start < position:
            continue
        keep(position, part.body_start)
        facts = Content.decoded(raw, part.body_start, part.end) if part.encoding == "base64" else None
        if facts is None or 0 < facts[1] < _SHORTEST_LINE:
            separate(Content.as_it_is(raw, part.body_start, part.end), part.size, IDENTITY, b"")
        else:
            decoded, line_length, ending = facts
            separate(decoded, part.size, line_length, ending)
        position = part.end
    keep(position, len(raw))
    source = b"".join(inline)
    if len(source) > MAX_INLINE:
        return Laid(b"", *_all_separate(raw))
    return Laid(source, segments if content else [], content, written)


def _all_separate(raw: bytes) -> tuple[list[Segment], list[bytes], list[Content]]:
    # Very many small parts: the message as one content, so that no document grows without bound.
    whole = Content.as_it_is(raw, 0, len(raw))
    return [Segment(len(raw), 0)], [whole.digest], [whole]


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(list[Segment])


def pack_segments(segments: Sequence[Segment]) -> bytes:
    """Pack segments for ``MessageDocument.layout``; none: empty."""
    return _encoder.encode(segments) if segments else b""


def unpack_segments(layout: bytes) -> list[Segment]:
    """Unpack ``MessageDocument.layout``."""
    return _decoder.decode(layout) if layout else []
