"""What became of submissions: reading them, and taking back what has not gone yet."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from correio.errors import ConflictError, NotFoundError
from correio.mail.account import Account
from correio.store.deliveries import cancel_deliveries, find_deliveries_of
from correio.store.queue_documents import UNDER_WAY, DeliveryDocument, SendDocument
from correio.store.sends import find_send as read_send
from correio.store.sends import find_sends_of
from correio.store.sends import list_sends as read_sends


class Sent(msgspec.Struct, frozen=True):
    """A submission and its recipients, in the order they were given."""

    send: SendDocument
    deliveries: Sequence[DeliveryDocument]

    @property
    def last_event(self) -> str:
        """What holds for all recipients, or "partial" where they differ."""
        states = {delivery.status for delivery in self.deliveries}
        return states.pop() if len(states) == 1 else "partial"


async def find_send(account: Account, send_id: str, *, octets: bool = False) -> SendDocument:
    """Return a submission, with its message where ``octets``. Raises NotFoundError, UnavailableError."""
    send = await read_send(account.store.database, account.id, send_id, octets=octets)
    if send is None:
        raise NotFoundError("There is no such e-mail.")
    return send


async def find_sent(account: Account, send_id: str) -> Sent:
    """Return a submission and what became of each recipient. Two round trips. Raises NotFoundError, UnavailableError."""
    send = await find_send(account, send_id)
    return Sent(send, (await find_deliveries_of(account.store.database, [send.id])).get(send.id, []))


async def find_many_sent(account: Account, send_ids: Sequence[str]) -> dict[str, Sent]:
    """Return submissions by id without the dialogues of their attempts; those that are not there are left out.

    Two round trips for every 50. Raises UnavailableError.
    """
    sends = await find_sends_of(account.store.database, account.id, send_ids)
    return {one.send.id: one for one in await with_deliveries(account, list(sends.values()))}


async def with_deliveries(account: Account, sends: Sequence[SendDocument]) -> list[Sent]:
    """Return submissions with their recipients, in the same order, without the dialogues. One round trip for every 50."""
    if not sends:
        return []
    ids = [send.id for send in sends]
    deliveries = await find_deliveries_of(account.store.database, ids, transcripts=False)
    return [Sent(send, deliveries.get(send.id, [])) for send in sends]


async def list_sent(account: Account, limit: int, before: tuple[int, str] | None = None) -> list[Sent]:
    """Return submissions, newest first, in two round trips. ``before``: time and id of the last one of the page before."""
    database = account.store.database
    sends = await read_sends(database, account.id, limit, before)
    deliveries = await find_deliveries_of(database, [send.id for send in sends])
    return [Sent(send, deliveries.get(send.id, [])) for send in sends]


async def cancel_send(account: Account, send_id: str) -> Sent:
    """Take back every recipient that nobody is trying just now and nobody has served.

    Raises NotFoundError, ConflictError where there is none left to take back, UnavailableError.
    """
    before = await find_sent(account, send_id)
    store = account.store
    waiting = [one.id for one in before.deliveries if one.status in UNDER_WAY]
    if not waiting or not await cancel_deliveries(store.database, waiting, store.now()):
        raise ConflictError("It is too late to cancel: every recipient has been served, or is being served now.")
    return await find_sent(account, send_id)
