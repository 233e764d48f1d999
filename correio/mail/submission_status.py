"""How far a submission has come, told from its recipients. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from correio.store.queue_documents import UNDER_WAY, DeliveryDocument


class SubmissionStatus(Enum):
    """How far a submission has come."""

    PENDING = "pending"
    """Nothing was tried yet: it can be taken back."""
    SENDING = "sending"
    """Some recipients are being served, or will be tried again."""
    SENT = "sent"
    """Every recipient's server has it."""
    PARTIAL = "partial"
    """Some recipients' servers have it, the others never will."""
    FAILED = "failed"
    """No recipient's server has it, or ever will."""
    CANCELED = "canceled"
    """It was taken back."""


def is_untried(delivery: DeliveryDocument) -> bool:
    """Tell whether nobody has tried a delivery, and nobody does so now."""
    return not delivery.ended and not delivery.attempts and not delivery.lease


def submission_status(deliveries: Sequence[DeliveryDocument]) -> SubmissionStatus:
    """Return how far a submission has come whose recipients are these."""
    states = {delivery.status for delivery in deliveries}
    if states == {"canceled"}:
        return SubmissionStatus.CANCELED
    if states and all(map(is_untried, deliveries)):
        return SubmissionStatus.PENDING
    if states & set(UNDER_WAY):
        return SubmissionStatus.SENDING
    if states == {"delivered"}:
        return SubmissionStatus.SENT
    return SubmissionStatus.PARTIAL if "delivered" in states else SubmissionStatus.FAILED
