"""How what was sent looks in JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from api.rest.email_body import Tag
from api.rest.timestamps import rfc3339
from correio.mail.sent import Sent
from correio.mime.compose.letter import Mailbox
from correio.mime.compose.mailbox import show_mailbox
from correio.mime.model import Address
from correio.store.queue_documents import UNDER_WAY, Attempt, DeliveryDocument


class AcceptedEmailJson(msgspec.Struct, frozen=True):
    """Schema ``AcceptedEmail``."""

    id: str


class AttemptJson(msgspec.Struct, frozen=True, kw_only=True):
    """Schema ``Attempt``."""

    at: str
    duration: float
    host: str | None
    address: str | None
    tls: str | None
    code: int | None
    reply: str
    transcript: list[str]


class RecipientStatusJson(msgspec.Struct, frozen=True):
    """A recipient in schema ``EmailSummary``."""

    address: str
    status: str


class EmailRecipientJson(msgspec.Struct, frozen=True, kw_only=True):
    """Schema ``EmailRecipient``."""

    address: str
    status: str
    attempts: int
    next_attempt_at: str | None
    reply: str | None
    history: list[AttemptJson]


class EmailFieldsJson(msgspec.Struct, frozen=True, kw_only=True):
    """Schema ``EmailFields``."""

    object: str = "email"
    id: str
    subject: str
    created_at: str
    scheduled_at: str | None
    last_event: str
    message_id: str
    sent_message: str | None
    ambiguous: str
    tags: list[Tag]
    metadata: dict[str, str]


class EmailSummaryJson(EmailFieldsJson, frozen=True, kw_only=True):
    """Schema ``EmailSummary``."""

    from_: str = msgspec.field(name="from")
    recipients: list[RecipientStatusJson]


class EmailPageJson(msgspec.Struct, frozen=True, kw_only=True):
    """Schema ``EmailPage``."""

    object: str = "list"
    data: list[EmailSummaryJson]
    has_more: bool
    next_cursor: str | None


class EmailJson(EmailFieldsJson, frozen=True, kw_only=True):
    """Schema ``Email``."""

    from_: str = msgspec.field(name="from")
    to: list[str]
    cc: list[str]
    bcc: list[str]
    reply_to: list[str]
    text: str | None
    html: str | None
    size: int
    recipients: list[EmailRecipientJson]


def email_fields(sent: Sent, now: int) -> EmailFieldsJson:
    """Return what lists and single e-mails have in common."""
    send = sent.send
    event = sent.last_event if sent.deliveries else "delivered"
    later = send.send_at > send.created
    return EmailFieldsJson(
        id=send.id,
        subject=send.subject,
        created_at=rfc3339(send.created),
        scheduled_at=rfc3339(send.send_at) if later else None,
        last_event="scheduled" if event == "queued" and send.send_at > now else event,
        message_id=send.message_id,
        sent_message=send.message or None,
        ambiguous=send.ambiguous,
        tags=[Tag(name, value) for name, value in send.tags.items()],
        metadata=send.metadata,
    )


def summary_json(sent: Sent, now: int) -> EmailSummaryJson:
    """Return what was sent as lists show it."""
    fields = email_fields(sent, now)
    return EmailSummaryJson(
        from_=sent.send.sender,
        recipients=[RecipientStatusJson(one.recipient, one.status) for one in sent.deliveries],
        **{name: getattr(fields, name) for name in fields.__struct_fields__},
    )


def recipient_json(delivery: DeliveryDocument) -> EmailRecipientJson:
    """Return what became of a recipient."""
    history = [_attempt_json(one) for one in delivery.history]
    return EmailRecipientJson(
        address=delivery.recipient,
        status=delivery.status,
        attempts=delivery.attempts,
        next_attempt_at=next_attempt(delivery),
        reply=history[-1].reply or None if history else None,
        history=history,
    )


def next_attempt(delivery: DeliveryDocument) -> str | None:
    """Return when a recipient is tried next; None where that does not come by itself."""
    waits = delivery.status in UNDER_WAY and delivery.status != "held"
    return rfc3339(math.ceil(delivery.due)) if waits else None


def _attempt_json(attempt: Attempt) -> AttemptJson:
    return AttemptJson(
        at=rfc3339(int(attempt.at)),
        duration=max(0.0, round(attempt.duration, 3)),
        host=attempt.host or None,
        address=attempt.address or None,
        tls=attempt.tls or None,
        code=attempt.code or None,
        reply=attempt.reply,
        transcript=attempt.transcript.splitlines(),
    )


def shown_addresses(addresses: Sequence[Address]) -> list[str]:
    """Return an address field as the API shows it; empty groups are left out."""
    return [
        show_mailbox(Mailbox(one.local, one.domain, one.name or "")) for one in addresses if one.local or one.domain
    ]
