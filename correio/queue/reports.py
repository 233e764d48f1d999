"""Telling senders: what reports a worker owes, made into mail that goes through the queue itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from correio.errors import InvalidInputError
from correio.ids import Kind, derived_id
from correio.mail.ingest import OFF_LOOP, ingest
from correio.mail.outgoing import Origin, Outgoing, OutgoingRecipient, outgoing, put_outgoing, wire_needs
from correio.mail.routing import site_for
from correio.mail.stored_octets import StoredOctets
from correio.queue.report import Report, ReportedRecipient, compose_report, header_of

if TYPE_CHECKING:
    from correio.mail.message_store import MessageStore
    from correio.store.queue_documents import DeliveryDocument, SendDocument

WHOLE_UP_TO: Final = 64 * 1024
"""Octets of a message that comes back whole where the sender asked for that, or for nothing (RFC 3461 section 4.3)."""


class Owed(msgspec.Struct, frozen=True):
    """What the sender of one send has to hear about one recipient."""

    delivery: DeliveryDocument
    recipient: ReportedRecipient


async def report(store: MessageStore, hostname: str, send: SendDocument, owed: Sequence[Owed]) -> None:
    """Put the reports about a send into the queue, one for each kind of news.

    Nothing is ever reported to the null sender (RFC 5321 section 6.1). To report the same again changes nothing. Raises
    UnavailableError.
    """
    if not send.sender or not owed:
        return
    actions = dict.fromkeys(one.recipient.action for one in owed)
    mail = [
        await _compose(store, hostname, send, [one for one in owed if one.recipient.action == action])
        for action in actions
    ]
    await put_outgoing(store, [one for one in mail if one is not None])


async def _compose(store: MessageStore, hostname: str, send: SendDocument, owed: Sequence[Owed]) -> Outgoing | None:
    action = owed[0].recipient.action
    key = ("report", action, *(one.delivery.id for one in owed), owed[0].delivery.attempts)
    original = await StoredOctets(store, send.size, send.source, send.layout, send.content).read()
    whole = action == "failed" and send.ret != "HDRS" and (send.ret == "FULL" or len(original) <= WHOLE_UP_TO)
    report = Report(
        to=send.sender,
        hostname=hostname,
        message_id=f"{derived_id(Kind.SEND, *key)}@{hostname}",
        time=store.now(),
        arrived=send.created,
        envid=send.envid,
        recipients=[one.recipient for one in owed],
        original=original if whole else header_of(original),
        whole=whole,
    )
    return await report_mail(store, report, key)


async def report_mail(store: MessageStore, report: Report, key: Sequence[str | bytes | int]) -> Outgoing | None:
    """Return a report ready to be put into the queue, or None where its sender cannot be told. Raises UnavailableError."""
    large = len(report.original) > OFF_LOOP
    raw = await store.in_worker(compose_report, report) if large else compose_report(report)
    ingested = await ingest(store, raw)
    smtputf8, eight_bit = wire_needs(raw, [report.to])
    origin = Origin(kind="report", sender="", smtputf8=smtputf8, eight_bit=eight_bit)
    try:
        to = OutgoingRecipient(report.to, notify=("NEVER",), site=await site_for(store, report.to))
        return outgoing(store, origin, ingested, [to], key=key)
    except InvalidInputError:
        # A sender that is no address cannot be told.
        return None
