"""Clients that do nothing: `python -m bench.idlers PORT COUNT OFFSET USER ...` holds connections in IDLE under TLS.

Prints `ready` once all of them idle, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import ssl
import sys

import uvloop

from bench.service import PASSWORD

AT_ONCE = 25
PER_ADDRESS = 500
"""Connections from one address of 127/8: a listener bounds those from one client."""


async def _idle(port: int, number: int, user: str, context: ssl.SSLContext) -> asyncio.StreamWriter:
    source = f"127.1.{number // PER_ADDRESS}.1"
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname="localhost", local_addr=(source, 0), limit=4096
    )
    await reader.readline()
    for tag, command in (("a", f'LOGIN "{user}" "{PASSWORD}"'), ("b", "SELECT INBOX"), ("+", "c IDLE")):
        writer.write(f"{tag} {command}\r\n".encode() if tag != "+" else f"{command}\r\n".encode())
        while not (line := await reader.readline()).startswith(tag.encode()):
            if not line:
                raise ConnectionError(f"closed after {command}")
        if tag != "+" and not line.startswith(f"{tag} OK".encode()):
            raise ConnectionError(line.decode())
    return writer


async def main() -> None:
    port, count, offset = map(int, sys.argv[1:4])
    users = sys.argv[4:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    held: list[asyncio.StreamWriter] = []
    for start in range(offset, offset + count, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, offset + count))
        held += await asyncio.gather(*(_idle(port, one, users[one % len(users)], context) for one in numbers))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for writer in held:
        writer.close()


if __name__ == "__main__":
    uvloop.run(main())
