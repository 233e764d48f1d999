"""Changing and destroying messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, TypeAlias

import strawberry

from correio.errors import InvalidInputError, MailError
from correio.mail.fetch import find_messages
from correio.mail.keywords import flag_of
from correio.mail.threads import find_thread_members
from correio.mail.update_messages import MessageUpdate, destroy_messages, update_messages
from schema.context import Info, OperationContext
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
from schema.scalars import State


@strawberry.input(one_of=True, description="Which messages. Exactly one field is given.")
class MessageTarget:
    """Ids, or whole threads."""

    ids: strawberry.Maybe[list[strawberry.ID]]
    thread_ids: strawberry.Maybe[list[strawberry.ID]]


@strawberry.input
class UpdateMessagesInput:
    """What to change in which messages. All of it happens in one step, or nothing."""

    account_id: strawberry.ID
    target: MessageTarget
    if_in_state: State | None = strawberry.field(
        default=None, description="Change nothing if one of the messages has changed after this state."
    )
    add_keywords: list[str] | None = None
    remove_keywords: list[str] | None = None
    move_to: strawberry.ID | None = strawberry.field(default=None, description="A mailbox. The message's id stays.")
    client_mutation_id: str | None = None


@strawberry.input
class DestroyMessagesInput:
    """Which messages to destroy for good."""

    account_id: strawberry.ID
    target: MessageTarget
    if_in_state: State | None = strawberry.field(
        default=None, description="Destroy nothing if one of the messages has changed after this state."
    )
    client_mutation_id: str | None = None


@strawberry.type(description="The message is gone for good.")
class Destroyed:
    """What it was called."""

    node_id: strawberry.ID


MessageOutcome: TypeAlias = Annotated[
    Message | Destroyed | NotFound, strawberry.union("MessageOutcome", description="What became of one message.")
]


@strawberry.type
class UpdateMessagesPayload:
    """What was done."""

    from_state: State
    to_state: State
    affected: int = strawberry.field(description="Messages that were there, changed by this or not.")
    results: list[MessageOutcome] = strawberry.field(description="One for each message, in the order of the target.")
    client_mutation_id: str | None


UpdateMessagesResult: TypeAlias = Annotated[
    UpdateMessagesPayload | StateMismatch | Forbidden | NotFound | InvalidInput | LimitReached,
    strawberry.union("UpdateMessagesResult"),
]


def _flags(keywords: Iterable[str] | None, field: str) -> frozenset[str]:
    try:
        return frozenset(flag_of(keyword) for keyword in keywords or ())
    except InvalidInputError as error:
        raise InvalidInputError(error.message, field) from error


async def _targets(context: OperationContext, target: MessageTarget) -> list[str]:
    """Return the ids of the messages a target names, each once. A thread that is none of the account's has none."""
    if target.ids is not None:
        return list(dict.fromkeys(target.ids.value))
    assert target.thread_ids is not None
    threads = await find_thread_members(context.account, target.thread_ids.value)
    return [member.id for thread_id in dict.fromkeys(target.thread_ids.value) for member in threads.get(thread_id, ())]


@strawberry.type
class MessageMutations:
    """The mutations of messages."""

    @strawberry.mutation(
        description="Add and remove keywords, and move. Messages that are not there are told one by one."
    )
    async def update_messages(self, info: Info, input: UpdateMessagesInput) -> UpdateMessagesResult:  # noqa: A002
        """Update messages in one step."""
        context = info.context
        account = context.account
        if input.account_id != account.id:
            return not_found("There is no such account.", input.account_id, "input", "accountId")
        if not (input.add_keywords or input.remove_keywords or input.move_to is not None):
            return invalid_input("There is nothing to do: give addKeywords, removeKeywords or moveTo.", "input")
        if input.move_to is not None and account.mailboxes.get(input.move_to) is None:
            return not_found("There is no such mailbox.", input.move_to, "input", "moveTo")
        before = account.modseq
        try:
            update = MessageUpdate(
                add=_flags(input.add_keywords, "addKeywords"),
                remove=_flags(input.remove_keywords, "removeKeywords"),
                move_to=input.move_to,
            )
            ids = await _targets(context, input.target)
            result = await update_messages(account, ids, update, input.if_in_state)
        except MailError as error:
            return problem_of(error, account.modseq, input.move_to or "", "input")
        found = await find_messages(account, result.updated)
        outcomes: list[MessageOutcome] = [
            message_node(context, found[one]) if one in found else _missing(one) for one in ids
        ]
        return _payload(before, account.modseq, len(result.updated), outcomes, input.client_mutation_id)

    @strawberry.mutation(description="Destroy messages for good. There is no way back.")
    async def destroy_messages(self, info: Info, input: DestroyMessagesInput) -> UpdateMessagesResult:  # noqa: A002
        """Destroy messages in one step."""
        context = info.context
        account = context.account
        if input.account_id != account.id:
            return not_found("There is no such account.", input.account_id, "input", "accountId")
        before = account.modseq
        try:
            ids = await _targets(context, input.target)
            result = await destroy_messages(account, ids, input.if_in_state)
        except MailError as error:
            return problem_of(error, account.modseq, account.id, "input")
        outcomes: list[MessageOutcome] = [
            Destroyed(node_id=strawberry.ID(one)) if one in result.updated else _missing(one) for one in ids
        ]
        return _payload(before, account.modseq, len(result.updated), outcomes, input.client_mutation_id)


def _missing(message_id: str) -> NotFound:
    return not_found("There is no such message.", message_id)


def _payload(
    before: int, after: int, affected: int, outcomes: list[MessageOutcome], client_mutation_id: str | None
) -> UpdateMessagesPayload:
    return UpdateMessagesPayload(
        from_state=State(before),
        to_state=State(after),
        affected=affected,
        results=outcomes,
        client_mutation_id=client_mutation_id,
    )
