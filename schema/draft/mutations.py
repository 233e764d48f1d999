"""Saving drafts."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
import strawberry

from correio.errors import InvalidInputError, MailError, NotFoundError
from correio.mail.drafts import DraftFields, Origin, save_draft
from schema.context import Info, OperationContext
from schema.draft.attachments import MissingBlobError, read_attachments
from schema.draft.inputs import SaveDraftInput, mailboxes
from schema.message.types import Message, message_node
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

DraftResult: TypeAlias = Annotated[
    Message | InvalidInput | NotFound | StateMismatch | LimitReached | Forbidden, strawberry.union("DraftResult")
]
_NAMES = {"content_type": "type", "content_id": "contentId", "from": "identityId"}
"""What the fields of a message are called here, where they have other names."""


class _MissingError(NotFoundError):
    """An id of the input names nothing."""

    def __init__(self, message: str, field: str, node_id: str) -> None:
        super().__init__(message)
        self.field = field
        self.node_id = node_id


async def _origin(context: OperationContext, given: SaveDraftInput) -> Origin | msgspec.UnsetType | None:
    if given.in_reply_to_id is None and given.forward_of_id is None:
        return msgspec.UNSET
    answered = given.in_reply_to_id.value if given.in_reply_to_id is not None else None
    forwarded = given.forward_of_id.value if given.forward_of_id is not None else None
    if answered is not None and forwarded is not None:
        raise InvalidInputError("A draft answers a message or forwards one, not both.", "forwardOfId")
    chosen = answered if answered is not None else forwarded
    if chosen is None:
        return None
    message = await context.messages.load(chosen)
    if message is None:
        raise _MissingError(
            "There is no such message.", "inReplyToId" if answered is not None else "forwardOfId", chosen
        )
    return Origin(message, answered is None)


async def _fields(context: OperationContext, given: SaveDraftInput) -> DraftFields:
    identity = None
    if given.identity_id is not None:
        identity = await context.identity(given.identity_id)
        if identity is None:
            raise _MissingError("There is no such identity.", "identityId", given.identity_id)
    return DraftFields(
        identity=identity,
        to=await mailboxes(given.to, "to"),
        cc=await mailboxes(given.cc, "cc"),
        bcc=await mailboxes(given.bcc, "bcc"),
        subject=given.subject or "",
        text=given.text,
        html=given.html,
        origin=await _origin(context, given),
        attachments=await read_attachments(context, given.attachments or ()),
    )


@strawberry.type
class DraftMutations:
    """The mutations of drafts."""

    @strawberry.mutation(
        description="Write a draft into Drafts, a new one or in the place of another. A message never changes: the saved "
        "draft has an id of its own, and those it had before lead to it in draftId."
    )
    async def save_draft(self, info: Info, input: SaveDraftInput) -> DraftResult:  # noqa: A002
        """Save a draft."""
        context = info.context
        account = context.account
        if input.account_id != account.id:
            return not_found("There is no such account.", input.account_id, "input", "accountId")
        try:
            fields = await _fields(context, input)
            saved = await save_draft(account, fields, draft_id=input.draft_id, if_modseq=input.if_version)
        except MissingBlobError as error:
            return not_found(error.message, error.blob_id, "input", "attachments", str(error.number), "blobId")
        except _MissingError as error:
            return not_found(error.message, error.node_id, "input", error.field)
        except NotFoundError as error:
            return not_found(error.message, input.draft_id or "", "input", "draftId")
        except InvalidInputError as error:
            path = [_NAMES.get(step, step) for step in (error.field or "").split("/") if step]
            return invalid_input(error.message, "input", *path)
        except MailError as error:
            return problem_of(error, account.modseq, "", "input")
        context.forget()
        stored = await context.messages.load(saved.id)
        if stored is None:
            return not_found("The draft has just been destroyed.", saved.id, "input", "draftId")
        return message_node(context, stored)
