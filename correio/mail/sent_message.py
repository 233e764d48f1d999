"""The message of a submission, read for people: who it is from and to, and its text."""

from __future__ import annotations

import msgspec

from correio.mail.account import Account
from correio.mail.fetch import StoredMessage, find_messages
from correio.mail.ingest import OFF_LOOP, parse
from correio.mail.sent import find_send
from correio.mime.bodies import choose_bodies
from correio.mime.model import ParsedMessage, Summary
from correio.mime.text import written_text
from correio.mime.transfer import UnknownEncodingError
from correio.store.documents import MessageDocument
from correio.store.queue_documents import SendDocument


class SentMessage(msgspec.Struct, frozen=True):
    """What was sent. ``text`` and ``html`` are as they were written, lines ended with LF; None where there is none."""

    summary: Summary
    text: str | None
    html: str | None


async def read_sent_message(account: Account, send: SendDocument) -> SentMessage:
    """Return the message of a submission. Raises NotFoundError, UnavailableError.

    The copy in Sent is the quicker to read, since its structure is stored; where it is gone the queue's own is read whole.
    """
    copy = (await find_messages(account, [send.message])).get(send.message) if send.message else None
    if copy is not None:
        return await _read(copy, copy.parsed)
    whole = await find_send(account, send.id, octets=True)
    stored = StoredMessage(account, _document(whole))
    return await _read(stored, await parse(account.store, await stored.read()))


def _document(send: SendDocument) -> MessageDocument:
    """Return a send as a message document, of which only the octets are ever read."""
    return MessageDocument(
        id=send.id,
        account=send.account,
        mailbox="",
        uid=0,
        modseq=0,
        created=0,
        flags=[],
        date=send.created,
        saved=send.created,
        size=send.size,
        email="",
        thread="",
        source=send.source,
        layout=send.layout,
        content=send.content,
    )


async def _read(message: StoredMessage, parsed: ParsedMessage) -> SentMessage:
    bodies = choose_bodies(parsed)
    return SentMessage(
        parsed.summary, await _text(message, parsed, bodies.text), await _text(message, parsed, bodies.html)
    )


async def _text(message: StoredMessage, parsed: ParsedMessage, index: int | None) -> str | None:
    if index is None:
        return None
    part = parsed.parts[index]
    try:
        octets = await message.decoded(part)
    except UnknownEncodingError:
        return None
    if len(octets) > OFF_LOOP:
        return await message.account.store.in_worker(written_text, part, octets)
    return written_text(part, octets)
