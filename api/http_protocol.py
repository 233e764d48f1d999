"""One HTTP/1.1 connection: uvicorn's httptools protocol with the bounds it lacks.

Bounded are the head of a request (octets, fields, and the time it may take), what a client may still send after its answer,
and the number of connections, in all and from one address. What cannot be parsed is answered with a problem document.
"""

from __future__ import annotations

import asyncio
import http
import logging
from typing import Final

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.rest.problems import MEDIA_TYPE, Problem, new_request_id
from api.security_headers import SECURITY_HEADERS
from correio.metrics import ACCEPTED, CONNECTIONS

MAX_HEAD: Final = 32 * 1024
"""Octets of the request line and all header fields."""
MAX_FIELDS: Final = 100
HEAD_TIMEOUT: Final = 30.0
"""Seconds from the first octet of a head (or from the connection) to its last."""
MAX_DISCARDED: Final = 1024 * 1024
"""Octets of a request body that are read and dropped after the answer, so that the client gets to see it."""

WRITE_TIMEOUT: Final = 60.0
"""Seconds in which a client must take at least something of what waits to be sent."""

_log = logging.getLogger("correio.http")


class ConnectionTable:
    """The open connections of one listener, by address of the client."""

    def __init__(self, total: int, per_address: int) -> None:
        self._total = total
        self._per_address = per_address
        self._by_address: dict[str, int] = {}
        self._open = 0

    def admit(self, address: str) -> bool:
        """Count a connection in; False where there is no room for it."""
        here = self._by_address.get(address, 0)
        if self._open >= self._total or here >= self._per_address:
            return False
        self._open += 1
        self._by_address[address] = here + 1
        return True

    def leave(self, address: str) -> None:
        """Count a connection out."""
        self._open -= 1
        here = self._by_address.pop(address) - 1
        if here:
            self._by_address[address] = here


class BoundedHttpProtocol(HttpToolsProtocol):
    """See the module. ``app_state["connections"]`` carries the listener's ConnectionTable."""

    _head_octets = 0
    _in_head = False
    _discarded = 0
    _refused = False
    _admitted: str | None = None
    _head_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Admit the connection or answer 503."""
        super().connection_made(transport)
        table = self.app_state["connections"]
        address = self.client[0] if self.client else ""
        if not table.admit(address):
            self._refuse(503, "unavailable", "Too many connections; try again later.", b"retry-after: 5\r\n")
            return
        self._admitted = address
        ACCEPTED.add("http")
        CONNECTIONS.add("http")
        self._start_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the connection out."""
        self._stop_head_timer()
        self._stop_write_timer()
        if self._admitted is not None:
            self.app_state["connections"].leave(self._admitted)
            self._admitted = None
            CONNECTIONS.add("http", amount=-1)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, unless the head grows beyond its bound."""
        if self._refused:
            return
        super().data_received(data)
        if self._in_head and not self._refused:
            # At most this much too many: what came before the head in the same read.
            self._head_octets += len(data)
            if self._head_octets > MAX_HEAD + 256 * 1024:
                self._refuse_head()

    def on_message_begin(self) -> None:
        """Start to count and time a head."""
        super().on_message_begin()
        self._in_head = True
        self._head_octets = 0
        if self._head_timer is None:
            self._start_head_timer()

    def on_headers_complete(self) -> None:
        """Stop the clock, and check the bounds before anything runs."""
        self._in_head = False
        self._discarded = 0
        self._stop_head_timer()
        octets = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if octets > MAX_HEAD or len(self.headers) > MAX_FIELDS:
            self._refuse_head()
        if not self._refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass the body on, or drop a bounded rest of it after the answer."""
        if self._refused:
            return
        if self.cycle.response_complete:
            self._discarded += len(body)
            if self._discarded > MAX_DISCARDED:
                self.transport.close()
            return
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the body."""
        if not self._refused:
            super().on_message_complete()

    def pause_writing(self) -> None:
        """Watch a client that does not read."""
        super().pause_writing()
        self._watch_writing(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """The client reads."""
        self._stop_write_timer()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """End an idle connection; what its client never read must not keep it."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

    def _watch_writing(self, waiting: int) -> None:
        self._stop_write_timer()
        self._write_timer = self.loop.call_later(WRITE_TIMEOUT, self._still_writing, waiting)

    def _still_writing(self, before: int) -> None:
        waiting = self.transport.get_write_buffer_size()
        if waiting < before:
            self._watch_writing(waiting)
        else:
            # Closing would wait for the client to read what is left.
            self.transport.abort()

    def _stop_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's sentence is not for the client
        """Answer what is not HTTP."""
        self._refuse(400, "bad-request", "This is not a valid HTTP/1.1 request.")

    def _unsupported_upgrade_warning(self) -> None:
        # An Upgrade field is an offer, and declining it in silence is right (RFC 9110 section 7.8).
        _log.debug("declined an upgrade")

    def _start_head_timer(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_TIMEOUT, self._head_late)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_late(self) -> None:
        self._head_timer = None
        if self._in_head:
            self._refuse(408, "request-timeout", "The request took too long to arrive.")
        else:
            self.transport.close()

    def _refuse_head(self) -> None:
        self._refuse(431, "header-too-large", "The request line and header fields are too large.")

    def _refuse(self, status: int, code: str, detail: str, more: bytes = b"") -> None:
        """Answer without the application and close; an answer under way is cut off instead."""
        self._refused = True
        self._stop_head_timer()
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self.transport.close()
            return
        request_id = new_request_id()
        problem = Problem(
            type=f"urn:correio:problem:{code}",
            title=http.HTTPStatus(status).phrase,
            status=status,
            detail=detail,
            code=code,
            request_id=request_id,
        )
        body = msgspec.json.encode(problem)
        head = [STATUS_LINE[status]]
        for name, value in (*self.server_state.default_headers, *SECURITY_HEADERS):
            head += (name, b": ", value, b"\r\n")
        head += (
            b"content-type: " + MEDIA_TYPE.encode() + b"\r\nx-request-id: " + request_id.encode() + b"\r\n",
            b"cache-control: no-store\r\ncontent-length: " + str(len(body)).encode() + b"\r\n",
            more,
            b"connection: close\r\n\r\n",
        )
        self.transport.write(b"".join(head) + body)
        self.transport.close()
