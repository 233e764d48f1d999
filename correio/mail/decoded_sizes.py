"""How many octets the parts of a stored message have without their transfer encoding, without reading large ones."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

import msgspec

from correio.mail.fetch import StoredMessage
from correio.mail.layout import IDENTITY, INLINE, Segment
from correio.mime.model import ParsedMessage, Part
from correio.mime.transfer import decode_transfer, is_identity, is_known_encoding
from correio.store.parts import find_sizes

_MANY: Final = 500


class _Stretch(msgspec.Struct, frozen=True):
    """A segment and where it lies: in the message, and in the octets kept inline."""

    start: int
    inline: int
    segment: Segment


def _stretches(segments: list[Segment]) -> list[_Stretch]:
    found: list[_Stretch] = []
    start = inline = 0
    for segment in segments:
        found.append(_Stretch(start, inline, segment))
        start += segment.length
        if segment.part == INLINE:
            inline += segment.length
    return found


class _Sizes(msgspec.Struct):
    known: dict[int, int]
    """By index of the part."""
    kept: dict[int, bytes]
    """Parts that are kept decoded: the digest of their content, whose size is theirs."""


def _at_hand(parsed: ParsedMessage, segments: list[Segment], source: bytes, content: list[bytes]) -> _Sizes:
    """Return what can be told from the message document alone. Pure."""
    stretches = _stretches(segments)
    starts = [one.start for one in stretches]
    sizes = _Sizes({}, {})
    for index, part in enumerate(parsed.parts):
        if part.media_type.startswith("multipart/"):
            continue
        if is_identity(part.encoding) or not is_known_encoding(part.encoding):
            # What has an encoding that nobody knows is opaque (RFC 2045 section 6.4).
            sizes.known[index] = part.size
        elif stretches and part.size:
            _look(sizes, index, part, stretches[bisect_right(starts, part.body_start) - 1], source, content)
        else:
            sizes.known[index] = 0
    return sizes


def _look(sizes: _Sizes, index: int, part: Part, stretch: _Stretch, source: bytes, content: list[bytes]) -> None:
    segment = stretch.segment
    if segment.part == INLINE:
        if part.end <= stretch.start + segment.length:
            offset = stretch.inline - stretch.start
            encoded = source[part.body_start + offset : part.end + offset]
            sizes.known[index] = len(decode_transfer(encoded, part.encoding))
    elif segment.line_length != IDENTITY and stretch.start == part.body_start and segment.length == part.size:
        sizes.kept[index] = content[segment.part]


async def decoded_sizes(message: StoredMessage) -> dict[int, int]:
    """Return the decoded size of each leaf by its index in ``parsed.parts``; left out where only reading it would tell.

    At most one round trip, and none for a message that is kept inline. Raises UnavailableError.
    """
    store, document, parsed = message.account.store, message.document, message.parsed
    arguments = (parsed, message.segments, document.source, document.content)
    sizes = await store.in_worker(_at_hand, *arguments) if len(parsed.parts) > _MANY else _at_hand(*arguments)
    if sizes.kept:
        found = await find_sizes(store.database, sorted(set(sizes.kept.values())))
        sizes.known.update({index: found[digest] for index, digest in sizes.kept.items() if digest in found})
    return sizes.known
