"""Reading messages: rendered structures, whole documents, and the octets of a message or a part."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from functools import cached_property
from typing import Final

from correio.errors import NotFoundError
from correio.mail.account import Account
from correio.mail.flags import FlagSet, flag_set
from correio.mail.ingest import OFF_LOOP, unpack, unpack_summary
from correio.mail.stored_octets import StoredOctets
from correio.mailauth.authenticate import MessageAuthentication, unpack_authentication
from correio.mime.model import ParsedMessage, Part, Summary
from correio.mime.transfer import decode_transfer
from correio.store.documents import MessageDocument
from correio.store.messages import find_messages as find_documents
from correio.store.messages import find_messages_by_uid, find_structures
from correio.store.parts import get_parts

_BATCH: Final = 256
_STRUCTURES: Final = 1000
_READ_AHEAD: Final = 4 * 1024 * 1024


class StoredMessage(StoredOctets):
    """A message as it is stored. Its octets and parse never change; flags, modseq and place are of the time it was read."""

    def __init__(self, account: Account, document: MessageDocument) -> None:
        super().__init__(account.store, document.size, document.source, document.layout, document.content)
        self.account: Final = account
        self.document: Final = document

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
    def email(self) -> str:
        return self.document.email

    @property
    def thread(self) -> str:
        return self.document.thread

    @cached_property
    def authentication(self) -> MessageAuthentication | None:
        """Who it is from, as far as was found when it came; None: nobody looked."""
        packed = self.document.authentication
        return unpack_authentication(packed) if packed else None

    @cached_property
    def parsed(self) -> ParsedMessage:
        """The structure of the message."""
        return unpack(self.document)

    @cached_property
    def summary(self) -> Summary:
        """What lists show: the same as ``parsed.summary``, without unpacking the structure."""
        return unpack_summary(self.document)

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
