"""Names, times and counts every request."""

from __future__ import annotations

import logging
import time
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.rest.problems import new_request_id
from correio.metrics import REGISTRY, Counter, Gauge, Histogram

REQUESTS: Final = REGISTRY.add(
    Counter("correio_http_requests_total", "HTTP requests by route, method and status.", ("route", "method", "status"))
)
DURATIONS: Final = REGISTRY.add(
    Histogram("correio_http_request_seconds", "Time from the head of a request to the end of its response.", ("route",))
)
IN_FLIGHT: Final = REGISTRY.add(Gauge("correio_http_requests_in_flight", "HTTP requests being served."))

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
_log = logging.getLogger("correio.http")


class Instrumentation:
    """Gives each request an id (``scope["state"]["request_id"]``, ``X-Request-Id``), one log line and its place in the metrics.

    The id is always ours: one sent by the client could be forged to confuse the log.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_request_id()
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = 0

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode("ascii"))]
            await send(message)

        IN_FLIGHT.add()
        try:
            await self._app(scope, receive, send_named)
        finally:
            IN_FLIGHT.add(amount=-1)
            seconds = time.perf_counter() - started
            # The route's name is set by the router; what matches none is one series, whatever its path.
            route = scope["state"].get("route", "none")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            REQUESTS.add(route, method, str(status))
            DURATIONS.observe(route, value=seconds)
            if _log.isEnabledFor(logging.INFO):
                _log.info(
                    "request",
                    extra={
                        "request_id": request_id,
                        "route": route,
                        "method": method,
                        "status": status,
                        "milliseconds": round(seconds * 1000, 2),
                        "remote": (scope.get("client") or ("",))[0],
                    },
                )
