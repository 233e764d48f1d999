"""The types Submission and RecipientStatus."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import strawberry

from correio.errors import InvalidInputError
from correio.mail.addresses import normalise_address
from correio.mail.sent import Sent
from correio.mail.submission_status import submission_status
from correio.store.queue_documents import UNDER_WAY, DeliveryDocument
from schema.context import Info
from schema.identity.types import Identity, identity_node
from schema.message import types as messages
from schema.node import Node
from schema.paced import paced
from schema.scalars import DateTime, clamped
from schema.submission.status import AmbiguousOutcome, RecipientState, SubmissionStatus

if TYPE_CHECKING:
    from schema.message.types import Message


@strawberry.type(description="One recipient of a submission.")
class RecipientStatus:
    """See the description of each field."""

    email: str
    state: RecipientState
    smtp_reply: str | None = strawberry.field(
        description="What the recipient's server said last, its code first, or what happened instead. Null: not tried."
    )
    attempts: int
    last_attempt_at: DateTime | None
    next_attempt_at: DateTime | None = strawberry.field(description="Null: it is tried just now, or never again.")
    ended_at: DateTime | None = strawberry.field(description="Null: it is under way.")


@strawberry.type(
    description="A message that was sent, whichever way, and what became of it. It is kept for some weeks."
)
class Submission(Node):
    """See the description of each field."""

    core: strawberry.Private[Sent]
    status: SubmissionStatus
    created_at: DateTime
    send_at: DateTime = strawberry.field(description="When it is, or was, to be tried first.")
    undo_until: DateTime | None = strawberry.field(
        description="Until when cancelSubmission is sure to be in time. Null: it is too late, or done."
    )
    sender: str | None = strawberry.field(description="The address of the envelope. Null: the null sender of reports.")
    subject: str
    message_id: str | None = strawberry.field(description="The Message-ID, without the angle brackets.")
    ambiguous: AmbiguousOutcome = strawberry.field(
        description="What is done with a recipient of whom nobody knows whether the message has arrived."
    )

    @strawberry.field(description="The identity whose address the sender is. Null: none of today's.")
    async def identity(self, info: Info) -> Identity | None:
        """Find the identity."""
        sender = _normal(self.core.send.sender)
        for one in await info.context.identities():
            if one.email == sender:
                return identity_node(one)
        return None

    @strawberry.field(description="The sender's copy: in Sent, or a draft again once taken back. Null: there is none.")
    async def copy(self, info: Info) -> Annotated[Message, strawberry.lazy("schema.message.types")] | None:
        """Read the copy."""
        message_id = self.core.send.message
        stored = await info.context.messages.load(message_id) if message_id else None
        return messages.message_node(info.context, stored) if stored is not None else None

    @strawberry.field(description="What became of each recipient, those of Bcc included.")
    def recipients(self) -> list[RecipientStatus]:
        """Return the recipients."""
        return paced(self.core.deliveries, recipient_status)  # type: ignore[no-any-return]


def submission_node(core: Sent) -> Submission:
    """Return a submission for a client."""
    send = core.send
    status = status_of(core)
    return Submission(
        id=strawberry.ID(send.id),
        core=core,
        status=status,
        created_at=clamped(send.created),
        send_at=clamped(send.send_at),
        undo_until=clamped(send.send_at) if status is SubmissionStatus.PENDING else None,
        sender=send.sender or None,
        subject=send.subject,
        message_id=send.message_id or None,
        ambiguous=AmbiguousOutcome(send.ambiguous),
    )


def status_of(core: Sent) -> SubmissionStatus:
    """Return how far a submission has come."""
    return SubmissionStatus(submission_status(core.deliveries).value)


def recipient_status(delivery: DeliveryDocument) -> RecipientStatus:
    """Return a recipient for a client."""
    last = delivery.history[-1] if delivery.history else None
    waits = delivery.status in UNDER_WAY and not delivery.lease
    return RecipientStatus(
        email=delivery.recipient,
        state=RecipientState(delivery.status),
        smtp_reply=last.reply if last is not None else None,
        attempts=delivery.attempts,
        last_attempt_at=clamped(int(last.at)) if last is not None else None,
        next_attempt_at=clamped(math.ceil(delivery.due)) if waits and delivery.status != "held" else None,
        ended_at=clamped(delivery.ended) if delivery.ended else None,
    )


def _normal(address: str) -> str:
    try:
        return normalise_address(address)
    except InvalidInputError:
        return address
