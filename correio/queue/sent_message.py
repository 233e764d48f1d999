"""The message of a send as it goes over the wire: signed, and without octets above 127 where the other side asks for that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from correio.mail.stored_octets import StoredOctets
from correio.mime.seven_bit import to_seven_bit

if TYPE_CHECKING:
    from correio.mail.message_store import MessageStore
    from correio.store.queue_documents import SendDocument


class Sign(Protocol):
    """Signs messages for a domain; :class:`correio.mail.signing.DomainSigner` is one. Both return the fields to put above a
    message, or nothing.
    """

    async def sign(self, domain: str, message: bytes) -> bytes:
        """Sign a message of the domain's own (RFC 6376)."""
        ...

    async def seal(self, domain: str, message: bytes) -> bytes:
        """Seal a message that an alias of the domain passes on (RFC 8617)."""
        ...


class SentMessage:
    """One send's message. What was made of it is kept for its other recipients."""

    def __init__(self, store: MessageStore, send: SendDocument, sign: Sign) -> None:
        self._store: Final = store
        self._send: Final = send
        self._sign: Final = sign
        self._stored: Final = StoredOctets(store, send.size, send.source, send.layout, send.content)
        self._forms: dict[bool, bytes] = {}

    @property
    def eight_bit(self) -> bool:
        """Whether it has octets above 127."""
        return self._send.eight_bit

    @property
    def size(self) -> int:
        """Octets before it is signed."""
        return self._send.size

    async def octets(self, *, seven_bit: bool) -> bytes:
        """Return the message to send. Raises UnavailableError, CannotDowngradeError."""
        form = seven_bit and self.eight_bit
        if form not in self._forms:
            raw = await self._stored.read()
            if form:
                raw = await self._store.in_worker(to_seven_bit, raw)
            self._forms[form] = await self._fields(raw) + raw
        return self._forms[form]

    async def _fields(self, raw: bytes) -> bytes:
        domain = self._send.signer
        if not domain:
            return b""
        # What is passed on is another's word: the seal tells what was found of it when it came.
        return await (self._sign.seal if self._send.kind == "forward" else self._sign.sign)(domain, raw)
