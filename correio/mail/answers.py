"""Mail that rules send: what is redirected, answered and refused, made ready for the queue."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from correio.ids import Kind, derived_id
from correio.mail.ingest import Ingested, ingest
from correio.mail.outgoing import Origin, Outgoing, OutgoingRecipient, outgoing, wire_needs
from correio.mail.routing import site_for, srs_secret
from correio.mail.sites import destination
from correio.mail.srs import rewrite_sender
from correio.sieve.actions import Reject, Vacation
from correio.sieve.personal import plain_address
from correio.sieve.refusal_message import Refusing, compose_refusal
from correio.sieve.vacation_message import Answering, compose_vacation

if TYPE_CHECKING:
    from correio.mail.account import Account
    from correio.mail.rules import Arrival
    from correio.mime.model import ParsedMessage

Key = tuple[bytes, str]
"""Of a delivery to one recipient: the same key makes the same mail, so that no retry sends it twice."""
_MESSAGE_ID: Final = re.compile(r"<[^<>\s]{1,500}>")
_RETURNED: Final = 64 * 1024
"""Octets of a header that a refusal brings back."""


class Redirected(msgspec.Struct, frozen=True):
    """A message to send on."""

    content: bytes
    parsed: ParsedMessage
    received: bytes
    """A whole Received field, with its CRLF."""
    recipient: str


async def redirect(
    account: Account, message: Redirected, sender: str, addresses: Sequence[str], key: Key, durable: set[bytes]
) -> Outgoing:
    """Make a message ready to be sent on, under a sender that leads back to the first one.

    Raises InvalidInputError, TooLargeError, UnavailableError.
    """
    store = account.store
    # Delivered-To shows a loop when the message comes back, by whatever name of the account; Received counts the hops.
    names = [message.recipient]
    if plain_address(message.recipient) != plain_address(account.address):
        names.insert(0, account.address)
    shown = "".join(f"Delivered-To: {name}\r\n" for name in names)
    prefix = shown.encode("utf-8", "surrogateescape") + message.received
    ingested = await ingest(store, message.content, prefix=prefix, parsed=message.parsed, durable=durable)
    recipients = [OutgoingRecipient(address, site=await site_for(store, address)) for address in addresses]
    rewritten = rewrite_sender(sender, destination(account.address), await srs_secret(store), store.now())
    smtputf8, eight_bit = wire_needs(message.content, [rewritten, *addresses], prefix=prefix)
    origin = Origin(kind="forward", sender=rewritten, smtputf8=smtputf8, eight_bit=eight_bit)
    return outgoing(store, origin, ingested, recipients, key=(*key, "redirect"))


def _hostname(account: Account) -> str:
    return account.store.settings.hostname or destination(account.address)


async def _reply(account: Account, raw: bytes, to: str, key: tuple[str | bytes, ...]) -> Outgoing:
    """RFC 3834 section 3.3: under the null sender, so that no answer is ever answered."""
    store = account.store
    ingested: Ingested = await ingest(store, raw)
    smtputf8, eight_bit = wire_needs(raw, [to])
    origin = Origin(kind="report", sender="", smtputf8=smtputf8, eight_bit=eight_bit)
    recipient = OutgoingRecipient(to, notify=("NEVER",), site=await site_for(store, to))
    return outgoing(store, origin, ingested, [recipient], key=key)


async def answer(account: Account, action: Vacation, arrival: Arrival, key: Key) -> Outgoing:
    """Make the answer of ``vacation`` ready. Raises InvalidInputError (the sender is no address), UnavailableError."""
    answering = Answering(
        address=account.address,
        name=account.name,
        to=arrival.sender,
        message_id=f"<{derived_id(Kind.SEND, *key, 'vacation')}@{_hostname(account)}>",
        now=account.store.now(),
    )
    raw = compose_vacation(action, arrival.view, answering)
    return await _reply(account, raw, arrival.sender, (*key, "vacation"))


async def refusal(account: Account, action: Reject, arrival: Arrival, header: bytes, key: Key) -> Outgoing:
    """Make ready what tells the sender that a message was refused. Raises as :func:`answer`."""
    ids = _MESSAGE_ID.findall((arrival.view.unfolded("message-id") or [""])[0])
    refusing = Refusing(
        recipient=arrival.recipient,
        hostname=_hostname(account),
        to=arrival.sender,
        original_id=ids[0] if ids else "",
        header=header[:_RETURNED],
        message_id=f"<{derived_id(Kind.SEND, *key, 'refusal')}@{_hostname(account)}>",
        now=account.store.now(),
    )
    raw = compose_refusal(action, refusing)
    return await _reply(account, raw, arrival.sender, (*key, "refusal"))
