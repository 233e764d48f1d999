"""The failures that only sending has."""

from __future__ import annotations

import strawberry

from correio.errors import ConflictError, RecipientsRejectedError
from correio.mail.sent import Sent
from schema.problems import Problem
from schema.submission.types import Submission, submission_node


@strawberry.type
class RejectedRecipient:
    """A recipient, and why it is none."""

    email: str
    reason: str = strawberry.field(description="One sentence for a person.")


@strawberry.type(description="Some recipients are not addresses, or nobody's here. It was sent to nobody.")
class RecipientsRejected(Problem):
    """See RecipientsRejectedError."""

    rejected: list[RejectedRecipient]


@strawberry.type(description="Delivery has begun, or is over: it cannot be taken back.")
class TooLate(Problem):
    """See ConflictError."""

    submission: Submission


def recipients_rejected(error: RecipientsRejectedError) -> RecipientsRejected:
    """Return the problem for a client."""
    return RecipientsRejected(
        code=error.code,
        message=error.message,
        path=["input", "draftId"],
        rejected=[RejectedRecipient(email=email, reason=reason) for email, reason in error.recipients.items()],
    )


def too_late(error: ConflictError, core: Sent) -> TooLate:
    """Return the problem for a client."""
    return TooLate(code="too-late", message=error.message, path=["input", "id"], submission=submission_node(core))
