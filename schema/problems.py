"""Expected failures of a mutation, as members of its result. Each error of ``correio.errors`` has one form here."""

from __future__ import annotations

import strawberry

from correio.errors import (
    AlreadyExistsError,
    ForbiddenError,
    HasChildrenError,
    InvalidInputError,
    LimitError,
    MailError,
    NotFoundError,
    QuotaExceededError,
    StateMismatchError,
    TooLargeError,
)
from schema.scalars import State


@strawberry.interface(description="An expected failure. The code is stable; the message is one sentence for a person.")
class Problem:
    """What every failure tells."""

    code: str
    message: str
    path: list[str] = strawberry.field(
        description="Where in the mutation's arguments the cause is, from the argument's name down; empty: in none of them."
    )


@strawberry.type(description="No such node for this account. Another account's is answered in the same way.")
class NotFound(Problem):
    """See NotFoundError."""

    node_id: strawberry.ID


@strawberry.type(description="The account may not do this.")
class Forbidden(Problem):
    """See ForbiddenError."""


@strawberry.type
class FieldProblem:
    """One value that is not acceptable."""

    path: list[str]
    code: str
    message: str


@strawberry.type(description="A value is not acceptable.")
class InvalidInput(Problem):
    """See InvalidInputError."""

    fields: list[FieldProblem]


@strawberry.type(description="Too many of something, or no room left.")
class LimitReached(Problem):
    """See LimitError and QuotaExceededError."""


@strawberry.type(description="The state or version that was given as a condition is not the current one.")
class StateMismatch(Problem):
    """See StateMismatchError."""

    current_state: State


AnyProblem = NotFound | Forbidden | InvalidInput | LimitReached | StateMismatch


def invalid_input(message: str, *path: str, code: str = InvalidInputError.code) -> InvalidInput:
    """Return the problem of one wrong value, at this path from the mutation's argument down."""
    where = list(path)
    return InvalidInput(
        code=code, message=message, path=where, fields=[FieldProblem(path=where, code=code, message=message)]
    )


def not_found(message: str, node_id: str, *path: str) -> NotFound:
    """Return the problem of an id that names nothing."""
    return NotFound(code=NotFoundError.code, message=message, path=list(path), node_id=strawberry.ID(node_id))


def problem_of(error: MailError, current_state: int, node_id: str, *path: str) -> AnyProblem:
    """Return the member of a mutation's result that stands for an error; ``node_id`` is what may not have been found.

    Raises the error itself when it is none of the client's making, such as UnavailableError: that is an execution error.
    """
    where = list(path)
    match error:
        case NotFoundError():
            return not_found(error.message, node_id, *path)
        case AlreadyExistsError():
            return invalid_input(error.message, *path, code=error.code)
        case InvalidInputError():
            return invalid_input(error.message, *path, *([error.field] if error.field else []))
        case TooLargeError():
            return invalid_input(error.message, *path, code=error.code)
        case ForbiddenError() | HasChildrenError():
            return Forbidden(code=error.code, message=error.message, path=where)
        case LimitError() | QuotaExceededError():
            return LimitReached(code=error.code, message=error.message, path=where)
        case StateMismatchError():
            return StateMismatch(code=error.code, message=error.message, path=where, current_state=State(current_state))
        case _:
            raise error
