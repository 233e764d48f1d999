"""One connection: everything sent, and everything that came until the server closed."""

from __future__ import annotations

import asyncio
import contextlib
import socket

HANG = 15.0
"""Seconds without a word after which the server hangs: more than the one it may take, as the machine may be busy."""


async def exchanged(address: tuple[str, int], octets: bytes) -> bytes:
    """Send octets and read to the end.

    A server that has said BYE to a client that goes on sending resets the connection; what it said before is read all the
    same, which asyncio's streams do not do.
    """
    loop = asyncio.get_running_loop()
    with socket.create_connection(address) as connection:
        connection.setblocking(False)
        sending = asyncio.create_task(loop.sock_sendall(connection, octets))
        came = bytearray()
        try:
            while True:
                async with asyncio.timeout(HANG):
                    piece = await loop.sock_recv(connection, 1 << 16)
                if not piece:
                    break
                came += piece
        except ConnectionResetError:
            pass
        except TimeoutError:
            raise AssertionError(f"the server hangs after {octets[:300]!r}; it said {bytes(came)[-300:]!r}") from None
        finally:
            sending.cancel()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await sending
    return bytes(came)
