"""The HTTP application: REST by the contract, GraphQL, and the envelope around every response."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.contract import load_contract
from api.failures import Failures
from api.graphql import create_graphql_app
from api.instrumentation import Instrumentation
from api.rest import (
    account,
    batch,
    email,
    emails,
    keys,
    landing,
    mailboxes,
    message,
    messages,
    octet_operations,
    queue,
    service,
    sieve,
    tokens,
)
from api.rest.authentication import require_private_channel
from api.rest.call import Context
from api.rest.problems import ProblemError
from api.rest.route import rest_routes
from api.security_headers import SecurityHeaders
from correio.auth.authenticator import Authenticator
from correio.config import Settings
from correio.mail.message_store import MessageStore
from correio.metrics import REGISTRY, Reading

GRAPHQL: Final = "/graphql"
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class _GraphQL:
    """The GraphQL application, named for the metrics and kept to private channels like every call with a token."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["route"] = "graphql"
        require_private_channel(Request(scope))
        await self._app(scope, receive, send)


def allowed_methods(routes: Sequence[BaseRoute], path: str) -> list[str]:
    """Return the methods that some route takes on a path; OPTIONS is always among them where there are any."""
    found: set[str] = set()
    for route in routes:
        if isinstance(route, Route):
            for method in route.methods or ("GET", "POST"):
                match, _ = route.matches({"type": "http", "method": method, "path": path, "root_path": ""})
                if match is Match.FULL:
                    found.add(method)
    return [*sorted(found), "OPTIONS"] if found else []


def create_app(store: MessageStore, authenticator: Authenticator, settings: Settings) -> Starlette:
    """Return the application. Raises RuntimeError where the contract and the handlers differ."""
    contract = load_contract()
    handlers = (
        *landing.HANDLERS,
        *service.HANDLERS,
        service.contract_handler(contract),
        *tokens.HANDLERS,
        *keys.HANDLERS,
        *emails.HANDLERS,
        *email.HANDLERS,
        *account.HANDLERS,
        *mailboxes.HANDLERS,
        *messages.HANDLERS,
        *batch.HANDLERS,
        *message.HANDLERS,
        *octet_operations.HANDLERS,
        *queue.HANDLERS,
        *sieve.HANDLERS,
    )
    routes: list[BaseRoute] = [
        *rest_routes(contract, handlers, Context(store, authenticator, settings)),
        Route(GRAPHQL, _GraphQL(create_graphql_app(store, authenticator, settings)), name="graphql"),
    ]

    async def not_routed(request: Request, error: Exception) -> Response:
        """What the router could not place: 404, 405 with Allow, or the answer to OPTIONS."""
        status = error.status_code if isinstance(error, HTTPException) else 404
        if status != 405:
            raise ProblemError(status, "not-found", "There is nothing at this path.")
        allow = ", ".join(allowed_methods(routes, request.url.path))
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": allow})
        raise ProblemError(405, "method-not-allowed", f"This path takes {allow}.", headers={"Allow": allow})

    REGISTRY.add(
        Reading(
            "correio_database_round_trips_total",
            "Commands sent to the database.",
            lambda: store.database.round_trips.total,
            "counter",
        )
    )
    REGISTRY.add(
        Reading(
            "correio_database_background_round_trips_total",
            "Those of them that nobody waited for.",
            lambda: store.database.round_trips.background,
            "counter",
        )
    )
    app = Starlette(
        routes=routes,
        # Outermost first: what Failures answers is named, counted and completed like everything else.
        middleware=[Middleware(Instrumentation), Middleware(SecurityHeaders), Middleware(Failures)],
        exception_handlers={HTTPException: not_routed},
    )
    # A path is what it is: no redirects that add or drop a slash, and with them a body or a token.
    app.router.redirect_slashes = False
    return app
