"""Delivery to recipients here, for mail that came into the queue: later, by a rule, as a report, or after a full mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from correio.errors import (
    ForbiddenError,
    InvalidInputError,
    LoopError,
    MailError,
    NotFoundError,
    QuotaExceededError,
    RefusedError,
    TooLargeError,
)
from correio.mail.deliver import deliver
from correio.mail.notification import EnvelopeOptions
from correio.mail.routing import resolve_recipient
from correio.mail.stored_octets import StoredOctets
from correio.queue.arrival_reports import arrival_reporter
from correio.queue.courier import Outcome, Reply

if TYPE_CHECKING:
    from correio.mail.message_store import MessageStore
    from correio.store.queue_documents import DeliveryDocument, SendDocument


def reply_for(error: MailError | None) -> Reply:
    """Return the reply that another server would have given."""
    if error is None:
        return Reply(250, "2.1.5", "Delivered.")
    if isinstance(error, NotFoundError | ForbiddenError):
        return Reply(550, "5.1.1", "No such user here.")
    if isinstance(error, LoopError):
        return Reply(550, "5.4.6", error.message)
    if isinstance(error, QuotaExceededError):
        return Reply(552 if error.never else 452, "5.2.2" if error.never else "4.2.2", "The mailbox is full.")
    if isinstance(error, TooLargeError):
        return Reply(552, "5.3.4", error.message)
    if isinstance(error, RefusedError):
        return Reply(550, "5.7.1", " ".join(error.message.split()))
    if isinstance(error, InvalidInputError):
        return Reply(554, "5.6.0", error.message)
    return Reply(451, "4.3.0", error.message)


async def deliver_here(store: MessageStore, hostname: str, send: SendDocument, delivery: DeliveryDocument) -> Outcome:
    """Deliver to one recipient here. To do so again makes no second copy. Raises UnavailableError where nothing is known."""
    try:
        recipient = await resolve_recipient(store, delivery.recipient)
    except MailError as error:
        return Outcome(reply_for(error))
    # Of what reached one account the queue tells; of what goes on from here (RFC 3461 section 5.2.7) whoever gets it next.
    goes_on = bool(recipient.forwards) or recipient.expanded
    if goes_on and delivery.notify is not None:
        recipient = msgspec.structs.replace(recipient, notify=tuple(delivery.notify), orcpt=delivery.orcpt)
    raw = await StoredOctets(store, send.size, send.source, send.layout, send.content).read()
    options = EnvelopeOptions(send.envid, send.ret)
    (outcome,) = await deliver(
        store,
        raw,
        send.sender,
        [recipient],
        b"",
        key=delivery.id.encode(),
        options=options,
        reporter=arrival_reporter(store, hostname),
    )
    return Outcome(reply_for(outcome), relayed_dsn=goes_on)
