"""Whatever comes in, SMTP and LMTP answer 5yz (or 4yz where it is our fault), and go on."""

from __future__ import annotations

import asyncio

import pytest

from tests.peers.served import Person, Served, trusting

LISTENERS = ["smtp", "lmtp"]
BAD = [
    b"FOO",
    b"",
    b"MAIL",
    b"MAIL FROM",
    b"MAIL FROM:a@b.test",
    b"MAIL FROM:<a@b.test",
    b"MAIL FROM:<a b@c.test>",
    b"MAIL FROM:<a@b.test> FOO=BAR",
    b"MAIL FROM:<a@b.test> SIZE=99999999999999999999",
    b"MAIL FROM:<a@b.test> SIZE=x",
    b"MAIL FROM:<a@b.test> BODY=9BIT",
    b"MAIL FROM:<" + b"a" * 5000 + b"@b.test>",
    b"MAIL FROM:<\xff\xfe@b.test>",
    b"MAIL FROM:<a\0@b.test>",
    b"RCPT TO:<a@correio.test>",
    b"DATA",
    b"BDAT 0 LAST",
    b"AUTH FOO",
    b"STARTTLS now",
    b"EXPN list",
    b"\xff\xfe",
    b"NO\0OP",
    b"x" * 100_000,
]
BAD_RECIPIENTS = [
    b"RCPT",
    b"RCPT TO:a",
    b"RCPT TO:<>",
    b"RCPT TO:<nobody@correio.test>",
    b"RCPT TO:<a@elsewhere.test>",
    b"RCPT TO:<a@correio.test> FOO=BAR",
    b"RCPT TO:<a@b@correio.test>",
    b"RCPT TO:<@elsewhere.test:nobody@correio.test>",
    b"RCPT TO:<nobody%elsewhere.test@correio.test>",
    b"RCPT TO:<" + b"a" * 5000 + b"@correio.test>",
    "RCPT TO:<é@correio.test>".encode(),
    b"DATA",
]
ENDS = [
    b"\n.\n",
    b"\n.\r\n",
    b"\r.\r",
    b"\r.\r\n",
    b"\r\n.\n",
    b"\r\n.\r",
    b"\n\r.\r\n",
    b"\r\r\n.\r",
    b"\r\n.\r\r\n",
    b"\r\n\0.\r\n",
    b"\r\n.\0\r\n",
    b"\r\n .\r\n",
    b"\r\n..\r\n",
]


@pytest.mark.parametrize("listener", LISTENERS)
@pytest.mark.parametrize("line", BAD, ids=lambda line: repr(line[:40]))
async def test_bad_commands(line: bytes, listener: str, server: Served) -> None:
    """5yz with an enhanced code, and the session goes on."""
    client = await server.smtp(listener)
    answer = await client.command(line)
    assert 500 <= answer.code < 600, answer
    assert (await client.command(b"NOOP")).code == 250
    await client.close()


@pytest.mark.parametrize("listener", LISTENERS)
@pytest.mark.parametrize("line", BAD_RECIPIENTS, ids=lambda line: repr(line[:40]))
async def test_bad_recipients(line: bytes, listener: str, server: Served) -> None:
    """Refused one by one."""
    client = await server.smtp(listener)
    assert (await client.command(b"MAIL FROM:<a@outside.test>")).code == 250
    answer = await client.command(line)
    assert 500 <= answer.code < 600, answer
    assert (await client.command(b"RSET")).code == 250
    await client.close()


@pytest.mark.parametrize("line", [b"HELO", b"EHLO", b"EHLO " + b"x" * 5000, b"EHLO \xff", b"LHLO client.test"])
async def test_bad_hello(line: bytes, server: Served) -> None:
    """5yz."""
    client = await server.smtp("smtp", hello=False)
    assert 500 <= (await client.command(line)).code < 600
    await client.close()


async def test_lmtp_is_not_smtp(server: Served) -> None:
    """EHLO on LMTP is refused (RFC 2033 section 4.1)."""
    client = await server.smtp("lmtp", hello=False)
    assert 500 <= (await client.command(b"EHLO client.test")).code < 600
    await client.close()


@pytest.mark.parametrize("listener", LISTENERS)
@pytest.mark.parametrize("end", ENDS, ids=repr)
async def test_smuggling(end: bytes, listener: str, server: Served, person: Person) -> None:
    """Only CRLF.CRLF ends a message: what looks like an end and a new envelope stays content, or all is refused."""
    client = await server.smtp(listener)
    inner = (
        b"MAIL FROM:<forged@outside.test>\r\nRCPT TO:<" + person.address.encode() + b">\r\nDATA\r\nSubject: forged\r\n"
    )
    for line in (b"MAIL FROM:<a@outside.test>", b"RCPT TO:<" + person.address.encode() + b">"):
        assert (await client.command(line)).code == 250
    assert (await client.command(b"DATA")).code == 354
    client.writer.write(b"Subject: carrier\r\n\r\ntext" + end + inner + b"\r\nx\r\n.\r\n")
    answer = await client.reply()
    assert answer.code in (250, 550, 554), answer
    assert (await client.command(b"NOOP")).code == 250
    await client.close()
    imap = await server.imap(person)
    await imap.ok(b"EXAMINE INBOX")
    found = (await imap.ok(b"UID FETCH 1:* (UID BODY.PEEK[])")).fetched()
    assert len(found) == (answer.code == 250)
    assert not any(items["BODY[]"].startswith(b"Return-Path: <forged") for items in found.values())
    await imap.close()


@pytest.mark.parametrize("listener", LISTENERS)
async def test_half_close_after_data(listener: str, server: Served, person: Person) -> None:
    """A client that closes its side after the final dot still gets its answer, and the message is there."""
    client = await server.smtp(listener)
    for line in (b"MAIL FROM:<a@outside.test>", b"RCPT TO:<" + person.address.encode() + b">"):
        assert (await client.command(line)).code == 250
    assert (await client.command(b"DATA")).code == 354
    client.writer.write(b"Subject: half\r\n\r\nclosed\r\n.\r\n")
    client.writer.write_eof()
    async with asyncio.timeout(20):
        assert (await client.reply()).code == 250
    await client.close()
    imap = await server.imap(person)
    assert (await imap.ok(b"STATUS INBOX (MESSAGES)")).of("STATUS")[0].endswith(b" (MESSAGES 1)")
    await imap.close()


async def test_starttls_takes_nothing_with_it(server: Served) -> None:
    """What was sent in the clear behind STARTTLS is not carried out under TLS."""
    client = await server.smtp()
    client.writer.write(b"STARTTLS\r\nRSET\r\nMAIL FROM:<a@b.test>\r\n")
    try:
        async with asyncio.timeout(10):
            assert (await client.reply()).code in (220, 503, 554, 501, 421)
            await client.writer.start_tls(trusting())
            client.writer.write(b"EHLO again.test\r\n")
            answer = await client.reply()
            assert answer.code == 250
            assert len(answer.lines) > 1, answer
            client.writer.write(b"RCPT TO:<a@correio.test>\r\n")
            assert (await client.reply()).code == 503
    except (ConnectionError, OSError):
        pass  # Hanging up is as good.
    await client.close()


async def test_too_many_recipients(server: Served, person: Person) -> None:
    """Over the bound: 452, and those before it are served (RFC 5321 section 4.5.3.1.10)."""
    client = await server.smtp("lmtp")
    await client.command(b"MAIL FROM:<a@outside.test>")
    client.writer.write((b"RCPT TO:<" + person.address.encode() + b">\r\n") * 1100)
    codes = [(await client.reply()).code for _ in range(1100)]
    assert set(codes) <= {250, 452, 550}
    assert codes[0] == 250
    assert codes[-1] == 452
    await client.close()


async def test_submission_asks_who(server: Served) -> None:
    """MAIL before AUTH is 530 on the port for users."""
    client = await server.smtp("submission")
    assert (await client.command(b"MAIL FROM:<a@b.test>")).code == 530
    await client.close()
