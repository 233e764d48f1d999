"""Creating, renaming, moving, subscribing and deleting mailboxes."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from correio.errors import (
    ForbiddenError,
    HasChildrenError,
    InvalidInputError,
    MailError,
    NotFoundError,
    StateMismatchError,
)
from correio.mail.account import Account
from correio.mail.mailbox_commands import create_mailbox, delete_mailbox, rename_mailbox, subscribe
from correio.mail.mailbox_tree import DELIMITER
from schema.context import Info
from schema.mailbox.role import MailboxRole
from schema.mailbox.types import Mailbox, mailbox_node
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
from schema.scalars import State


@strawberry.input
class CreateMailboxInput:
    """Where the new mailbox stands and what it is for."""

    account_id: strawberry.ID
    name: str
    parent_id: strawberry.ID | None = None
    role: MailboxRole | None = None


@strawberry.input(description="A field that is not given stays as it is.")
class UpdateMailboxInput:
    """What changes in a mailbox. What is below it follows."""

    id: strawberry.ID
    if_version: State | None = strawberry.field(
        default=None, description="Change nothing if the mailbox or a message in it has changed after this version."
    )
    name: strawberry.Maybe[str]
    parent_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(description="Null: to the root.")
    is_subscribed: strawberry.Maybe[bool]


@strawberry.input
class DeleteMailboxInput:
    """Which mailbox goes, and whether its messages may go with it."""

    id: strawberry.ID
    destroy_messages: bool = strawberry.field(
        default=False, description="Destroy its messages too. Otherwise a mailbox that holds any is not deleted."
    )


@strawberry.type
class MailboxDeleted:
    """The mailbox is gone. If it had others below it, its name stays above them, with another id."""

    node_id: strawberry.ID
    state: State


MailboxResult: TypeAlias = Annotated[
    Mailbox | InvalidInput | NotFound | Forbidden | StateMismatch | LimitReached, strawberry.union("MailboxResult")
]
DeleteMailboxResult: TypeAlias = Annotated[
    MailboxDeleted | NotFound | Forbidden | InvalidInput, strawberry.union("DeleteMailboxResult")
]


def _path_below(account: Account, parent_id: str | None, name: str) -> str:
    if DELIMITER in name:
        raise InvalidInputError(f"A mailbox's name must not contain {DELIMITER}.", "name")
    if parent_id is None:
        return name
    parent = account.mailboxes.get(parent_id)
    if parent is None:
        raise InvalidInputError("There is no such mailbox.", "parentId")
    return f"{parent.path}{DELIMITER}{name}"


async def _update(account: Account, given: UpdateMailboxInput) -> str:
    """Carry out an update and return the id of the mailbox it left. Raises what the commands raise."""
    mailbox = account.mailbox(given.id)
    if given.if_version is not None and mailbox.modseq > given.if_version:
        raise StateMismatchError("The mailbox has changed since that version; read it again.")
    name = given.name.value if given.name is not None else mailbox.name
    parent_id = given.parent_id.value if given.parent_id is not None else mailbox.parent
    if (name, parent_id) != (mailbox.name, mailbox.parent):
        if mailbox.role == "inbox":
            raise ForbiddenError("INBOX cannot be renamed or moved; move its messages instead.")
        mailbox = await rename_mailbox(account, mailbox.id, _path_below(account, parent_id, name))
    if given.is_subscribed is not None and given.is_subscribed.value != mailbox.subscribed:
        await subscribe(account, mailbox.path, given.is_subscribed.value)
    return mailbox.id


@strawberry.type
class MailboxMutations:
    """The mutations of mailboxes."""

    @strawberry.mutation(description="Create a mailbox.")
    async def create_mailbox(self, info: Info, input: CreateMailboxInput) -> MailboxResult:  # noqa: A002
        """Create a mailbox below a parent or at the root."""
        account = info.context.account
        if input.account_id != account.id:
            return not_found("There is no such account.", input.account_id, "input", "accountId")
        try:
            path = _path_below(account, input.parent_id, input.name)
            made = await create_mailbox(account, path, input.role.value if input.role is not None else None)
        except MailError as error:
            return problem_of(error, account.modseq, input.parent_id or account.id, "input")
        return mailbox_node(made)

    @strawberry.mutation(description="Rename, move or subscribe a mailbox.")
    async def update_mailbox(self, info: Info, input: UpdateMailboxInput) -> MailboxResult:  # noqa: A002
        """Update a mailbox."""
        account = info.context.account
        try:
            mailbox_id = await _update(account, input)
            return mailbox_node(account.mailbox(mailbox_id))
        except NotFoundError as error:
            return not_found(error.message, input.id, "input", "id")
        except MailError as error:
            return problem_of(error, account.modseq, input.id, "input")

    @strawberry.mutation(description="Delete a mailbox.")
    async def delete_mailbox(self, info: Info, input: DeleteMailboxInput) -> DeleteMailboxResult:  # noqa: A002
        """Delete a mailbox, with its messages only if that was asked for."""
        account = info.context.account
        mailbox = account.mailboxes.get(input.id)
        if mailbox is None:
            return not_found("There is no such mailbox.", input.id, "input", "id")
        if mailbox.exists and not input.destroy_messages:
            return invalid_input(
                "The mailbox holds messages: move them, or set destroyMessages.", "input", "destroyMessages"
            )
        try:
            await delete_mailbox(account, mailbox.id)
        except NotFoundError as error:
            return not_found(error.message, input.id, "input", "id")
        except (ForbiddenError, HasChildrenError) as error:
            return Forbidden(code=error.code, message=error.message, path=["input", "id"])
        return MailboxDeleted(node_id=strawberry.ID(mailbox.id), state=State(account.modseq))
