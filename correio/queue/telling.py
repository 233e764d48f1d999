"""What senders have to hear of an attempt, and what becomes of deliveries where they cannot be told. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from correio.queue.courier import Outcome
from correio.queue.report import ReportedRecipient
from correio.queue.reports import Owed
from correio.queue.verdict import Verdict
from correio.store.deliveries import DeliveryChange
from correio.store.queue_documents import NEVER, Attempt, DeliveryDocument


def hold_untold(owed: Sequence[Owed], changes: Sequence[DeliveryChange]) -> list[DeliveryChange]:
    """Return the changes where nobody can be told: what has failed waits for somebody who looks at it."""
    failed = {one.delivery.id for one in owed if one.recipient.action == "failed"}
    return [_held(change) if change.id in failed else change for change in changes]


def _held(change: DeliveryChange) -> DeliveryChange:
    attempt = change.attempt
    if attempt is not None:
        attempt = msgspec.structs.replace(attempt, reply=f"{attempt.reply} Held: the sender cannot be told of it.")
    return msgspec.structs.replace(change, status="held", due=NEVER, ended=0, attempt=attempt)


def owed_for(
    deliveries: Sequence[DeliveryDocument],
    outcomes: Sequence[Outcome],
    verdicts: Sequence[Verdict],
    attempt: Attempt,
) -> list[Owed]:
    owed: list[Owed] = []
    for one, outcome, verdict in zip(deliveries, outcomes, verdicts, strict=True):
        if verdict.tell is None:
            continue
        reply = outcome.reply
        status = reply.status
        if verdict.status == "expired":
            status = "5.4.7" if reply.code == 0 else "5" + status[1:]
        owed.append(
            Owed(
                one,
                ReportedRecipient(
                    address=one.recipient,
                    action=verdict.tell,
                    status=status,
                    diagnostic=str(reply) if reply.code else "",
                    explanation="" if reply.code else reply.text,
                    remote=attempt.host,
                    original=one.orcpt,
                    last_attempt=int(attempt.at),
                    retry_until=one.expires,
                ),
            )
        )
    return owed
