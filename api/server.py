"""The HTTP listener: uvicorn's protocol in the loop that is running already, on sockets we bind, stopped by us alone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from email.utils import formatdate
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.server import ServerState

from api.app import create_app
from api.http_protocol import BoundedHttpProtocol, ConnectionTable
from correio.auth.authenticator import Authenticator
from correio.config import Endpoint, Settings
from correio.mail.message_store import MessageStore

KEEP_ALIVE: Final = 75
"""Seconds an idle connection is kept."""
BACKLOG: Final = 1024

_log = logging.getLogger("correio.http")


class HttpServer:
    """REST, GraphQL, health and metrics on any number of endpoints, one application."""

    def __init__(self, store: MessageStore, authenticator: Authenticator, settings: Settings) -> None:
        self.app: Final = create_app(store, authenticator, settings)
        self._config = Config(
            self.app,
            http=BoundedHttpProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # an X-Forwarded-For would let a client choose the address it is throttled by
            server_header=False,
            date_header=False,  # kept by _tick
            timeout_keep_alive=KEEP_ALIVE,
        )
        self._config.load()
        # uvicorn tells of every bad request and every kept-alive close; our own lines say what matters.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        logging.getLogger("uvicorn.access").setLevel(logging.CRITICAL)
        self._state = ServerState()
        limits = settings.limits
        self._app_state: dict[str, Any] = {
            "connections": ConnectionTable(limits.connections, limits.connections_per_address)
        }
        self._servers: list[asyncio.Server] = []
        self._ticker: asyncio.TimerHandle | None = None

    async def listen(self, endpoint: Endpoint, tls: ssl.SSLContext | None = None) -> Endpoint:
        """Accept connections and return the actual address (port 0 picks one). Raises OSError."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(
            endpoint.host or None, endpoint.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if endpoint.host == "::" else 1)
            listener.setblocking(False)
            listener.bind(address)
            server = await loop.create_server(self._protocol, sock=listener, ssl=tls, backlog=BACKLOG)
        except BaseException:
            listener.close()
            raise
        self._servers.append(server)
        if self._ticker is None:
            self._tick()
        bound = listener.getsockname()
        return Endpoint(bound[0], bound[1])

    def _protocol(self) -> asyncio.Protocol:
        return BoundedHttpProtocol(self._config, self._state, self._app_state, asyncio.get_running_loop())

    def _tick(self) -> None:
        """Bring the Date field forward, once a second."""
        now = time.time()
        self._state.default_headers = [(b"date", formatdate(now, usegmt=True).encode("ascii"))]
        self._ticker = asyncio.get_running_loop().call_later(1.0 - now % 1.0, self._tick)

    async def close(self, grace: float) -> None:
        """Stop accepting, let requests under way finish for up to ``grace`` seconds, then cut off the rest."""
        for server in self._servers:
            server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace
        while (self._state.tasks or self._state.connections) and loop.time() < deadline:
            await asyncio.sleep(0.02)
        rest = list(self._state.tasks)
        if rest:
            _log.warning("cut off requests at shutdown", extra={"requests": len(rest)})
        for task in rest:
            task.cancel()
        for connection in list(self._state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        if rest:
            await asyncio.wait(rest, timeout=1.0)
        if self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None
        for server in self._servers:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(server.wait_closed(), 1.0)
        self._servers.clear()
