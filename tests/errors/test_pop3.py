"""Whatever comes in, POP3 answers -ERR and goes on."""

from __future__ import annotations

import asyncio

import pytest

from tests.peers.imap import Literal
from tests.peers.served import Person, Served, trusting

BEFORE = [
    b"FOO",
    b"",
    b"STAT",
    b"RETR 1",
    b"PASS x",
    b"USER",
    b"AUTH FOO",
    b"AUTH PLAIN !!!",
    b"APOP a b",
    b"\xff\xfe",
    b"\0",
]
AFTER = [
    b"FOO",
    b"",
    b"RETR",
    b"RETR 0",
    b"RETR -1",
    b"RETR 2",
    b"RETR x",
    b"RETR 99999999999999999999999",
    b"RETR 1 1",
    b"LIST 2",
    b"LIST x",
    b"TOP 1",
    b"TOP 1 -1",
    b"TOP 2 1",
    b"TOP 1 99999999999999999999999x",
    b"UIDL 2",
    b"UIDL x",
    b"DELE 2",
    b"DELE",
    b"USER a",
    b"STLS",
    b"\xff\xfe",
    b"RETR \xd9\xa1",
    b"RE\0TR 1",
]


@pytest.mark.parametrize("line", BEFORE, ids=repr)
async def test_before_signing_in(line: bytes, server: Served) -> None:
    """-ERR, and the connection goes on."""
    client = await server.pop3()
    assert (await client.command(line)).startswith(b"-ERR ")
    assert (await client.command(b"CAPA")).startswith(b"+OK")
    await client.close()


@pytest.mark.parametrize("line", AFTER, ids=repr)
async def test_bad_commands(line: bytes, server: Served, person: Person) -> None:
    """-ERR, and the connection goes on."""
    imap = await server.imap(person)
    await imap.ok(b"APPEND INBOX ", Literal(b"Subject: one\r\n\r\nbody\r\n"))
    await imap.close()
    client = await server.pop3(person)
    assert (await client.command(line)).startswith(b"-ERR ")
    assert (await client.command(b"NOOP")).startswith(b"+OK")
    await client.close()


@pytest.mark.parametrize("line", [b"x" * 1_000_000, b"USER " + b"a" * 200_000])
async def test_endless_line(line: bytes, server: Served) -> None:
    """A line over the bound is refused, and may end the connection."""
    client = await server.pop3()
    async with asyncio.timeout(20):
        assert (await client.command(line)).startswith(b"-ERR ")
    await client.close()


async def test_wrong_password(server: Served, person: Person) -> None:
    """Says that it failed and not why."""
    client = await server.pop3()
    answers = []
    for user in (person.address, "nobody@correio.test"):
        await client.ok(f"USER {user}".encode())
        answers.append(await client.command(b"PASS wrong"))
    assert answers[0] == answers[1]
    assert answers[0].startswith(b"-ERR [AUTH]")
    await client.close()


async def test_stls_takes_nothing_with_it(server: Served) -> None:
    """What was sent in the clear behind STLS is not carried out under TLS."""
    client = await server.pop3()
    client.writer.write(b"STLS\r\nCAPA\r\n")
    try:
        async with asyncio.timeout(10):
            assert (await client.line()).startswith(b"+OK")
            await client.writer.start_tls(trusting())
            client.writer.write(b"QUIT\r\n")
            rest = await client.reader.read()
            assert b"USER" not in rest, rest
    except (ConnectionError, OSError):
        pass  # Hanging up is as good.
    await client.close()
