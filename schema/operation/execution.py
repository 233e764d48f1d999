"""The one way an operation is run: find its document, check its bounds, execute it, hide what went wrong inside."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Collection
from inspect import isawaitable
from typing import Any, Final, TypeGuard, cast

from graphql import ExecutionResult, FieldNode, GraphQLError, OperationDefinitionNode, execute
from graphql.execution.values import get_variable_values
from strawberry import Schema
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.execution import optimized_is_awaitable

from correio.config import Limits
from correio.errors import InvalidInputError, MailError
from schema.context import OperationContext
from schema.operation.arguments import check_literals, check_variables
from schema.operation.document import Document, Documents
from schema.operation.measure import Measure
from schema.operation.request import GraphQLRequest, OperationKind, OperationNotAllowedError, RequestError, refused

log = logging.getLogger("correio.graphql")

_LONG_DOCUMENT: Final = 1_000
"""Characters from which a document is parsed and validated in a thread, off the event loop."""


class Engine:
    """Runs operations of one schema. One per process."""

    def __init__(self, schema: Schema, limits: Limits, introspection: bool) -> None:
        self._schema = schema._schema
        self._executor = schema.execution_context_class
        self._limits = limits
        self._documents = Documents(self._schema, limits, introspection)

    async def run(
        self,
        request: GraphQLRequest,
        context: OperationContext,
        allowed: Collection[OperationKind] = tuple(OperationKind),
    ) -> dict[str, Any]:
        """Run a request and return its response (GraphQL specification, section 7.1): ``data``, and ``errors`` if any.

        Raises RequestError, whose answer has no ``data``, NotFoundError when the account is gone, UnavailableError.
        """
        document = await self._document(request.query)
        operation = document.operation(request.operation_name)
        kind = operation.operation.value
        if kind not in allowed:
            raise OperationNotAllowedError(
                [
                    GraphQLError(
                        f"A {kind} cannot be run this way: send it by POST.", extensions={"code": "method-not-allowed"}
                    )
                ]
            )
        context.measure, cost = self._check(document, operation, request.variables)
        context.budget.charge(cost)
        if not _only_introspection(operation):
            # What the operation shows is then at least as new as the moment it was asked for.
            await context.account.refresh()
        try:
            result = await self._execute(document, operation, request, context)
        except TimeoutError:
            message = f"The query took longer than {self._limits.graphql_time:g} seconds."
            return {"data": None, "errors": [{"message": message, "extensions": {"code": "timeout"}}]}
        if context.budget.exhausted:
            # One answer to all that was not shown: a page of ten thousand errors would help nobody.
            return {"data": None, "errors": [{"message": context.budget.message, "extensions": {"code": "limit"}}]}
        if result.data is None and result.errors and all(error.path is None for error in result.errors):
            raise RequestError(result.errors)
        response: dict[str, Any] = {"data": result.data}
        if result.errors:
            response["errors"] = [_shown(error) for error in result.errors]
        return response

    async def _document(self, source: str) -> Document:
        document = self._documents.known(source)
        if document is None:
            if len(source) > _LONG_DOCUMENT:
                document = await asyncio.to_thread(self._prepare, source)
            else:
                document = self._prepare(source)
            self._documents.keep(source, document)
        return document

    def _prepare(self, source: str) -> Document:
        document = self._documents.prepare(source)
        check_literals(document.node, self._limits.graphql_list)
        return document

    def _check(
        self, document: Document, operation: OperationDefinitionNode, given: dict[str, Any]
    ) -> tuple[Measure, int]:
        """Return the measure of an operation and its cost. Raises RequestError where it is over a bound."""
        limits = self._limits
        check_variables(given, limits.graphql_list)
        coerced = get_variable_values(self._schema, operation.variable_definitions or (), given, max_errors=20)
        if isinstance(coerced, list):
            raise RequestError([_coded(error, "variables") for error in coerced])
        measure = Measure(self._schema, document.node, coerced.coerced)
        depth, cost = measure.operation(operation)
        if depth > limits.graphql_depth:
            raise refused(f"The operation is {depth} fields deep; at most {limits.graphql_depth} are allowed.", "limit")
        if cost > limits.graphql_cost:
            raise refused(
                f"The operation may ask for {cost} objects; at most {limits.graphql_cost} are allowed. Ask for smaller pages.",
                "limit",
            )
        return measure, cost

    async def _execute(
        self, document: Document, operation: OperationDefinitionNode, request: GraphQLRequest, context: OperationContext
    ) -> ExecutionResult:
        def start() -> Any:
            return execute(
                self._schema,
                document.node,
                context_value=context,
                variable_values=request.variables,
                operation_name=request.operation_name,
                executor_class=self._executor,
                is_awaitable=cast("Callable[[Any], TypeGuard[Awaitable[Any]]]", optimized_is_awaitable),
                operation_extensions=None,
            )

        if _only_introspection(operation):
            # It awaits nothing, reads nothing of an account, and takes longer than the loop may stand still.
            result = await asyncio.to_thread(start)
        elif operation.operation.value == OperationKind.QUERY:
            async with asyncio.timeout(self._limits.graphql_time):
                result = await _finished(start())
        else:
            result = await _finished(start())
        return result  # type: ignore[no-any-return]


async def _finished(result: Any) -> Any:
    return await result if isawaitable(result) else result


def _only_introspection(operation: OperationDefinitionNode) -> bool:
    return all(
        isinstance(selection, FieldNode) and selection.name.value in {"__schema", "__type", "__typename"}
        for selection in operation.selection_set.selections
    )


def _coded(error: GraphQLError, code: str) -> GraphQLError:
    error.extensions = {"code": code, **(error.extensions or {})}
    return error


def _shown(error: GraphQLError) -> dict[str, Any]:
    """Return an error as the client may see it: an expected failure as it stands, anything else logged and masked."""
    origin = error
    while isinstance(origin.original_error, GraphQLError):
        origin = origin.original_error
    cause = origin.original_error
    if isinstance(cause, MailError):
        field = {"field": cause.field} if isinstance(cause, InvalidInputError) and cause.field else {}
        error.extensions = {"code": cause.code, **field}
    elif cause is None and (origin.nodes or isinstance(origin, StrawberryInputCoercionError)):
        # Of a value in the request that validation could not see, such as null where nothing may stand.
        error.extensions = {"code": InvalidInputError.code, **(error.extensions or {})}
    else:
        # Without a place in the document it is about what a resolver gave, which is not for the client to see.
        incident = os.urandom(6).hex()
        log.error("A GraphQL field failed: incident %s at %s", incident, error.path, exc_info=cause or origin)
        error = GraphQLError(
            "Something went wrong here. It is logged under the incident's name.",
            error.nodes,
            path=error.path,
            extensions={"code": "internal", "incident": incident},
        )
    return dict(error.formatted)
