"""Saving, sending and taking back, as a client does it."""

from __future__ import annotations

import secrets
from typing import Any

from tests.graphql.conftest import User

FAILED = "... on Problem { code message path } ... on NotFound { nodeId } "
PROBLEM = FAILED + "... on StateMismatch { currentState } ... on InvalidInput { fields { path code } } "
DRAFT = (
    "__typename id version isDraft isUnread keywords subject from { name email } to { name email } cc { email } bcc { email } "
    "messageId inReplyTo references mailbox { role } attachments(includeInline: true) { filename type contentId } "
    "body { html text } submission { id status } "
)
SUBMISSION = (
    "__typename id status sendAt undoUntil sender subject messageId ambiguous identity { id email } "
    "copy { id isDraft bcc { email } mailbox { role } submission { id } } "
    "recipients { email state smtpReply attempts lastAttemptAt nextAttemptAt endedAt } "
)
SAVE = (
    "mutation($input: SaveDraftInput!) { result: saveDraft(input: $input) "
    f"{{ __typename ... on Message {{ {DRAFT} }} {PROBLEM} }} }}"
)
SEND = (
    f"mutation($input: SendInput!) {{ result: send(input: $input) {{ __typename ... on Submission {{ {SUBMISSION} }} {PROBLEM} "
    "... on RecipientsRejected { rejected { email reason } } } }"
)
CANCEL = (
    "mutation($input: CancelSubmissionInput!) { result: cancelSubmission(input: $input) "
    f"{{ __typename ... on Submission {{ {SUBMISSION} }} {FAILED} ... on TooLate {{ submission {{ id status }} }} }} }}"
)


async def mutate(user: User, document: str, **given: Any) -> dict[str, Any]:
    data = await user.client.data(document, input=given)
    found: dict[str, Any] = data["result"]
    return found


async def save(user: User, **given: Any) -> dict[str, Any]:
    return await mutate(user, SAVE, accountId=user.account.id, **given)


async def send(user: User, draft_id: str, **given: Any) -> dict[str, Any]:
    return await mutate(user, SEND, draftId=draft_id, **{"idempotencyKey": secrets.token_hex(8), **given})


async def cancel(user: User, submission_id: str) -> dict[str, Any]:
    return await mutate(user, CANCEL, id=submission_id)


def to(*emails: str) -> list[dict[str, str]]:
    return [{"email": email} for email in emails]


async def sent(user: User, *emails: str, **given: Any) -> dict[str, Any]:
    """Something that is sent."""
    draft = await save(user, to=to(*emails), subject="Sent")
    submission = await send(user, draft["id"], **given)
    assert submission["__typename"] == "Submission", submission
    return submission
