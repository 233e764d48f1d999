"""From the octets of a message to what the store keeps of it. Pure, so that large messages go to a worker."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final

import msgspec

from correio.errors import InvalidInputError, TooLargeError
from correio.ids import Kind, derived_id
from correio.mail.layout import Laid, lay_out, pack_segments
from correio.mime.model import ParsedMessage, Summary
from correio.mime.normalise import to_crlf
from correio.mime.parse import parse_message, with_prefix
from correio.store.documents import MessageDocument
from correio.store.parts import put_parts

if TYPE_CHECKING:
    from correio.mail.message_store import MessageStore

OFF_LOOP: Final = 64 * 1024
"""More octets than this are decoded, encoded or normalised in a worker thread."""
_PARSE_OFF_LOOP: Final = 8 * 1024
"""Messages of more octets are parsed in a worker thread: of hostile ones, 8 KiB already take some 20 ms."""

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(ParsedMessage)


class _Beginning(msgspec.Struct, array_like=True):
    """The first fields of a packed ParsedMessage, with the parts passed over: a list needs none of ten thousand."""

    size: int
    parts: msgspec.Raw
    summary: Summary


_beginning_decoder: Final = msgspec.msgpack.Decoder(_Beginning)


class Ingested(msgspec.Struct):
    """A message ready to be stored: everything but where, when and for whom."""

    size: int
    parsed: ParsedMessage
    packed: bytes
    laid: Laid
    authentication: bytes = b""
    """For ``MessageDocument.authentication``."""

    def document(
        self, *, message_id: str, account: str, email: str, flags: list[str], date: int, saved: int
    ) -> MessageDocument:
        """Return the message document for one account; mailbox, uid and modseq are set when it is added."""
        return MessageDocument(
            id=message_id,
            account=account,
            mailbox="",
            uid=0,
            modseq=0,
            created=0,
            flags=flags,
            date=date,
            saved=saved,
            size=self.size,
            email=email,
            thread=thread_of(account, self.parsed) or derived_id(Kind.THREAD, account, email),
            msgid=message_id_hash(self.parsed.summary.message_id),
            envelope=self.parsed.envelope,
            structure=self.parsed.body_structure,
            parsed=self.packed,
            source=self.laid.source,
            layout=pack_segments(self.laid.segments),
            content=self.laid.content,
            authentication=self.authentication,
        )

    @property
    def inline_octets(self) -> int:
        """About the octets that go into the transaction itself."""
        return len(self.laid.source) + len(self.packed) + len(self.parsed.envelope) + len(self.parsed.body_structure)


def message_id_hash(message_id: str | None) -> bytes:
    """Return what ``MessageDocument.msgid`` holds for a Message-ID; random where there is none."""
    if not message_id:
        return os.urandom(8)
    return hashlib.blake2b(message_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def thread_of(account: str, parsed: ParsedMessage) -> str | None:
    """Return the thread a message starts or continues, by the root of its References.

    The id follows from the root's Message-ID alone, so that messages join their thread in whatever order they arrive. A
    message with In-Reply-To and no References names its parent only: see :func:`parent_of`.
    """
    summary = parsed.summary
    root = summary.references[0] if summary.references else None
    if root is None:
        root = summary.in_reply_to[0] if summary.in_reply_to else summary.message_id
    return derived_id(Kind.THREAD, account, root) if root else None


def parent_of(parsed: ParsedMessage) -> bytes | None:
    """Return the Message-ID hash of the parent where its thread has to be looked up, else None."""
    summary = parsed.summary
    if summary.references or not summary.in_reply_to:
        return None
    return message_id_hash(summary.in_reply_to[0])


def pack(parsed: ParsedMessage) -> bytes:
    """Pack a parse for ``MessageDocument.parsed``; ENVELOPE and BODYSTRUCTURE have fields of their own."""
    return _encoder.encode(msgspec.structs.replace(parsed, envelope=b"", body_structure=b""))


def unpack(document: MessageDocument) -> ParsedMessage:
    """Return the parse of a stored message."""
    parsed = _decoder.decode(document.parsed)
    parsed.envelope = document.envelope
    parsed.body_structure = document.structure
    return parsed


def unpack_summary(document: MessageDocument) -> Summary:
    """Return the summary of a stored message alone, several times as fast as :func:`unpack`."""
    return _beginning_decoder.decode(document.parsed).summary


def _ingest(raw: bytes, prefix: bytes, parsed: ParsedMessage | None) -> Ingested:
    if prefix:
        base = parsed or parse_message(raw)
        # One that begins with a continuation line or an mbox line reads otherwise once something stands before it.
        joined = prefix + raw
        parsed = parse_message(joined) if raw.startswith((b" ", b"\t", b"From ")) else with_prefix(base, len(prefix))
        raw = joined
    elif parsed is None:
        parsed = parse_message(raw)
    return Ingested(len(raw), parsed, pack(parsed), lay_out(raw, parsed.parts))


async def parse(store: MessageStore, raw: bytes) -> ParsedMessage:
    """Parse a message, in a worker when it is large."""
    return await store.in_worker(parse_message, raw) if len(raw) > _PARSE_OFF_LOOP else parse_message(raw)


async def ingest(
    store: MessageStore,
    raw: bytes,
    *,
    prefix: bytes = b"",
    parsed: ParsedMessage | None = None,
    durable: set[bytes] | None = None,
) -> Ingested:
    """Make a message ready, and its large parts durable. ``prefix`` are trace fields to put on top.

    ``durable`` holds the digests of parts that the caller had made durable a moment ago, and gets those of this message.

    Raises TooLargeError, InvalidInputError for no octets at all, UnavailableError.
    """
    limit = store.settings.limits.message_size
    if len(raw) > limit:
        raise TooLargeError(f"The message has {len(raw)} octets; at most {limit} are accepted.", limit)
    if not raw and not prefix:
        raise InvalidInputError("The message is empty.", "message")
    if len(raw) > _PARSE_OFF_LOOP:
        ingested = await store.in_worker(_ingest, raw, prefix, parsed)
    else:
        ingested = _ingest(raw, prefix, parsed)
    known = set() if durable is None else durable
    await put_parts(store.database, [content for content in ingested.laid.written if content.digest not in known])
    known.update(ingested.laid.content)
    ingested.laid.written = []
    return ingested


async def normalised(store: MessageStore, raw: bytes) -> bytes:
    """Return the message with bare CR and LF made CRLF."""
    return await store.in_worker(to_crlf, raw) if len(raw) > OFF_LOOP else to_crlf(raw)
