"""Asking rspamd about a message, by HTTP. When it does not answer, mail is taken as if it had not been asked."""

from __future__ import annotations

import asyncio
import logging
from typing import Final
from urllib.parse import urlsplit

import httptools

from protocols.smtp.core.spam_verdict import ACCEPTED, Checked, Verdict, VerdictError, read_verdict, request_headers

log = logging.getLogger("correio.smtp")
PATIENCE: Final = 12.0
"""Seconds; rspamd itself gives up a message after 8."""
MAX_ANSWER: Final = 4 * 1024 * 1024
"""Octets."""
_PIECE: Final = 64 * 1024


class Rspamd:
    """One rspamd. ``url`` is the address of its normal worker: ``http://127.0.0.1:11333``."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host: Final = parts.hostname or ""
        self._port: Final = parts.port or 80
        self._authority: Final = parts.netloc.rpartition("@")[2]
        self._target: Final = parts.path.rstrip("/") + "/checkv2"

    async def judge(self, checked: Checked, received: bytes, content: bytes) -> Verdict:
        """Return what becomes of a message, ``content`` with the field ``received`` above it. Raises nothing."""
        try:
            async with asyncio.timeout(PATIENCE):
                status, body = await self._post(checked, received, content)
            return read_verdict(status, body)
        except (OSError, VerdictError, httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            # TimeoutError is an OSError.
            log.warning("%s: rspamd did not judge: %s", checked.queue_id, str(error) or type(error).__name__)
            return ACCEPTED

    async def _post(self, checked: Checked, received: bytes, content: bytes) -> tuple[int, bytes]:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(self._head(checked, len(received) + len(content)) + received)
            for at in range(0, len(content), _PIECE):
                writer.write(content[at : at + _PIECE])
                await writer.drain()
            answer = _Response()
            parser = httptools.HttpResponseParser(answer)
            while not answer.complete:
                octets = await reader.read(_PIECE)
                if not octets:
                    break
                parser.feed_data(octets)
                if len(answer.body) > MAX_ANSWER:
                    raise VerdictError("The answer is too long.")
            return parser.get_status_code(), bytes(answer.body)
        finally:
            writer.close()

    def _head(self, checked: Checked, length: int) -> bytes:
        lines = [
            f"POST {self._target} HTTP/1.1", f"Host: {self._authority}", "Connection: close",
            f"Content-Length: {length}", *(f"{name}: {value}" for name, value in request_headers(checked)), "", "",
        ]  # fmt: skip
        return "\r\n".join(lines).encode("utf-8", "surrogateescape")


class _Response:
    """What the parser tells."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.complete = False

    def on_body(self, octets: bytes) -> None:
        self.body += octets

    def on_message_complete(self) -> None:
        self.complete = True
