"""The dialogue over real sockets."""

from __future__ import annotations

import asyncio
import ssl

import pytest

from correio.errors import UnavailableError
from correio.mail.directory import add_domain, add_user
from correio.mail.message_store import MessageStore
from protocols.smtp import end_of_data
from protocols.smtp.server import SmtpServer
from tests.conftest import NewPerson
from tests.peers.served import Person
from tests.peers.smtp import SmtpClient, stuffed
from tests.smtp.listeners import Listener, RawClient, inbox, listening, trace_and_message, trusting

MESSAGE = b"From: s@outside.test\r\nSubject: x\r\n\r\n.dot\r\n..dots\r\n.\r\n\xc3\xa9 end\r\n"


async def greeted(listener: Listener) -> RawClient:
    client = await RawClient.connect(listener.address)
    assert (await client.reply()).startswith("220 mx.correio.test ESMTP")
    assert (await client.say("EHLO client.test")).startswith("250")
    return client


async def test_a_message_octet_for_octet(smtp: Listener, person: Person, directory: MessageStore) -> None:
    client = await SmtpClient.connect(smtp.address)
    [answer] = await client.deliver([person.address], MESSAGE)
    assert (answer.code, answer.text[:6]) == (250, b"2.0.0 ")
    [stored] = await inbox(directory, person.id)
    fields, message = trace_and_message(stored)
    assert message == MESSAGE
    assert fields["Return-Path"] == "<sender@outside.test>"
    assert fields["Delivered-To"] == person.address
    received = fields["Received"]
    assert received.startswith("from client.test ([127.0.0.1]) by mx.correio.test with ESMTP id D")
    assert f"for <{person.address}>; " in received
    assert answer.text.split(b", ")[1].decode() in received
    await client.close()


async def test_what_is_advertised(smtp: Listener) -> None:
    client = await SmtpClient.connect(smtp.address)
    assert set(client.extensions) == {
        "PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING", "BINARYMIME", "DSN", "LIMITS", "STARTTLS",
        "HELP",
    }  # fmt: skip
    assert client.extensions["SIZE"] == str(50 * 1024 * 1024)
    assert client.extensions["LIMITS"] == "RCPTMAX=1000"
    await client.close()


DIALOGUE = [
    ("NOOP", "250 2.0.0"), ("MAIL FROM:<a@b.test>", "503 5.5.1"), ("HELO client.test", "250 mx.correio.test"),
    ("EHLO", "501 5.5.4"), ("EHLO a b", "501 5.5.4"), ("EHLO client.test", "250-mx.correio.test"),
    ("", "500 5.5.2"), ("XYZZY", "500 5.5.2"), ("AUTH PLAIN", "500 5.5.2"), ("DATA", "503 5.5.1"), ("RCPT TO:<a@b>", "503 5.5.1"),
    ("MAIL", "501 5.5.2"), ("MAIL TO:<a@b>", "501 5.5.2"), ("MAIL FROM:a@b", "501 5.1.7"), ("MAIL FROM:<a@b>SIZE=1", "501 5.1.7"),
    ("MAIL FROM:<a>", "501 5.1.7"), ("MAIL FROM:<postmaster>", "501 5.1.7"), ("MAIL FROM:<a@b> SIZE=x", "501 5.5.4"),
    ("MAIL FROM:<a@b> FOO=1", "555 5.5.4"), ("MAIL FROM:<a@b> SIZE=52428801", "552 5.3.4"), ("MAIL FROM:<é@b>", "553 5.6.7"),
    ("MAIL FROM:<a\x07@b>", "501 5.5.2"), ("mail from: <> BODY=8bitmime ret=FULL ENVID=Ab AUTH=<>", "250 2.1.0"),
    ("MAIL FROM:<a@b>", "503 5.5.1"), ("DATA", "503 5.5.1"), ("RCPT TO:<>", "501 5.1.3"),
    ("RCPT TO:<a@elsewhere.test>", "550 5.7.1"),
    ("RCPT TO:<nobody@correio.test>", "550 5.1.1"), ("RCPT TO:<josé@correio.test>", "553 5.6.7"),
    ("RCPT TO:<a@[127.0.0.1]>", "550 5.7.1"),
    ("RCPT TO:<person>", "501 5.1.3"), ("RCPT TO:<%s> NOTIFY=NEVER ORCPT=rfc822;A+40b", "250 2.1.5"), ("DATA x", "501 5.5.4"),
    ("RSET x", "501 5.5.4"), ("RSET", "250 2.0.0"), ("RCPT TO:<%s>", "503 5.5.1"), ("VRFY a", "252 2.0.0"), ("VRFY", "501 5.5.4"),
    ("EXPN list", "502 5.5.1"), ("HELP", "214 2.0.0"), ("HELP MAIL", "214 2.0.0"), ("HELP ME", "504 5.5.4"),
    ("LHLO x", "500 5.5.2"),
    ("NOOP whatever", "250 2.0.0"), ("QUIT now", "501 5.5.4"), ("QUIT", "221 2.0.0"),
]  # fmt: skip


async def test_dialogue(smtp: Listener, person: Person) -> None:
    client = await RawClient.connect(smtp.address)
    await client.reply()
    for line, expected in DIALOGUE:
        answer = await client.say(line.replace("%s", person.address))
        assert answer.startswith(expected), (line, answer)
    assert await client.rest() == b""
    await client.close()


async def test_the_same_transcript_split_at_every_octet(
    smtp: Listener, new_person: NewPerson, directory: MessageStore
) -> None:
    person = await new_person()
    wire = (
        b"EHLO c\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<" + person.address.encode() + b">\r\nRCPT TO:<x@y.test>\r\nDATA\r\n"
        + stuffed(b"A: b\r\n\r\n.\n.\r\n") + b"MAIL FROM:<>\r\nRSET\r\nQUIT\r\n"
    )  # fmt: skip

    async def whole(cut: int) -> list[bytes]:
        client = await RawClient.connect(smtp.address)
        client.writer.write(wire[:cut])
        await client.writer.drain()
        await asyncio.sleep(0.002)
        client.writer.write(wire[cut:])
        lines = (await client.rest()).split(b"\r\n")
        await client.close()
        return [line[:9] for line in lines if line[3:4] == b" "]

    expected = [
        b"220 mx.co", b"250 HELP", b"250 2.1.0", b"250 2.1.5", b"550 5.7.1", b"354 Send ", b"250 2.0.0", b"250 2.1.0", b"250 2.0.0",
        b"221 2.0.0",
    ]  # fmt: skip
    for first in range(0, len(wire), 16):
        answers = await asyncio.gather(*(whole(cut) for cut in range(first, min(first + 16, len(wire)))))
        assert all(answer == expected for answer in answers), answers
    stored = await inbox(directory, person.id)
    assert len(stored) == len(wire)
    assert {trace_and_message(one)[1] for one in stored} == {b"A: b\r\n\r\n.\r\n.\r\n"}


async def test_pipelined_replies_leave_together(smtp: Listener, person: Person) -> None:
    client = await greeted(smtp)
    client.writer.write(f"MAIL FROM:<a@b.test>\r\nRCPT TO:<{person.address}>\r\nDATA\r\n".encode())
    first = await client.reader.read(65536)
    assert first.count(b"\r\n") == 3
    await client.close()


SMUGGLING = [
    b"\n.\n",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r.\r",
    b"\r.\r\n",
    b"\r\n.\r",
    b"\r.\n",
    b"\n.\r",
    b"\r\n.\r\r\n",
    b"\r\n.\n\r\n",
]


@pytest.mark.parametrize("trap", SMUGGLING)
async def test_smuggling(smtp: Listener, person: Person, directory: MessageStore, trap: bytes) -> None:
    client = await greeted(smtp)
    await client.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{person.address}>", "DATA")
    inner = f"MAIL FROM:<evil@b.test>\r\nRCPT TO:<{person.address}>\r\nDATA\r\nSubject: evil\r\n\r\n".encode()
    answer = await client.say(b"Subject: good\r\n\r\nx" + trap + inner + b"\r\n.")
    assert answer.startswith("250 2.0.0")
    assert (await client.say("NOOP")).startswith("250 2.0.0")
    assert len(await inbox(directory, person.id)) == 1
    await client.close()


async def test_bare_line_feed_ends_no_command(smtp: Listener) -> None:
    client = await RawClient.connect(smtp.address)
    await client.reply()
    client.writer.write(b"EHLO c\nNOOP\r\n")
    assert (await client.reply()).startswith("500 5.5.2")
    assert (await client.reply()).startswith("250 2.0.0")
    await client.close()


async def test_starttls_drops_injected_plain_text(smtp: Listener, person: Person) -> None:
    client = await RawClient.connect(smtp.address)
    await client.reply()
    await client.say("EHLO plain.test")
    client.writer.write(b"STARTTLS\r\nEHLO evil.test\r\nMAIL FROM:<evil@b.test>\r\n")
    assert (await client.reply()).startswith("220 2.0.0")
    await client.start_tls(trusting())
    # Neither the name nor the transaction of before TLS is left, and nothing answers what was injected.
    assert (await client.say("MAIL FROM:<a@b.test>")).startswith("503 5.5.1")
    answer = await client.say("EHLO tls.test")
    assert "STARTTLS" not in answer
    assert (await client.say("STARTTLS")).startswith("503 5.5.1")
    assert (await client.say("QUIT")).startswith("221")
    await client.close()


async def test_received_under_tls(smtp: Listener, person: Person, directory: MessageStore) -> None:
    client = await RawClient.connect(smtp.address)
    await client.reply()
    await client.say("EHLO c.test", "STARTTLS")
    await client.start_tls(trusting())
    await client.say("EHLO c.test", "MAIL FROM:<é@b.test> SMTPUTF8", f"RCPT TO:<{person.address}>", "DATA")
    assert (await client.say("A: é\r\n\r\n.")).startswith("250 2.0.0")
    [stored] = await inbox(directory, person.id)
    fields, message = trace_and_message(stored)
    assert "with UTF8SMTPS id" in fields["Received"]
    assert "(TLSv1.3 TLS_" in fields["Received"]
    assert fields["Return-Path"] == "<é@b.test>"
    assert message == "A: é\r\n\r\n".encode()
    await client.close()


async def test_starttls_is_not_there_without_a_certificate(directory: MessageStore) -> None:
    async with listening(SmtpServer, directory) as listener:
        client = await SmtpClient.connect(listener.address)
        assert "STARTTLS" not in client.extensions
        assert (await client.command(b"STARTTLS")).code == 502
        await client.close()


async def test_a_failed_handshake_ends_the_connection(smtp: Listener) -> None:
    client = await greeted(smtp)
    await client.say("STARTTLS")
    client.writer.write(b"this is no ClientHello\r\n" * 10)
    rest = await client.rest()
    assert b"250" not in rest
    await client.close()


async def test_half_close_after_data_is_a_delivery(smtp: Listener, person: Person, directory: MessageStore) -> None:
    client = await greeted(smtp)
    await client.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{person.address}>", "DATA")
    client.writer.write(b"A: b\r\n\r\nx\r\n.\r\n")
    client.writer.write_eof()
    assert (await client.rest()).startswith(b"250 2.0.0")
    assert len(await inbox(directory, person.id)) == 1
    await client.close()


async def test_half_close_within_data_is_none(smtp: Listener, person: Person, directory: MessageStore) -> None:
    client = await greeted(smtp)
    await client.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{person.address}>", "DATA")
    client.writer.write(b"A: b\r\n\r\nx\r\n.\r")
    client.writer.write_eof()
    assert await client.rest() == b""
    assert await inbox(directory, person.id) == []
    await client.close()


async def test_a_delivery_outlives_its_client(smtp: Listener, person: Person, directory: MessageStore) -> None:
    client = await greeted(smtp)
    await client.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{person.address}>", "DATA")
    client.writer.write(b"A: b\r\n\r\nx\r\n.\r\n")
    await client.writer.drain()
    client.writer.transport.abort()
    for _ in range(500):
        if await inbox(directory, person.id):
            break
        await asyncio.sleep(0.01)
    assert len(await inbox(directory, person.id)) == 1


async def test_oversize_while_it_comes(directory: MessageStore, person: Person) -> None:
    async with listening(SmtpServer, directory, message_size=1000) as listener:
        client = await greeted(listener)
        answer = await client.say("MAIL FROM:<a@b.test> SIZE=1001")
        assert answer.startswith("552 5.3.4")
        await client.say("MAIL FROM:<a@b.test> SIZE=1000", f"RCPT TO:<{person.address}>", "DATA")
        answer = await client.say(b"A: b\r\n\r\n" + b"x" * 3000 + b"\r\n.")
        assert answer.startswith("552 5.3.4")
        await client.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{person.address}>", "DATA")
        assert (await client.say(b"A: b\r\n\r\n" + b"x" * 990 + b"\r\n.")).startswith("250")
        # What never ends is not read for ever.
        await client.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{person.address}>", "DATA")
        client.writer.write(b"x" * 4001)
        assert (await client.reply()).startswith("552 5.3.4")
        assert await client.rest() == b""
        await client.close()
    [stored] = await inbox(directory, person.id)
    assert len(trace_and_message(stored)[1]) == 1000


async def test_a_line_of_a_mebibyte(smtp: Listener, person: Person, directory: MessageStore) -> None:
    client = await SmtpClient.connect(smtp.address)
    message = b"A: b\r\n\r\n" + b"x" * (1 << 20) + b"\r\n"
    [answer] = await client.deliver([person.address], message)
    assert answer.code == 250
    assert trace_and_message((await inbox(directory, person.id))[0])[1] == message
    await client.close()


async def test_a_command_line_too_long(smtp: Listener) -> None:
    client = await greeted(smtp)
    for length in (4097, 20_000, 300_000):
        assert (await client.say("NOOP " + "x" * length)).startswith("500 5.5.2")
    assert (await client.say("NOOP")).startswith("250")
    await client.close()


async def test_bdat(smtp: Listener, person: Person, directory: MessageStore) -> None:
    client = await greeted(smtp)
    await client.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{person.address}>")
    client.writer.write(b"BDAT 9\r\nSubject: BDAT 11\r\n\r\n\r\n.\r\n\r\n..BDAT 0 LAST\r\nNOOP\r\n")
    answers = [await client.reply() for _ in range(4)]
    assert [answer[:9] for answer in answers] == ["250 2.0.0"] * 4
    assert "9 octets" in answers[0]
    [stored] = await inbox(directory, person.id)
    assert trace_and_message(stored)[1] == b"Subject: \r\n\r\n.\r\n\r\n.."
    await client.close()


async def test_bdat_out_of_order(smtp: Listener, person: Person) -> None:
    client = await greeted(smtp)
    assert (await client.say(b"BDAT 6\r\nNOOP")).startswith("503")
    await client.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{person.address}>")
    assert (await client.say(b"BDAT 4\r\nxx")).startswith("250")
    assert (await client.say("DATA")).startswith("503")
    assert (await client.say(f"RCPT TO:<{person.address}>")).startswith("503")
    assert (await client.say("RSET")).startswith("250")
    assert (await client.say("BDAT 0 LAST")).startswith("503")
    for wrong in ("BDAT", "BDAT x", "BDAT -1", "BDAT 1 FIRST", "BDAT 1 LAST x"):
        client = await greeted(smtp)
        assert (await client.say(wrong)).startswith("501 5.5.4")
        assert await client.rest() == b""
    await client.close()


async def test_bdat_oversize(directory: MessageStore, person: Person) -> None:
    async with listening(SmtpServer, directory, message_size=1000) as listener:
        client = await greeted(listener)
        await client.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{person.address}>")
        assert (await client.say(b"BDAT 1000\r\n" + b"x" * 998)).startswith("250")
        assert (await client.say(b"BDAT 2\r\n")).startswith("552 5.3.4")
        assert (await client.say(b"BDAT 2 LAST\r\n")).startswith("503")
        assert (await client.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{person.address}>")).startswith("250")
        assert (await client.say("BDAT 4294967296 LAST")).startswith("552 5.3.4")
        assert await client.rest() == b""
        await client.close()
    assert await inbox(directory, person.id) == []


async def test_a_thousand_recipients(smtp: Listener, directory: MessageStore) -> None:
    await add_domain(directory, "many.test")
    people = [await add_user(directory, f"u{number}@many.test", "") for number in range(20)]
    client = await RawClient.connect(smtp.address)
    await client.reply()
    await client.say("EHLO c.test", "MAIL FROM:<a@b.test>")
    # Fifty tags each: a thousand recipients, twenty accounts, one message in each.
    lines = [f"RCPT TO:<u{number % 20}+t{number}@many.test>" for number in range(1000)]
    assert (await client.say(*lines)).startswith("250 2.1.5")
    assert (await client.say("RCPT TO:<u1@many.test>")).startswith("452 4.5.3")
    assert (await client.say("DATA")).startswith("354")
    assert (await client.say("A: b\r\n\r\nx\r\n.")).startswith("250 2.0.0")
    stored = [await inbox(directory, account.id) for account in people]
    assert [len(messages) for messages in stored] == [1] * 20
    assert all("for <" not in trace_and_message(messages[0])[0]["Received"] for messages in stored)
    await client.close()


async def test_a_full_mailbox_is_refused_at_rcpt(smtp: Listener, directory: MessageStore, person: Person) -> None:
    await add_domain(directory, "small.test")
    small = await add_user(directory, "small@small.test", "", quota=2000)
    client = await greeted(smtp)
    assert (await client.say("MAIL FROM:<a@b.test> SIZE=3000", "RCPT TO:<small@small.test>")).startswith("552 5.2.2")
    assert (await client.say(f"RCPT TO:<{person.address}>")).startswith("250")
    assert (await client.say("RSET", "MAIL FROM:<a@b.test>", "RCPT TO:<small@small.test>", "DATA")).startswith("354")
    # Larger than the mailbox may ever be: no use to try again.
    assert (await client.say(b"A: b\r\n\r\n" + b"x" * 3000 + b"\r\n.")).startswith("552 5.2.2")
    await client.say("MAIL FROM:<a@b.test>", "RCPT TO:<small@small.test>", "DATA")
    assert (await client.say(b"A: b\r\n\r\n" + b"x" * 1000 + b"\r\n.")).startswith("250 2.0.0")
    await client.say("MAIL FROM:<a@b.test>", "RCPT TO:<small@small.test>", f"RCPT TO:<{person.address}>", "DATA")
    # One reply for both, so nobody has it: a sender that tries again makes no second copy.
    assert (await client.say(b"A: b\r\n\r\n" + b"x" * 1000 + b"\r\n.")).startswith("452 4.2.2")
    assert await inbox(directory, person.id) == []
    assert len(await inbox(directory, small.id)) == 1
    await client.close()


async def test_a_full_mailbox_keeps_no_message_from_the_others_for_long(
    smtp: Listener, directory: MessageStore, person: Person
) -> None:
    """Where MAIL does not say the size, only the data can tell; the next attempt knows."""
    await add_domain(directory, "smaller.test")
    small = await add_user(directory, "small@smaller.test", "", quota=2000)
    client = await greeted(smtp)

    async def attempt(size: str, octets: int) -> list[str]:
        await client.say(f"MAIL FROM:<a@b.test>{size}")
        answers = [await client.say(f"RCPT TO:<{to}>") for to in (small.address, person.address)]
        await client.say("DATA")
        return [answer[:9] for answer in (*answers, await client.say(b"A: b\r\n\r\n" + b"x" * octets + b"\r\n."))]

    assert await attempt("", 9000) == ["250 2.1.5", "250 2.1.5", "451 4.3.0"]
    # For now only: what is sent this time may be smaller.
    assert await attempt("", 9000) == ["452 4.2.2", "250 2.1.5", "250 2.0.0"]
    assert await attempt(" SIZE=1000", 900) == ["250 2.1.5", "250 2.1.5", "250 2.0.0"]
    # The size fits to the octet, and the trace fields do not.
    assert await attempt(" SIZE=700", 690) == ["250 2.1.5", "250 2.1.5", "452 4.2.2"]
    assert await attempt(" SIZE=700", 690) == ["452 4.2.2", "250 2.1.5", "250 2.0.0"]
    assert len(await inbox(directory, person.id)) == 3
    assert len(await inbox(directory, small.id)) == 1
    await client.close()


async def test_loops_end(smtp: Listener, person: Person) -> None:
    client = await SmtpClient.connect(smtp.address)
    [answer] = await client.deliver([person.address], b"Received: x\r\n" * 101 + b"\r\n")
    assert (answer.code, answer.text[:5]) == (554, b"5.4.6")
    await client.close()


async def test_a_defect_is_temporary_and_keeps_its_text(
    smtp: Listener, person: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> list[None]:
        raise RuntimeError("the secret inside")

    client = await SmtpClient.connect(smtp.address)
    with monkeypatch.context() as patched:
        patched.setattr(end_of_data, "deliver", broken)
        [answer] = await client.deliver([person.address], b"A: b\r\n\r\n")
    assert (answer.code, answer.text[:5]) == (451, b"4.3.0")
    assert b"secret" not in answer.text
    assert "the secret inside" in caplog.text
    [answer] = await client.deliver([person.address], b"A: b\r\n\r\n")
    assert answer.code == 250
    await client.close()


async def test_an_unavailable_database_is_temporary(
    smtp: Listener, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> list[None]:
        raise UnavailableError("The database is away.")

    client = await SmtpClient.connect(smtp.address)
    monkeypatch.setattr(end_of_data, "deliver", away)
    [answer] = await client.deliver([person.address], b"A: b\r\n\r\n")
    assert (answer.code, answer.text[:5]) == (451, b"4.3.0")
    await client.close()


async def test_a_silent_client_is_told_and_closed(directory: MessageStore, person: Person) -> None:
    async with listening(SmtpServer, directory, smtp_timeout=0.2) as listener:
        client = await RawClient.connect(listener.address)
        await client.reply()
        client.writer.write(b"EHL")
        assert (await client.reply()).startswith("421 4.4.2")
        assert await client.rest() == b""
        client = await greeted(listener)
        await client.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{person.address}>", "DATA")
        client.writer.write(b"A: b\r\n\r\nx\r\n.\r")
        assert (await client.reply()).startswith("421 4.4.2")
        await client.close()
    assert await inbox(directory, person.id) == []


async def test_connection_limits(directory: MessageStore) -> None:
    async with listening(SmtpServer, directory, connections_per_address=2) as listener:
        one, two = await greeted(listener), await greeted(listener)
        three = await RawClient.connect(listener.address)
        assert (await three.reply()).startswith("421 4.7.0")
        assert await three.rest() == b""
        assert (await one.say("QUIT")).startswith("221")
        assert await one.rest() == b""
        four = await greeted(listener)
        for client in (one, two, three, four):
            await client.close()


async def test_too_many_errors(smtp: Listener) -> None:
    client = await greeted(smtp)
    for _ in range(100):
        assert (await client.say("DATA")).startswith("503")
    assert (await client.say("DATA")).startswith("421 4.7.0")
    assert await client.rest() == b""
    await client.close()


async def test_too_many_unknown_commands(smtp: Listener) -> None:
    client = await greeted(smtp)
    for _ in range(4):
        assert (await client.say("XYZZY")).startswith("500 5.5.2")
    assert (await client.say("XYZZY")).startswith("502 5.5.1")
    assert await client.rest() == b""
    await client.close()


async def test_a_defect_at_one_recipient_is_not_the_others(
    smtp: Listener, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the secret inside")

    client = await greeted(smtp)
    await client.say("MAIL FROM:<a@b.test>")
    with monkeypatch.context() as patched:
        patched.setattr("protocols.smtp.commands.rcpt.resolve_recipient", broken)
        assert (await client.say(f"RCPT TO:<{person.address}>")).startswith("451 4.3.0")
    assert (await client.say(f"RCPT TO:<{person.address}>")).startswith("250 2.1.5")
    await client.close()


async def test_memory_is_bounded(directory: MessageStore, person: Person) -> None:
    async with listening(SmtpServer, directory, message_size=1000) as listener:
        assert isinstance(listener.server, SmtpServer)
        listener.server.incoming_limit = 1500
        client = await greeted(listener)
        other = await greeted(listener)
        for each in (client, other):
            await each.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{person.address}>")
        assert (await other.say(b"BDAT 900\r\n" + b"x" * 898)).startswith("250")
        await client.say("DATA")
        assert (await client.say(b"A: b\r\n\r\n" + b"x" * 900 + b"\r\n.")).startswith("452 4.3.1")
        assert (await other.say("RSET")).startswith("250")
        assert listener.server.incoming == 0
        await client.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{person.address}>", "DATA")
        assert (await client.say(b"A: b\r\n\r\n" + b"x" * 900 + b"\r\n.")).startswith("250")
        await other.close()
        await client.close()


async def test_a_chunk_that_does_not_come_takes_no_memory(directory: MessageStore, person: Person) -> None:
    async with listening(SmtpServer, directory, message_size=1000) as listener:
        assert isinstance(listener.server, SmtpServer)
        listener.server.incoming_limit = 1500
        silent = await greeted(listener)
        await silent.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{person.address}>")
        silent.writer.write(b"BDAT 900 LAST\r\nA: b\r\n")
        client = await greeted(listener)
        await client.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{person.address}>")
        assert (await client.say(b"BDAT 902 LAST\r\n" + b"x" * 900)).startswith("250 2.0.0")
        # Where there is none while a chunk comes, it is refused when it is over, and the next command is understood.
        await client.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{person.address}>")
        listener.server.incoming_limit = 500
        assert (await client.say(b"BDAT 902\r\n" + b"x" * 900)).startswith("452 4.3.1")
        assert (await client.say(b"BDAT 2 LAST\r\n")).startswith("503 5.5.1")
        assert (await client.say("NOOP")).startswith("250")
        await silent.close()
        await client.close()


async def test_an_empty_message(smtp: Listener, person: Person, directory: MessageStore) -> None:
    client = await greeted(smtp)
    await client.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{person.address}>")
    assert (await client.say("BDAT 0 LAST")).startswith("250 2.0.0")
    await client.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{person.address}>", "DATA")
    assert (await client.say(".")).startswith("250 2.0.0")
    assert [trace_and_message(stored)[1] for stored in await inbox(directory, person.id)] == [b"", b""]
    await client.close()


async def test_shutting_down(directory: MessageStore, person: Person) -> None:
    async with listening(SmtpServer, directory) as listener:
        idle = await greeted(listener)
        sending = await greeted(listener)
        await sending.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{person.address}>", "DATA")
        sending.writer.write(b"A: b\r\n\r\nx\r\n")
        closing = asyncio.create_task(listener.server.close(5))
        assert (await idle.reply()).startswith("421 4.3.2")
        assert await idle.rest() == b""
        # The message that was coming in is still taken.
        assert (await sending.say(".")).startswith("250 2.0.0")
        assert (await sending.reply()).startswith("421 4.3.2")
        await closing
        with pytest.raises(OSError):
            await RawClient.connect(listener.address)
        await idle.close()
        await sending.close()
    assert len(await inbox(directory, person.id)) == 1


async def test_implicit_tls(directory: MessageStore, server_tls: ssl.SSLContext, person: Person) -> None:
    async with listening(SmtpServer, directory, server_tls, implicit_tls=True) as listener:
        client = await SmtpClient.connect(listener.address, tls=trusting())
        assert "STARTTLS" not in client.extensions
        [answer] = await client.deliver([person.address], b"A: b\r\n\r\n")
        assert answer.code == 250
        await client.close()
    assert "with ESMTPS id" in trace_and_message((await inbox(directory, person.id))[0])[0]["Received"]


async def test_postmaster_without_a_domain(directory: MessageStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 5321 section 4.5.1: the one of this server's name, or of the domain that it is in; nobody elsewhere."""
    async with listening(SmtpServer, directory) as listener:
        monkeypatch.setattr(listener.server, "hostname", "mx.postmaster.test")
        client = await SmtpClient.connect(listener.address)

        async def delivered() -> tuple[int, bytes]:
            [answer] = await client.deliver(["Postmaster"], b"A: b\r\n\r\n")
            await client.command(b"RSET")
            return answer.code, answer.text[:5]

        assert await delivered() == (550, b"5.7.1")
        await add_domain(directory, "postmaster.test")
        assert await delivered() == (550, b"5.1.1")
        domain = await add_user(directory, "postmaster@postmaster.test", "")
        assert await delivered() == (250, b"2.0.0")
        [stored] = await inbox(directory, domain.id)
        assert trace_and_message(stored)[0]["Delivered-To"] == "Postmaster@postmaster.test"
        await add_domain(directory, "mx.postmaster.test")
        host = await add_user(directory, "postmaster@mx.postmaster.test", "")
        assert await delivered() == (250, b"2.0.0")
        assert len(await inbox(directory, host.id)) == 1
        await client.close()


async def test_addresses_in_utf8(smtp: Listener, directory: MessageStore) -> None:
    await add_domain(directory, "exämple.test")
    maria = await add_user(directory, "maría@exämple.test", "")
    bob = await add_user(directory, "bob@exämple.test", "")
    client = await greeted(smtp)
    assert (await client.say("MAIL FROM:<用户@例子.广告>")).startswith("553 5.6.7")
    await client.say("MAIL FROM:<用户@例子.广告> SMTPUTF8 BODY=8BITMIME", "RCPT TO:<María@EXÄMPLE.test>")
    # The A-label is the same domain, and needs no SMTPUTF8.
    assert (await client.say("RSET", "MAIL FROM:<>", "RCPT TO:<bob@xn--exmple-cua.test>", "DATA")).startswith("354")
    assert (await client.say("A: b\r\n\r\n.")).startswith("250")
    await client.say("MAIL FROM:<用户@例子.广告> SMTPUTF8", "RCPT TO:<María@EXÄMPLE.test>", "DATA")
    assert (await client.say("A: ü\r\n\r\n.")).startswith("250")
    fields, _ = trace_and_message((await inbox(directory, maria.id))[0])
    assert fields["Return-Path"] == "<用户@例子.广告>"
    assert fields["Delivered-To"] == "María@EXÄMPLE.test"
    assert trace_and_message((await inbox(directory, bob.id))[0])[0]["Return-Path"] == "<>"
    await client.close()
