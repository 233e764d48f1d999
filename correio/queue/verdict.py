"""What an attempt means for a delivery, and what its sender has to hear. Pure."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from correio.queue.backoff import pause_after
from correio.queue.courier import Outcome, Reply
from correio.store.queue_documents import DeliveryDocument, DeliveryStatus

DELAY_TOLD_AFTER: Final = 4 * 3600.0
"""Seconds after which a sender hears that it takes longer (RFC 3461 section 4.1, DELAY)."""

Action = Literal["failed", "delayed", "delivered", "relayed", "expanded"]
"""RFC 3464 section 2.3.3."""


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of a delivery now."""

    status: DeliveryStatus
    due: float
    tell: Action | None = None
    """What to report to the sender, if anything."""


def asks(notify: list[str] | None, what: Literal["SUCCESS", "FAILURE", "DELAY"]) -> bool:
    """Tell whether a sender wants to hear of it. Who said nothing hears of failures and delays (RFC 3461 section 4.1)."""
    if notify is None:
        return what != "SUCCESS"
    return what in notify


def judge(
    delivery: DeliveryDocument,
    outcome: Outcome,
    now: float,
    first_pause: float,
    chance: float,
    *,
    local: bool = False,
    since: float | None = None,
) -> Verdict:
    """Return what becomes of a delivery after an attempt. Times in seconds since the epoch.

    ``since`` is when it was first to go; None: when it was made.
    """
    reply = outcome.reply
    if reply.ok:
        told: Action = "delivered" if local else "relayed"
        wanted = asks(delivery.notify, "SUCCESS") and not outcome.relayed_dsn
        return Verdict("delivered", now, told if wanted else None)
    failed: Action | None = "failed" if asks(delivery.notify, "FAILURE") else None
    if reply.permanent:
        return Verdict("bounced", now, failed)
    due = now + pause_after(delivery.attempts + 1, first_pause, chance)
    if due >= delivery.expires:
        if now >= delivery.expires:
            return Verdict("expired", now, failed)
        # One last time when its time is over.
        due = float(delivery.expires)
    late = now - (delivery.created if since is None else since) >= DELAY_TOLD_AFTER and not delivery.delay_told
    return Verdict("deferred", due, "delayed" if late and asks(delivery.notify, "DELAY") else None)


def unanswered(text: str, status: str = "4.4.2") -> Outcome:
    """Return the outcome where there was no reply."""
    return Outcome(Reply(0, status, text))
