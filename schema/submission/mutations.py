"""Sending drafts, and taking back what was sent."""

from __future__ import annotations

import hashlib
from typing import Annotated, Final, TypeAlias

import msgspec
import strawberry

from correio.errors import ConflictError, InvalidInputError, MailError, NotFoundError, RecipientsRejectedError
from correio.mail.send_draft import SendRequest, send_draft
from correio.mail.sent import find_sent
from correio.mail.submit import ONCE_KEY, Once
from correio.mail.take_back import take_back
from schema.context import Info
from schema.problems import (
    Forbidden,
    InvalidInput,
    LimitReached,
    NotFound,
    StateMismatch,
    invalid_input,
    not_found,
    problem_of,
)
from schema.scalars import DateTime, State
from schema.submission.problems import RecipientsRejected, TooLate, recipients_rejected, too_late
from schema.submission.status import AmbiguousOutcome
from schema.submission.types import Submission, submission_node

MAX_UNDO: Final = 3600
"""Seconds."""
MAX_AHEAD: Final = 366 * 86_400
"""Seconds from now to the latest time that something can be sent at."""


@strawberry.input
class SendInput:
    """Which draft, and when."""

    draft_id: strawberry.ID = strawberry.field(description="As the draft is now: an earlier id of it is none.")
    identity_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose address bounces go to. Left out: the draft's author."
    )
    if_version: State | None = strawberry.field(
        default=None, description="Send nothing if the draft has changed after this version."
    )
    send_at: DateTime | None = strawberry.field(
        default=None, description="Not before this time, at most a year from now. Left out: as soon as may be."
    )
    undo_seconds: int = strawberry.field(
        default=10, description=f"For how long it can be taken back before it goes out, 0 to {MAX_UNDO}."
    )
    ambiguous: AmbiguousOutcome = strawberry.field(
        default=AmbiguousOutcome.RETRY,
        description="What to do with a recipient of whom nobody knows whether the message has arrived.",
    )
    idempotency_key: str = strawberry.field(
        description=f"1 to {ONCE_KEY} characters. Sent again with the same key within a day, it is the same submission."
    )


@strawberry.input
class CancelSubmissionInput:
    """Which submission to take back."""

    id: strawberry.ID


SendResult: TypeAlias = Annotated[
    Submission | InvalidInput | NotFound | StateMismatch | RecipientsRejected | Forbidden | LimitReached,
    strawberry.union("SendResult"),
]
CancelResult: TypeAlias = Annotated[
    Submission | TooLate | NotFound | LimitReached | Forbidden, strawberry.union("CancelResult")
]


def _check(given: SendInput, now: int) -> InvalidInput | None:
    if not 0 <= given.undo_seconds <= MAX_UNDO:
        return invalid_input(f"undoSeconds must be between 0 and {MAX_UNDO}.", "input", "undoSeconds")
    if given.send_at is not None and given.send_at > now + MAX_AHEAD:
        return invalid_input("It can be sent at most a year from now.", "input", "sendAt")
    if not 1 <= len(given.idempotency_key) <= ONCE_KEY:
        return invalid_input(f"An idempotency key has 1 to {ONCE_KEY} characters.", "input", "idempotencyKey")
    return None


def _once(given: SendInput) -> Once:
    asked = (given.draft_id, given.identity_id, given.send_at, given.undo_seconds, given.ambiguous.value)
    return Once(given.idempotency_key, hashlib.sha256(msgspec.msgpack.encode(asked)).digest())


@strawberry.type
class SubmissionMutations:
    """The mutations of submissions."""

    @strawberry.mutation(
        description="Send a draft to the recipients of To, Cc and Bcc. The draft goes, a copy of what is sent lies in Sent, "
        "and the message it answers or forwards is marked as such, all at once or not at all."
    )
    async def send(self, info: Info, input: SendInput) -> SendResult:  # noqa: A002, PLR0911
        """Send a draft."""
        context = info.context
        account = context.account
        now = context.store.now()
        if (wrong := _check(input, now)) is not None:
            return wrong
        try:
            identity = None
            if input.identity_id is not None:
                identity = await context.identity(input.identity_id)
                if identity is None:
                    return not_found("There is no such identity.", input.identity_id, "input", "identityId")
            request = SendRequest(
                send_at=max(now + input.undo_seconds, input.send_at or 0),
                once=_once(input),
                identity=identity,
                if_modseq=input.if_version,
                key=context.grant.key,
                ambiguous="fail" if input.ambiguous is AmbiguousOutcome.FAIL else "retry",
            )
            done = await send_draft(account, input.draft_id, request)
        except RecipientsRejectedError as error:
            return recipients_rejected(error)
        except ConflictError as error:
            return invalid_input(error.message, "input", "idempotencyKey", code=error.code)
        except NotFoundError as error:
            return not_found(error.message, input.draft_id, "input", "draftId")
        except InvalidInputError as error:
            return invalid_input(error.message, "input", "draftId")
        except MailError as error:
            return problem_of(error, account.modseq, input.draft_id, "input")
        context.forget()
        found = await context.submissions.load(done.id)
        if found is None:
            return not_found("What became of it has been forgotten.", done.id, "input", "idempotencyKey")
        return submission_node(found)

    @strawberry.mutation(
        description="Take back what nobody has tried to deliver yet. Its copy in Sent becomes a draft again, with its id, in "
        "the same step. Taken back already, it stays so."
    )
    async def cancel_submission(self, info: Info, input: CancelSubmissionInput) -> CancelResult:  # noqa: A002
        """Take back a submission."""
        context = info.context
        account = context.account
        try:
            taken = await take_back(account, input.id)
        except ConflictError as error:
            return too_late(error, await find_sent(account, input.id))
        except NotFoundError:
            return not_found("There is no such submission.", input.id, "input", "id")
        except MailError as error:
            return problem_of(error, account.modseq, input.id, "input")  # type: ignore[return-value]
        context.forget()
        context.submissions.prime(taken.send.id, taken)
        return submission_node(taken)
