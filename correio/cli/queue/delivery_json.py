"""A delivery, a site and a send as programs read them."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from correio.store.queue_documents import NEVER, Attempt, DeliveryDocument, SendDocument, SiteDocument


def when(due: float) -> int | None:
    """Return a time in whole seconds, or None where it does not come."""
    return None if due >= NEVER else math.ceil(due)


def delivery_json(delivery: DeliveryDocument) -> dict[str, Any]:
    """Return a delivery with its attempts."""
    last = delivery.history[-1] if delivery.history else None
    return {
        "id": delivery.id,
        "send": delivery.send,
        "recipient": delivery.recipient,
        "site": delivery.queue or None,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "may_have_arrived": delivery.phase == "data",
        "due": None if delivery.ended else when(delivery.due),
        "created": delivery.created,
        "expires": delivery.expires,
        "ended": delivery.ended or None,
        "last_reply": last.reply if last is not None else None,
        "history": [_attempt_json(attempt) for attempt in delivery.history],
    }


def _attempt_json(attempt: Attempt) -> dict[str, Any]:
    return msgspec.structs.asdict(attempt) | {"transcript": attempt.transcript.splitlines()}


def send_json(send: SendDocument) -> dict[str, Any]:
    """Return a send without its message."""
    return {
        "id": send.id,
        "kind": send.kind,
        "sender": send.sender,
        "subject": send.subject,
        "message_id": send.message_id,
        "size": send.size,
        "created": send.created,
        "send_at": send.send_at,
    }


def site_json(site: SiteDocument, now: float) -> dict[str, Any]:
    """Return a site."""
    return {
        "site": site.id,
        "held": site.held,
        "next_due": when(site.next_due),
        "connections": sum(until > now for until in site.batches.values()),
        "window": int(site.window),
        "failures": site.failures,
        "dead_until": math.ceil(site.dead_until) if site.dead_until > now else None,
        "last_error": site.last_error or None,
    }
