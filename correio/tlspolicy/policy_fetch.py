"""Fetches a policy over HTTPS (RFC 8461 section 3.3): one GET, bounded in octets and time, no redirects, no cache."""

from __future__ import annotations

import asyncio
import ssl
from typing import Final

import httptools

from correio.tlspolicy.mta_sts import MOST_OCTETS

TIMEOUT: Final = 30.0
"""Seconds for all of it."""
_PIECE: Final = 16 * 1024
_MOST_HEAD: Final = 64 * 1024


class FetchError(Exception):
    """There is no policy to be had. The text says why."""


class _Response:
    """What httptools tells of a response."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.content_type = ""
        self.sized = False
        """Whether the response itself says where it ends (RFC 9112 section 6.3)."""
        self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        self.sized = self.sized or name in (b"content-length", b"transfer-encoding")
        if name == b"content-type":
            self.content_type = value.decode("latin-1").partition(";")[0].strip().lower()

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True


async def fetch_policy(
    domain: str, address: str, port: int, context: ssl.SSLContext, timeout: float = TIMEOUT
) -> bytes:
    """Return the octets of the policy of a domain from one address of ``mta-sts.DOMAIN``, whose certificate is checked.

    Raises FetchError, and ssl.SSLError where TLS fails.
    """
    host = f"mta-sts.{domain}"
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=host)
            try:
                return await _get(reader, writer, host if port == 443 else f"{host}:{port}")
            finally:
                writer.transport.abort()
    except ssl.SSLError:
        raise
    except TimeoutError as error:
        raise FetchError(f"{host} did not answer within {timeout:g} s") from error
    except (OSError, EOFError) as error:
        raise FetchError(f"{host}: {getattr(error, 'strerror', None) or error}") from error


async def _get(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> bytes:
    writer.write(
        f"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Correio\r\n"
        "Accept: text/plain\r\nConnection: close\r\n\r\n".encode("ascii")
    )
    response = _Response()
    parser = httptools.HttpResponseParser(response)
    taken = 0
    while not response.complete:
        piece = await reader.read(_PIECE)
        taken += len(piece)
        if len(response.body) > MOST_OCTETS or taken > MOST_OCTETS + _MOST_HEAD:
            raise FetchError(f"{host}: more than {MOST_OCTETS} octets")
        if not piece:
            if response.content_type and not response.sized:
                break
            raise FetchError(f"{host}: the answer was cut off")
        try:
            parser.feed_data(piece)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise FetchError(f"{host}: the answer is not HTTP, or goes on as something else") from error
    status = parser.get_status_code()
    if status != 200:
        raise FetchError(f"{host} answered {status}")
    if response.content_type != "text/plain":
        raise FetchError(f"{host}: the type is {response.content_type[:40]!r} and not text/plain")
    if len(response.body) > MOST_OCTETS:
        raise FetchError(f"{host}: more than {MOST_OCTETS} octets")
    return bytes(response.body)
