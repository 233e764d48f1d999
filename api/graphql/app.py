"""The ASGI application at /graphql (GraphQL over HTTP, draft of the GraphQL Foundation).

POST with application/json, and GET for queries. Every request carries ``Authorization: Bearer``, which no page of another
site can make a browser send, and no cookie counts: so there is nothing for a forged request to ride on. One operation a
request; no uploads, which go to REST.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.graphql.media_types import MediaType, is_json_in_utf8, negotiate
from api.graphql.parameters import ParametersError, from_body, from_query_string
from api.rest.authentication import authenticate
from api.rest.problems import ProblemError, problem_of
from correio.auth.authenticator import Authenticator
from correio.auth.grant import Grant
from correio.config import Settings
from correio.errors import MailError
from correio.mail.message_store import MessageStore
from schema.build import build_schema
from schema.context import OperationContext
from schema.operation.execution import Engine
from schema.operation.request import GraphQLRequest, OperationKind, OperationNotAllowedError, RequestError

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Vary": "Accept, Authorization",
    "X-Content-Type-Options": "nosniff",
}
_GET_KINDS: Final = (OperationKind.QUERY,)
_POST_KINDS: Final = tuple(OperationKind)


class _Refused(Exception):  # noqa: N818 (an answer, not an error of ours)
    """The request ends here, with this status and one sentence."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body: dict[str, Any] = {"errors": [{"message": message, "extensions": {"code": code}}]}


class GraphQLApp:
    """Answers GraphQL requests over HTTP."""

    def __init__(self, store: MessageStore, authenticator: Authenticator, settings: Settings) -> None:
        self._store = store
        self._authenticator = authenticator
        self._limits = settings.limits
        self._engine = Engine(build_schema(), settings.limits, settings.graphql_introspection)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        request = Request(scope, receive)
        media_type = negotiate(request.headers.get("accept"))
        try:
            status, body, headers = await self._answer(request, media_type)
        except _Refused as refusal:
            status, body, headers = refusal.status, refusal.body, refusal.headers
        except ClientDisconnect:
            return
        response = Response(
            msgspec.json.encode(body),
            status,
            headers={**_HEADERS, **headers, "Content-Type": f"{media_type or MediaType.JSON}; charset=utf-8"},
        )
        await response(scope, receive, send)

    async def _answer(
        self, request: Request, media_type: MediaType | None
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        if request.method not in ("GET", "POST"):
            raise _Refused(405, "method-not-allowed", "GraphQL is asked by GET or POST.", {"Allow": "GET, POST"})
        if media_type is None:
            raise _Refused(406, "not-acceptable", f"The answer is {MediaType.GRAPHQL_RESPONSE} or {MediaType.JSON}.")
        grant = await self._grant(request)
        allowed = _GET_KINDS if request.method == "GET" else _POST_KINDS
        asked = await self._asked(request)
        try:
            context = OperationContext(self._store, grant.account, self._limits, grant)
            return 200, await self._engine.run(asked, context, allowed), {}
        except MailError as error:
            # Before anything was executed: the database is away, or the account has just gone.
            problem = problem_of(error)
            raise _Refused(problem.status, problem.code, problem.detail, problem.headers) from error
        except OperationNotAllowedError as error:
            return 405, _request_errors(error), {"Allow": "POST"}
        except RequestError as error:
            # A client that asks for plain JSON learns of it from the body alone (section "application/json").
            return 400 if media_type is MediaType.GRAPHQL_RESPONSE else 200, _request_errors(error), {}

    async def _grant(self, request: Request) -> Grant:
        try:
            return await authenticate(request, self._authenticator)
        except ProblemError as error:
            raise _Refused(error.status, error.code, error.detail, error.headers) from error
        except MailError as error:
            problem = problem_of(error)
            raise _Refused(problem.status, problem.code, problem.detail, problem.headers) from error

    async def _asked(self, request: Request) -> GraphQLRequest:
        limit = self._limits.graphql_body
        try:
            if request.method == "GET":
                query_string: bytes = request.scope["query_string"]
                if len(query_string) > limit:
                    raise _too_large(limit)
                return from_query_string(query_string)
            if not is_json_in_utf8(request.headers.get("content-type")):
                raise _Refused(
                    415, "unsupported-media-type", "Send application/json in UTF-8.", {"Accept-Post": MediaType.JSON}
                )
            return from_body(await _body(request, limit))
        except ParametersError as error:
            raise _Refused(400, "bad-request", str(error)) from error


async def _body(request: Request, limit: int) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> _Refused:
    return _Refused(413, "too-large", f"A GraphQL request may have {limit} octets.")


def _request_errors(error: RequestError) -> dict[str, Any]:
    return {"errors": [each.formatted for each in error.errors]}


def create_graphql_app(store: MessageStore, authenticator: Authenticator, settings: Settings) -> GraphQLApp:
    """Return the ASGI application to mount at /graphql."""
    return GraphQLApp(store, authenticator, settings)
