"""What was put into the queue, read from the database."""

from __future__ import annotations

from correio.mail.message_store import MessageStore
from correio.mail.stored_octets import StoredOctets
from correio.store.deliveries import find_deliveries_of
from correio.store.queue_documents import DeliveryDocument, SendDocument
from correio.store.sends import find_send, list_sends


async def queued(store: MessageStore, sender: str) -> list[tuple[SendDocument, list[DeliveryDocument]]]:
    """The sends that no account has a part in, whose envelope sender ends so, by the second, with their deliveries."""
    sends = [one for one in await list_sends(store.database, "", 10_000) if one.sender.endswith(sender)]
    deliveries = await find_deliveries_of(store.database, [one.id for one in sends])
    return [(one, deliveries[one.id]) for one in reversed(sends)]


async def octets_of(store: MessageStore, send: SendDocument) -> bytes:
    """The message of a send."""
    whole = await find_send(store.database, "", send.id, octets=True)
    assert whole is not None
    return await StoredOctets(store, whole.size, whole.source, whole.layout, whole.content).read()
