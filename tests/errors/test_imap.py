"""Whatever comes in, IMAP answers a tagged BAD or NO, or closes with BYE, and goes on."""

from __future__ import annotations

import asyncio

import pytest

from tests.peers.imap import Literal
from tests.peers.served import Person, Served, trusting

RAW = b"Subject: one\r\n\r\nbody\r\n"
SELECTED = [
    b"FROBNICATE",
    b"NOOP extra",
    b"SELECT",
    b'SELECT "unterminated',
    b"SELECT nowhere",
    b'SELECT "&bad"',
    b"SELECT {3+}\r\n\xff\xfe\xfd",
    b"SELECT INBOX (FOO)",
    b"STATUS INBOX (FOO)",
    b"STATUS INBOX ()",
    b"STATUS nowhere (MESSAGES)",
    b"FETCH 0 FLAGS",
    b"FETCH 4294967296 FLAGS",
    b"FETCH 99999999999999999999 FLAGS",
    b"FETCH a FLAGS",
    b"FETCH 1, FLAGS",
    b"FETCH 1:2:3 FLAGS",
    b"FETCH 1 ()",
    b"FETCH 1 (",
    b"FETCH 1 FOO",
    b"FETCH 1 BODY[",
    b"FETCH 1 BODY[0]",
    b"FETCH 1 BODY[1.]",
    b"FETCH 1 BODY[FOO]",
    b"FETCH 1 BODY[HEADER.FIELDS ()]",
    b"FETCH 1 BODY[]<0>",
    b"FETCH 1 BODY[]<0.0>",
    b"FETCH 1 BODY[]<99999999999999999999.1>",
    b"FETCH 1 BODY[" + b"1." * 30_000 + b"1]",
    b"FETCH 1 " + b"(" * 20_000,
    b"SEARCH",
    b"SEARCH FOO",
    b"SEARCH SINCE 99-Foo-2020",
    b"SEARCH LARGER 99999999999999999999999",
    b"SEARCH CHARSET x-nobody TEXT a",
    b"SEARCH " + b"(" * 20_000 + b"ALL" + b")" * 20_000,
    b"SEARCH " + b"NOT " * 12_000 + b"ALL",
    b"SEARCH " + b"OR ALL " * 8_000 + b"ALL",
    b"STORE 1 FLAGS (\\Bogus)",
    b"STORE 1 +FLAGS (a",
    b"STORE 1 +FLAGS (" + b"k" * 1000 + b")",
    b"STORE 1 +FLAGS (" + b" ".join(b"k%d" % n for n in range(2000)) + b")",
    b"STORE 1 (UNCHANGEDSINCE -1) +FLAGS (a)",
    b"APPEND INBOX {99999999999999999999}",
    b"APPEND INBOX {4294967296}",
    b"APPEND INBOX {-1}",
    b"APPEND INBOX {1",
    b"APPEND INBOX (\\Bogus) {1+}\r\nx",
    b'APPEND INBOX "99-Foo-2020 00:00:00 +0000" {1+}\r\nx',
    b"APPEND nowhere {1+}\r\nx",
    b"APPEND INBOX {3+}\r\na\0b",
    b'CREATE ""',
    b"CREATE INBOX",
    b'CREATE "a//b"',
    b"CREATE " + b"/".join([b"a"] * 200),
    b"CREATE " + b"x" * 2000,
    b"CREATE {3+}\r\na\0b",
    b"CREATE {3+}\r\na\nb",
    b"DELETE INBOX",
    b"DELETE nowhere",
    b"RENAME nowhere elsewhere",
    b"COPY 1 nowhere",
    b"MOVE 1 nowhere",
    b"UID FROBNICATE 1",
    b"UID",
    b"LOGIN a b",
    b"AUTHENTICATE PLAIN",
    b"ENABLE",
    b"ID (",
    b"ID (a b c)",
    b"ID (" + b'"a" "b" ' * 3000 + b")",
    b"STARTTLS now",
    b'LIST "" ',
    b"\xff\xfe\xfd",
    b"NO\0OP",
    b"NOOP " + b"x" * 200_000,
    b'"quoted"',
    b"{3}",
]
FINE = [
    b"UID FETCH 1:4294967295 FLAGS",
    b"UID FETCH 4294967295 FLAGS",
    b"UID FETCH *:4294967295 FLAGS",
    b"UID STORE 4294967295 +FLAGS (a)",
    b"UID COPY 4294967295 INBOX",
    b"UID EXPUNGE 4294967295",
    b"FETCH 1 BODY.PEEK[1.2.3.4.5]",
    b"FETCH 1 BODY.PEEK[]<4000000000.100>",
    b"FETCH 1 BODY.PEEK[HEADER.FIELDS (" + b" ".join(b"X-%d" % n for n in range(500)) + b")]",
    b'LIST "" "' + b"*%" * 500 + b'"',
    b"SUBSCRIBE nowhere",
    b"SEARCH UID 1:4294967295",
]
UNAUTHENTICATED = [
    b"SELECT INBOX",
    b"FETCH 1 FLAGS",
    b"LIST",
    b"LOGIN",
    b"LOGIN a",
    b'LOGIN "nobody@correio.test" "wrong"',
    b'LOGIN "" ""',
    b"LOGIN {3+}\r\na\0b {1+}\r\nx",
    b"LOGIN " + b"a" * 5000 + b" b",
    b"LOGIN {100000000}",
    b"AUTHENTICATE FOO",
    b"AUTHENTICATE PLAIN !!!!",
    b"AUTHENTICATE PLAIN =",
    b"IDLE",
]


async def answer(server: Served, person: Person | None, line: bytes, *, select: bool) -> tuple[bytes, bool]:
    """The tagged response (or BYE) to a line, and whether the connection still works. Any literal is left unsent."""
    client = await server.imap(person)
    if select:
        await client.ok(b"APPEND INBOX ", Literal(RAW))
        await client.ok(b"SELECT INBOX")
    client.writer.write(b"x1 " + line + b"\r\n")
    got = b""
    try:
        async with asyncio.timeout(20):
            while not got.startswith((b"x1 ", b"* BYE", b"* BAD")):
                got = await client.response()
                if got.startswith(b"+"):
                    # It waits for more: a SASL response or a literal. Refuse.
                    client.writer.write(b"*\r\n")
            client.writer.write(b"x2 NOOP\r\n")
            after = b""
            while not after.startswith(b"x2 "):
                after = await client.response()
            return got, after.startswith(b"x2 OK")
    except ConnectionError:
        return got, False
    finally:
        await client.close()


@pytest.mark.parametrize("line", SELECTED, ids=lambda line: repr(line[:40]))
async def test_bad_commands(line: bytes, server: Served, person: Person) -> None:
    """BAD or NO with the tag; only what cannot be framed may end the connection, with BYE."""
    got, works = await answer(server, person, line, select=True)
    assert got.startswith((b"x1 BAD ", b"x1 NO ", b"* BYE ", b"* BAD ")), got[:200]
    assert works or got.startswith((b"* BYE", b"x1 BAD")), got[:200]
    assert len(got) > 10
    assert b"Traceback" not in got


@pytest.mark.parametrize("line", FINE, ids=lambda line: repr(line[:40]))
async def test_odd_but_allowed(line: bytes, server: Served, person: Person) -> None:
    """Large sets and absent sections are answered OK, and at once."""
    got, works = await answer(server, person, line, select=True)
    assert got.startswith(b"x1 OK"), got[:200]
    assert works


@pytest.mark.parametrize("line", UNAUTHENTICATED, ids=lambda line: repr(line[:40]))
async def test_before_signing_in(line: bytes, server: Served) -> None:
    """Refused in its own words, and never as if it had worked."""
    got, _ = await answer(server, None, line, select=False)
    assert got.startswith((b"x1 BAD ", b"x1 NO ", b"* BYE ", b"* BAD ")), got[:200]


@pytest.mark.parametrize("line", [b" ", b"x", b"*", b"* OK hello", b"+ more", b"\0\0\0", b"(" * 1_000_000])
async def test_not_even_a_tag(line: bytes, server: Served) -> None:
    """An untagged BAD, a tagged one, or BYE."""
    client = await server.imap()
    client.writer.write(line + b"\r\n")
    async with asyncio.timeout(20):
        got = await client.response()
    assert got.startswith(b"* B") or got.split(b" ")[1:2] == [b"BAD"], got[:200]
    await client.close()


async def test_commands_right_after_done(server: Served, person: Person) -> None:
    """iOS sends the next command in the same segment as DONE."""
    client = await server.imap(person)
    await client.ok(b"SELECT INBOX")
    client.writer.write(b"i1 IDLE\r\n")
    while not (await client.response()).startswith(b"+"):
        pass
    client.writer.write(b"DONE\r\ni2 NOOP\r\ni3 UID FETCH 1:* FLAGS\r\n")
    got = [await client.response() for _ in range(3)]
    assert [line[:5] for line in got] == [b"i1 OK", b"i2 OK", b"i3 OK"]
    await client.close()


async def test_starttls_takes_nothing_with_it(server: Served) -> None:
    """What was sent in the clear behind STARTTLS is not carried out under TLS (CVE-2021-38371 and its kin)."""
    client = await server.imap()
    client.writer.write(b"s1 STARTTLS\r\ns2 CAPABILITY\r\n")
    try:
        async with asyncio.timeout(10):
            assert (await client.response()).startswith(b"s1 ")
            await client.writer.start_tls(trusting())
            client.writer.write(b"s3 NOOP\r\n")
            got = await client.response()
            assert got.startswith(b"s3 "), got
    except (ConnectionError, OSError):
        pass  # Hanging up is as good.
    await client.close()


async def test_rename_inbox(server: Served, person: Person) -> None:
    """RENAME INBOX moves its messages and leaves it empty (RFC 9051 section 6.3.6)."""
    client = await server.imap(person)
    await client.ok(b"APPEND INBOX ", Literal(RAW))
    await client.ok(b"RENAME INBOX Old")
    assert (await client.ok(b"STATUS INBOX (MESSAGES)")).of("STATUS")[0].endswith(b" (MESSAGES 0)")
    assert (await client.ok(b"STATUS Old (MESSAGES)")).of("STATUS")[0].endswith(b" (MESSAGES 1)")
    await client.close()


async def test_no_expunge_within_fetch_and_store(server: Served, person: Person) -> None:
    """Another session's EXPUNGE is told by NOOP, never during FETCH, STORE or SEARCH (RFC 9051 section 7.5.1)."""
    one, two = await server.imap(person), await server.imap(person)
    for _ in range(3):
        await one.ok(b"APPEND INBOX ", Literal(RAW))
    await one.ok(b"SELECT INBOX")
    await two.ok(b"SELECT INBOX")
    await two.ok(b"STORE 2 +FLAGS (\\Deleted)")
    await two.ok(b"EXPUNGE")
    for line in (b"FETCH 1:3 (FLAGS)", b"STORE 1,3 +FLAGS (\\Seen)", b"SEARCH ALL"):
        reply = await one.command(line)
        assert reply.of("EXPUNGE") == [], line
    assert (await one.ok(b"NOOP")).of("EXPUNGE") == [b"2"]
    await one.close()
    await two.close()
