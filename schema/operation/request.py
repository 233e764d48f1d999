"""What a client asks, and what comes of it, without a transport."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec
from graphql import GraphQLError


class OperationKind(StrEnum):
    """The operations that can be run. There are no subscriptions yet."""

    QUERY = "query"
    MUTATION = "mutation"


class GraphQLRequest(msgspec.Struct, frozen=True):
    """The well-formed parameters of one GraphQL request (GraphQL over HTTP, section "Request Parameters")."""

    query: str
    operation_name: str | None = None
    variables: dict[str, Any] = msgspec.field(default_factory=dict)


class RequestError(Exception):
    """The request was not executed: the document or its variables are wrong, or over a bound.

    Its answer has ``errors`` and no ``data`` (GraphQL specification, section 7.1.2 "Request errors").
    """

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = list(errors)


class OperationNotAllowedError(RequestError):
    """The operation is sound, but not of a kind that this request may run, such as a mutation by GET."""


def refused(message: str, code: str) -> RequestError:
    """Return a request error of one sentence, with a stable lower-case ``code`` in its extensions."""
    return RequestError([GraphQLError(message, extensions={"code": code})])
