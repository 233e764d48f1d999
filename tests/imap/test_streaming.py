"""Large messages in both directions: what they cost in memory, and that nobody waits for them."""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.peers.imap import ImapClient
from tests.peers.served import Person, Served

MB = 1024 * 1024
SIZE = 32 * MB
NOISE = 12 * MB
"""What a process of this size grows by when it does anything at all."""


def base64_message() -> bytes:
    body = base64.encodebytes(random.Random(1).randbytes(SIZE // 78 * 57)).replace(b"\n", b"\r\n")
    return b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n" + body


def text_message() -> bytes:
    line = b"The quick brown fox jumps over the lazy dog, again and again.\r\n"
    return b"Subject: long\r\n\r\n" + line * (SIZE // len(line))


def status(pid: int, name: str) -> int:
    """A size from /proc, in octets."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise AssertionError(name)


def forget_peak(pid: int) -> None:
    """Begin VmHWM anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


async def raised(served: Served, work: Awaitable[None]) -> int:
    """How many octets more than before the server had resident at most, while this ran."""
    assert served.process is not None
    pid = served.process.pid
    before = status(pid, "VmRSS")
    forget_peak(pid)
    await work
    return status(pid, "VmHWM") - before


async def append_slowly(client: ImapClient, other: ImapClient, raw: bytes) -> None:
    client.writer.write(b"x APPEND Drafts {%d+}\r\n" % len(raw))
    for at in range(0, len(raw), 256 * 1024):
        client.writer.write(raw[at : at + 256 * 1024])
        await client.writer.drain()
        if at % (4 * MB) == 0:
            # Another session is answered while the literal is on its way.
            await other.ok(b"FETCH 1 FLAGS")
    client.writer.write(b"\r\n")
    assert (await client.finish("x")).status == "OK"


@pytest.mark.parametrize("message", [base64_message, text_message], ids=["base64", "text"])
async def test_an_append_costs_less_than_twice_the_message(
    server: Served, person: Person, message: Callable[[], bytes]
) -> None:
    raw = message()
    client, other = await server.imap(person), await server.imap(person)
    await other.append(b"INBOX", b"Subject: x\r\n\r\ny\r\n")
    await other.ok(b"SELECT INBOX")
    grown = await raised(server, append_slowly(client, other, raw))
    assert grown < 2 * len(raw) + NOISE, f"{grown / len(raw):.2f} times the message"
    await client.ok(b"SELECT Drafts")

    async def read() -> None:
        reply = await client.ok(b"FETCH 1 (UID BODY.PEEK[])")
        assert reply.fetched()[1]["BODY[]"] == raw

    grown = await raised(server, read())
    assert grown < len(raw) // 3 + NOISE, f"{grown / MB:.1f} MB for reading it"
    for one in (client, other):
        await one.close()


async def test_a_client_that_does_not_read_holds_up_nobody(server: Served, person: Person) -> None:
    client, other = await server.imap(person), await server.imap(person)
    await append_and_select(client, text_message())
    await other.ok(b"SELECT Drafts")

    async def ignore() -> None:
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        client.send(b"FETCH 1 BODY.PEEK[]")
        for _ in range(20):
            await other.ok(b"FETCH 1 (FLAGS ENVELOPE)")
            await asyncio.sleep(0.02)

    grown = await raised(server, ignore())
    assert grown < NOISE, f"{grown / MB:.1f} MB wait for a client that does not read"
    for one in (client, other):
        await one.close()


async def append_and_select(client: ImapClient, raw: bytes) -> None:
    tag = client.send(b"APPEND Drafts {%d+}\r\n" % len(raw) + raw)
    assert (await client.finish(tag)).status == "OK"
    await client.ok(b"SELECT Drafts")
