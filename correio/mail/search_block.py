"""A block: what is searched of up to 128 messages with neighbouring UIDs, as few octets as possible in one document. Pure.

Nothing in it ever changes but that messages go, so that it never is stale; what it lacks is read from the messages.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import islice
from typing import Final

import msgspec

from correio.mail.search_record import SearchRecord
from correio.mail.searchable import (
    NUL,
    PIECE,
    HeaderWords,
    Searchable,
    TextWords,
    Words,
    fold_words,
    folded_headers,
    folded_texts,
    has_field,
    is_text,
)

SPAN: Final = 128
"""UIDs of a block: block 0 is of the UIDs to 127, block 1 of those to 255."""
WORTH_IT: Final = 32
"""Fewer messages than this are read as fast without."""
MOST_HEADER: Final = 48 * 1024
"""Octets of one message's folded headers that are kept."""
MOST_TEXT: Final = 256 * 1024
"""Octets of one message's folded text that are kept."""
MOST_OCTETS: Final = 15 * 1024 * 1024
"""Octets of a block before its headers and texts are compressed, so that it fits into a document even if they do not get
smaller."""
_FORMAT: Final = 1


class Section(StrEnum):
    """The parts of a block, each read without the others."""

    RECORDS = "records"
    HEADERS = "headers"
    TEXTS = "texts"


class SearchEntry(msgspec.Struct, frozen=True):
    """One message in a block. ``headers`` or ``text`` None: too large, so it is looked into itself."""

    record: SearchRecord
    headers: bytes | None
    text: bytes | None


class _Held(msgspec.Struct, array_like=True):
    """What stands in a section of texts: of each UID where its text ends, and whether it is all of it."""

    format: int
    uids: list[int]
    ends: list[int]
    cut: list[int]
    octets: bytes


class _Records(msgspec.Struct, array_like=True):
    format: int
    records: list[SearchRecord]


_encoder: Final = msgspec.msgpack.Encoder()
_held_decoder: Final = msgspec.msgpack.Decoder(_Held)
_records_decoder: Final = msgspec.msgpack.Decoder(_Records)


def search_entry(message: Searchable, record: SearchRecord) -> SearchEntry:
    """Make the entry of a message."""
    headers = folded_headers(message)
    return SearchEntry(record, headers if len(headers) <= MOST_HEADER else None, _text(message))


def _text(message: Searchable) -> bytes | None:
    # A part of several pieces is looked into where it is: a block has no overlaps.
    if any(is_text(part) and part.size > PIECE for part in message.parsed.parts):
        return None
    texts: list[bytes] = []
    octets = 0
    for text in folded_texts(message):
        texts.append(text)
        octets += len(text) + 1
        if octets > MOST_TEXT:
            return None
    return NUL.join(texts)


def pack_block(entries: Sequence[SearchEntry]) -> dict[Section, bytes]:
    """Return the sections of a block with these messages, UIDs ascending."""
    records = zlib.compress(_encoder.encode(_Records(_FORMAT, [entry.record for entry in entries])), 1)
    uids = [entry.record.uid for entry in entries]
    quarter = max(0, MOST_OCTETS - len(records)) // 4
    return {
        Section.RECORDS: records,
        Section.HEADERS: _pack(uids, [entry.headers for entry in entries], quarter),
        Section.TEXTS: _pack(uids, [entry.text for entry in entries], 3 * quarter),
    }


def _pack(uids: list[int], texts: Iterable[bytes | None], room: int) -> bytes:
    kept: list[bytes] = []
    ends: list[int] = []
    cut: list[int] = []
    at = 0
    for uid, text in zip(uids, texts, strict=True):
        if text is None or at + len(text) >= room:
            cut.append(uid)
        else:
            kept.append(text)
            at += len(text)
        kept.append(NUL)
        at += 1
        ends.append(at)
    return zlib.compress(_encoder.encode(_Held(_FORMAT, uids, ends, cut, b"".join(kept))), 1)


def unpack_records(packed: bytes) -> list[SearchRecord] | None:
    """Return the records of a section, or None for another format or damage: the messages are read then."""
    try:
        found = _records_decoder.decode(zlib.decompress(packed))
    except (zlib.error, msgspec.MsgspecError):
        return None
    return found.records if found.format == _FORMAT else None


class Found(msgspec.Struct):
    """What a section says of some words."""

    known: set[int]
    """The UIDs it knows about."""
    matching: set[int]


def find_words(packed: bytes, words: Words) -> Found:
    """Look for words in a section: of headers for HeaderWords, of headers or texts for TextWords."""
    try:
        held = _held_decoder.decode(zlib.decompress(packed))
    except (zlib.error, msgspec.MsgspecError):
        return Found(set(), set())
    if held.format != _FORMAT or len(held.ends) != len(held.uids):
        return Found(set(), set())
    wanted = fold_words(words.text)
    matching = _find_text(held, wanted) if isinstance(words, TextWords) else _find_field(held, words, wanted)
    return Found(set(held.uids) - set(held.cut), matching - set(held.cut))


def _find_text(held: _Held, wanted: bytes) -> set[int]:
    if not wanted:
        return set(held.uids)
    found: set[int] = set()
    at = held.octets.find(wanted)
    while at >= 0:
        number = bisect_right(held.ends, at)
        found.add(held.uids[number])
        at = held.octets.find(wanted, held.ends[number])
    return found


def _find_field(held: _Held, words: HeaderWords, wanted: bytes) -> set[int]:
    field = fold_words(words.field)
    # The rarer of the two, the field or the words, tells where to look closer.
    probe = wanted or b"\n" + field + b": "
    found: set[int] = set()
    at = held.octets.find(probe)
    while at >= 0:
        number = bisect_right(held.ends, at)
        start = held.ends[number - 1] if number else 0
        own = held.octets[start : held.ends[number]]
        # The message's own header ends at the first NUL.
        if has_field(own[: own.find(NUL)], field, wanted):
            found.add(held.uids[number])
        at = held.octets.find(probe, held.ends[number])
    return found


def without(sections: dict[Section, bytes], uids: frozenset[int]) -> dict[Section, bytes] | None:
    """Return a block without some of its messages: None where none of them is in it, no section where none is left."""
    records = unpack_records(sections[Section.RECORDS])
    if records is None:
        return {}
    kept = [record for record in records if record.uid not in uids]
    if len(kept) == len(records):
        return None
    if not kept:
        return {}
    headers = _texts_by_uid(sections[Section.HEADERS])
    texts = _texts_by_uid(sections[Section.TEXTS])
    return pack_block([SearchEntry(record, headers.get(record.uid), texts.get(record.uid)) for record in kept])


def _texts_by_uid(packed: bytes) -> dict[int, bytes]:
    try:
        held = _held_decoder.decode(zlib.decompress(packed))
    except (zlib.error, msgspec.MsgspecError):
        return {}
    cut = set(held.cut)
    starts = [0, *islice(held.ends, len(held.ends) - 1)]
    return {
        uid: held.octets[start : end - 1]
        for uid, start, end in zip(held.uids, starts, held.ends, strict=True)
        if uid not in cut
    }
