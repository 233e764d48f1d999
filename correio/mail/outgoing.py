"""Mail that goes out: the documents that put a message into the queue, one for it and one for each recipient."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from correio.ids import Kind, derived_id
from correio.mail.committer import Operation
from correio.mail.layout import pack_segments
from correio.mail.sites import destination
from correio.nexthop.site import site_of
from correio.store.queue_documents import APART, Ambiguous, DeliveryDocument, OnceDocument, SendDocument, SendKind
from correio.store.sends import find_send, insert_outgoing

if TYPE_CHECKING:
    from correio.mail.account import Account
    from correio.mail.draft import Draft
    from correio.mail.ingest import Ingested
    from correio.mail.message_store import MessageStore

_SUBJECT: Final = 998
_SPREAD: Final = 0.01
"""Seconds by which mail for one moment is spread."""


class OutgoingRecipient(msgspec.Struct, frozen=True):
    """A recipient elsewhere, with what RCPT said of it (RFC 3461 section 4)."""

    address: str
    notify: tuple[str, ...] | None = None
    orcpt: str = ""
    """``type;address``, the address in xtext."""
    site: str = ""
    """Where it goes; empty: where its domain says."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends a message, and how."""

    kind: SendKind
    sender: str
    """The envelope sender, empty: the null sender."""
    account: str = ""
    key: str = ""
    signer: str = ""
    envid: str = ""
    ret: str = ""
    smtputf8: bool = False
    eight_bit: bool = False
    verp: bool = False
    ambiguous: Ambiguous = "retry"
    send_at: int | None = None
    """Seconds since the epoch; None: now."""
    message: str = ""
    tags: Mapping[str, str] = {}
    metadata: Mapping[str, str] = {}


class Outgoing(msgspec.Struct, frozen=True):
    """One message on its way into the queue. Its large parts are stored already."""

    send: SendDocument
    deliveries: list[DeliveryDocument]

    @property
    def sites(self) -> set[str]:
        """The sites that have something to do now."""
        return {delivery.queue for delivery in self.deliveries if delivery.queue}


def wire_needs(raw: bytes, addresses: Iterable[str], *, prefix: bytes = b"") -> tuple[bool, bool]:
    """Tell whether a message with the trace fields ``prefix`` on top needs SMTPUTF8 (RFC 6531), and whether it has octets
    above 127.
    """
    eight_bit = not (prefix.isascii() and raw.isascii())
    header = raw[: raw.find(b"\r\n\r\n")] if eight_bit and b"\r\n\r\n" in raw else raw
    plain = prefix.isascii() and header.isascii()
    return not plain or not all(address.isascii() for address in addresses), eight_bit


def _due(now: int, send_at: int) -> float:
    """Return a moment that hardly another send has, within the second before: the queue is read in slices of time."""
    if send_at > now:
        return send_at - _SPREAD * random.random()  # noqa: S311 - no secret
    return send_at - 1 + time.time() % 1


def outgoing(
    store: MessageStore,
    origin: Origin,
    ingested: Ingested,
    recipients: Sequence[OutgoingRecipient],
    *,
    key: Sequence[str | bytes | int],
) -> Outgoing:
    """Return the documents. ``key`` fixes their ids: the same key is the same send. Raises InvalidInputError (address)."""
    now = store.now()
    send_at = max(now, origin.send_at or now)
    send_id = derived_id(Kind.SEND, origin.account, *key)
    summary = ingested.parsed.summary
    laid = ingested.laid
    send = SendDocument(
        id=send_id,
        kind=origin.kind,
        account=origin.account,
        key=origin.key,
        created=now,
        send_at=send_at,
        sender=origin.sender,
        signer=origin.signer,
        envid=origin.envid,
        ret=origin.ret,
        smtputf8=origin.smtputf8,
        eight_bit=origin.eight_bit,
        verp=origin.verp,
        ambiguous=origin.ambiguous,
        size=ingested.size,
        source=laid.source,
        layout=pack_segments(laid.segments),
        content=laid.content,
        message=origin.message,
        message_id=summary.message_id or "",
        subject=(summary.subject or "")[:_SUBJECT],
        recipients=len(recipients),
        tags=dict(origin.tags),
        metadata=dict(origin.metadata),
    )
    expires = send_at + int(store.settings.queue_lifetime)
    last_due = _due(now, send_at)
    deliveries = [
        DeliveryDocument(
            id=derived_id(Kind.DELIVERY, send_id, number),
            send=send_id,
            account=origin.account,
            number=number,
            recipient=recipient.address,
            queue=recipient.site or site_of(destination(recipient.address), store.settings.routes),
            due=last_due - APART * (len(recipients) - 1 - number),
            created=now,
            expires=expires,
            notify=None if recipient.notify is None else sorted(recipient.notify),
            orcpt=recipient.orcpt,
        )
        for number, recipient in enumerate(recipients)
    ]
    return Outgoing(send, deliveries)


class SendOnly(Operation[None]):
    """Puts messages into the queue in the name of an account, and changes nothing else of it."""

    def __init__(self, account: Account, mail: Sequence[Outgoing], once: OnceDocument | None = None) -> None:
        super().__init__(account)
        self.mail: Final = mail
        self._once: Final = once
        self.octets = sum(len(one.send.source) for one in mail)
        self.weight = sum(1 + len(one.deliveries) for one in mail)

    def plan(self, draft: Draft) -> None:
        draft.tick()
        for one in self.mail:
            draft.send(one.send, one.deliveries, self._once if one is self.mail[0] else None)

    async def made(self) -> bool:
        first = self.mail[0].send
        return await find_send(self.account.store.database, first.account, first.id) is not None

    def recover(self, stored: object) -> None:
        """Nothing to return: what is stored is stored."""


async def put_outgoing(store: MessageStore, mail: Sequence[Outgoing]) -> None:
    """Put messages into the queue that no account has a part in. Doing so again changes nothing. Raises UnavailableError."""
    if mail:
        await insert_outgoing(store.database, [one.send for one in mail], [d for one in mail for d in one.deliveries])
        store.outbox.put({site for one in mail for site in one.sites})
