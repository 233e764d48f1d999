"""Reading messages: rendered structures, whole documents, and the octets of a message or a part."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from functools import cached_property
from typing import Final

from correio.errors import NotFoundError, UnavailableError
from correio.mail.account import Account
from correio.mail.flags import FlagSet, flag_set
from correio.mail.ingest import OFF_LOOP, unpack, unpack_summary
from correio.mail.layout import IDENTITY, INLINE, Segment, unpack_segments
from correio.mime.model import ParsedMessage, Part, Summary
from correio.mime.transfer import decode_transfer, encode_layout
from correio.store.documents import MessageDocument
from correio.store.messages import find_messages as find_documents
from correio.store.messages import find_messages_by_uid, find_structures
from correio.store.parts import CHUNK, chunk_id, get_parts

_BATCH: Final = 256
_STRUCTURES: Final = 1000
_READ_AHEAD: Final = 4 * 1024 * 1024


class StoredMessage:
    """A message as it is stored. Its octets and parse never change; flags, modseq and place are of the time it was read."""

    def __init__(self, account: Account, document: MessageDocument) -> None:
        self.account: Final = account
        self.document: Final = document
        self._held: dict[bytes, bytes] = {}
        """Chunks of large parts that were read ahead."""

    @property
    def id(self) -> str:
        return self.document.id

    @property
    def mailbox(self) -> str:
        return self.document.mailbox

    @property
    def uid(self) -> int:
        return self.document.uid

    @property
    def modseq(self) -> int:
        return self.document.modseq

    @property
    def flags(self) -> FlagSet:
        return flag_set(self.document.flags)

    @property
    def date(self) -> int:
        """INTERNALDATE in seconds since the epoch."""
        return self.document.date

    @property
    def saved(self) -> int:
        return self.document.saved

    @property
    def size(self) -> int:
        return self.document.size

    @property
    def email(self) -> str:
        return self.document.email

    @property
    def thread(self) -> str:
        return self.document.thread

    @cached_property
    def parsed(self) -> ParsedMessage:
        """The structure of the message."""
        return unpack(self.document)

    @cached_property
    def summary(self) -> Summary:
        """What lists show: the same as ``parsed.summary``, without unpacking the structure."""
        return unpack_summary(self.document)

    @cached_property
    def segments(self) -> list[Segment]:
        """How the octets are kept."""
        return unpack_segments(self.document.layout) or [Segment(len(self.document.source))]

    @property
    def inline(self) -> bytes | None:
        """All octets of the message where they are at hand without reading anything, else None."""
        return None if self.document.layout else self.document.source

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
                    yield self.document.source[inline + first : inline + last]
                inline += segment.length
            elif first < last:
                async for piece in self._content(segment, first, last):
                    yield piece
            offset += segment.length
            if offset >= end:
                return

    async def _content(self, segment: Segment, first: int, last: int) -> AsyncIterator[bytes]:
        digest = self.document.content[segment.part]
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
            return await self.account.store.in_worker(encode_layout, data, width, ending)
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
            data = (await get_parts(self.account.store.database, [wanted])).get(wanted)
        if data is None:
            if missing_ok:
                return b""
            raise UnavailableError("A part of this message could not be read; try again later.")
        return data

    def wanted_chunks(self) -> list[bytes]:
        """Return the chunks that hold this message's large parts, where all of them are of one chunk; else none."""
        if any(segment.part != INLINE and segment.length > CHUNK for segment in self.segments):
            return []
        return [chunk_id(digest, 0) for digest in self.document.content]

    def hold(self, chunks: dict[bytes, bytes]) -> None:
        """Keep chunks that were read ahead, for as long as this object lives."""
        self._held = {key: chunks[key] for key in self.wanted_chunks() if key in chunks}

    async def decoded(self, part: Part) -> bytes:
        """Return the octets of a leaf without their transfer encoding; damaged encodings are decoded as far as they go.

        Raises correio.mime.transfer.UnknownEncodingError, UnavailableError.
        """
        encoded = await self.read(part.body_start, part.end)
        if len(encoded) > OFF_LOOP:
            return await self.account.store.in_worker(decode_transfer, encoded, part.encoding)
        return decode_transfer(encoded, part.encoding)


async def fetch_structures(
    account: Account, mailbox_id: str, uids: Sequence[int]
) -> AsyncIterator[list[tuple[int, bytes, bytes]]]:
    """Yield (uid, ENVELOPE, BODYSTRUCTURE) of messages, UIDs ascending, in batches; those that are gone are left out."""
    cache = account.store.structures
    for at in range(0, len(uids), _STRUCTURES):
        batch = uids[at : at + _STRUCTURES]
        found = {uid: cache.get((mailbox_id, uid)) for uid in batch}
        missing = [uid for uid, structure in found.items() if structure is None]
        if missing:
            for one in await find_structures(account.store.database, account.id, mailbox_id, missing):
                if one.uid in found:
                    found[one.uid] = (one.envelope, one.structure)
                    cache.put(
                        (mailbox_id, one.uid),
                        (one.envelope, one.structure),
                        len(one.envelope) + len(one.structure) + 200,
                    )
        yield [(uid, structure[0], structure[1]) for uid, structure in found.items() if structure is not None]


def _octets(document: MessageDocument) -> int:
    return len(document.source) + len(document.parsed) + len(document.envelope) + len(document.structure) + 600


async def fetch_messages(
    account: Account, mailbox_id: str, uids: Sequence[int], *, whole: bool = False
) -> AsyncIterator[list[StoredMessage]]:
    """Yield messages, UIDs ascending, in batches; those that are gone are left out.

    With ``whole`` the octets of all but very large messages are read along, in few round trips: for who will read them all.
    """
    cache = account.store.documents
    for at in range(0, len(uids), _BATCH):
        batch = uids[at : at + _BATCH]
        found = {uid: cache.get((mailbox_id, uid)) for uid in batch}
        missing = [uid for uid, document in found.items() if document is None]
        if missing:
            for document in await find_messages_by_uid(account.store.database, account.id, mailbox_id, missing):
                if document.uid in found:
                    found[document.uid] = document
                    cache.put((mailbox_id, document.uid), document, _octets(document))
        messages = [StoredMessage(account, document) for document in found.values() if document is not None]
        if not whole or len(messages) == 1 or all(message.inline is not None for message in messages):
            yield messages
            continue
        async for some in _with_chunks(account, messages):
            yield some


async def _with_chunks(account: Account, messages: list[StoredMessage]) -> AsyncIterator[list[StoredMessage]]:
    """Yield the messages in smaller batches, each with its large parts at hand."""
    start = 0
    while start < len(messages):
        end = start
        octets = 0
        wanted: dict[bytes, None] = {}
        while end < len(messages) and (end == start or octets + messages[end].size <= _READ_AHEAD):
            octets += messages[end].size
            wanted.update(dict.fromkeys(messages[end].wanted_chunks()))
            end += 1
        if wanted:
            chunks = await get_parts(account.store.database, list(wanted))
            for message in messages[start:end]:
                message.hold(chunks)
        yield messages[start:end]
        start = end


async def find_messages(account: Account, message_ids: Iterable[str]) -> dict[str, StoredMessage]:
    """Return messages by id, as they are now; those that are not there are left out."""
    ids = list(dict.fromkeys(message_ids))
    if not ids:
        return {}
    documents = await find_documents(account.store.database, account.id, ids)
    alive = {document.id: document for document in documents if account.mailboxes.get(document.mailbox) is not None}
    return {message_id: StoredMessage(account, alive[message_id]) for message_id in ids if message_id in alive}


async def find_message(account: Account, message_id: str) -> StoredMessage:
    """Return one message by id, as it is now. Raises NotFoundError."""
    found = await find_messages(account, [message_id])
    if message_id not in found:
        raise NotFoundError("There is no such message.")
    return found[message_id]
