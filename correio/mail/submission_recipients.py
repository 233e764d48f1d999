"""The recipients of a submission: who has an account here, and who is for the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from correio.errors import ForbiddenError, LimitError, LoopError, NotFoundError, RecipientsRejectedError
from correio.mail.addresses import address_key
from correio.mail.message_store import MessageStore
from correio.mail.outgoing import OutgoingRecipient
from correio.mail.recipient import Recipient
from correio.mail.routing import note_foreign, resolve_recipient
from correio.store.queue_documents import LOCAL_SITE

_RESOLVED_AT_ONCE: Final = 16


class SubmissionRecipient(msgspec.Struct, frozen=True):
    """One recipient, with what RCPT said of it (RFC 3461 section 4)."""

    address: str
    notify: tuple[str, ...] | None = None
    orcpt: str = ""


async def sort_out(
    store: MessageStore, recipients: Sequence[SubmissionRecipient], *, strict: bool
) -> tuple[dict[SubmissionRecipient, Recipient], list[OutgoingRecipient]]:
    """Return those with an account here, one an account, and those who go through the queue.

    Raises RecipientsRejectedError where it is ``strict`` and somebody is not there.
    """
    local: dict[SubmissionRecipient, Recipient] = {}
    foreign: list[OutgoingRecipient] = []
    rejected: dict[str, str] = {}
    keys: list[str] = []
    for number, recipient in enumerate(recipients, 1):
        keys.append(address_key(recipient.address))
        if number % _RESOLVED_AT_ONCE == 0:
            await asyncio.sleep(0)
    await note_foreign(store, {_domain(key) for key in keys if store.warm_account(key) is None})
    for number, (recipient, key) in enumerate(zip(recipients, keys, strict=True), 1):
        if number % _RESOLVED_AT_ONCE == 0:
            await asyncio.sleep(0)
        domain = _domain(key)
        generation = store.routes.generation
        if store.routes.is_foreign(domain):
            foreign.append(OutgoingRecipient(recipient.address, recipient.notify, recipient.orcpt))
            continue
        try:
            found = await resolve_recipient(store, recipient.address)
            if found.expanded or found.forwards or "SUCCESS" in (recipient.notify or ()):
                # The queue delivers what an alias leads to as one, whenever all of it can be, and reports to who asks for that.
                foreign.append(OutgoingRecipient(recipient.address, recipient.notify, recipient.orcpt, LOCAL_SITE))
            else:
                local[recipient] = found
        except ForbiddenError:
            store.routes.keep_foreign(domain, generation)
            foreign.append(OutgoingRecipient(recipient.address, recipient.notify, recipient.orcpt))
        except (NotFoundError, LoopError, LimitError) as error:
            rejected[recipient.address] = error.message
            # One of our domains and nobody there: the queue finds that out too, and tells the sender.
            foreign.append(OutgoingRecipient(recipient.address, recipient.notify, recipient.orcpt, LOCAL_SITE))
    if strict and rejected:
        raise RecipientsRejectedError("Some recipients do not exist, so it was sent to nobody.", rejected)
    return local, foreign


def _domain(key: str) -> str:
    return key.rpartition("@")[2]


def through_the_queue(local: Iterable[SubmissionRecipient]) -> list[OutgoingRecipient]:
    """Return recipients here whom the queue serves."""
    return [OutgoingRecipient(one.address, one.notify, one.orcpt, LOCAL_SITE) for one in local]
