"""The submission listener: AUTH, own senders, the header, and where it goes."""

from __future__ import annotations

import asyncio
import base64
import smtplib
import ssl

import pytest

from correio.mail.directory import disable_user
from correio.mail.fetch import find_message
from correio.mail.message_store import MessageStore
from correio.mail.sent import find_send, list_sent
from protocols.smtp import connection as connection_module
from protocols.smtp.server import SubmissionServer
from tests.conftest import NewPerson
from tests.peers.served import Person
from tests.smtp.listeners import HOSTNAME, Listener, RawClient, inbox, listening, trace_and_message, trusting


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def plain(person: Person, password: str | None = None, authorization: str = "") -> str:
    return b64(f"{authorization}\0{person.address}\0{password or person.password}")


async def greeted(listener: Listener) -> RawClient:
    client = await RawClient.connect(listener.address)
    await client.reply()
    await client.say("EHLO client.test")
    return client


async def signed_in(listener: Listener, person: Person) -> RawClient:
    client = await greeted(listener)
    assert (await client.say("AUTH PLAIN " + plain(person))).startswith("235 2.7.0")
    return client


async def test_nothing_before_auth(submission: Listener, person: Person) -> None:
    client = await greeted(submission)
    for line in (f"MAIL FROM:<{person.address}>", f"RCPT TO:<{person.address}>", "DATA"):
        assert (await client.say(line)).startswith("530 5.7.0")
    assert (await client.say("NOOP")).startswith("250")
    await client.close()


async def test_plain_and_login(submission: Listener, person: Person) -> None:
    client = await greeted(submission)
    assert "AUTH SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN LOGIN" in await client.say("EHLO client.test")
    assert await client.say("auth plain") == "334 "
    assert (await client.say(plain(person))).startswith("235 2.7.0")
    assert (await client.say("AUTH PLAIN")).startswith("503")
    assert "AUTH" not in await client.say("EHLO client.test")
    client = await greeted(submission)
    assert await client.say("AUTH LOGIN") == "334 " + b64("Username:")
    assert await client.say(b64(person.address)) == "334 " + b64("Password:")
    assert (await client.say(b64(person.password))).startswith("235 2.7.0")
    client = await greeted(submission)
    assert await client.say("AUTH LOGIN " + b64(person.address)) == "334 " + b64("Password:")
    assert (await client.say(b64(person.password))).startswith("235 2.7.0")
    client = await greeted(submission)
    assert (await client.say("AUTH PLAIN " + plain(person, authorization=person.address))).startswith("235 2.7.0")
    await client.close()


async def test_auth_that_fails(submission: Listener, person: Person) -> None:
    client = await greeted(submission)
    for line, expected in [
        ("AUTH", "504 5.5.4"), ("AUTH GSSAPI", "504 5.5.4"), ("AUTH PLAIN !", "501 5.5.2"), ("AUTH PLAIN =", "501 5.5.2"),
        ("AUTH PLAIN " + b64("a"), "501 5.5.2"), ("AUTH PLAIN " + b64("\0\0"), "501 5.5.2"),
        ("AUTH PLAIN " + base64.b64encode(b"\0\xff\0x").decode(), "501 5.5.2"),
        ("AUTH PLAIN " + plain(person, authorization="other@correio.test"), "535 5.7.8"),
        ("AUTH PLAIN " + plain(person, "wrong"), "535 5.7.8"),
        ("AUTH PLAIN " + b64("\0no-such@correio.test\0wrong"), "535 5.7.8"), ("AUTH PLAIN", "334 "), ("*", "501 5.7.0"),
        ("AUTH LOGIN", "334 "), ("not base64", "501 5.5.2"), ("NOOP", "250 2.0.0"),
    ]:  # fmt: skip
        answer = await client.say(line)
        assert answer.startswith(expected), (line, answer)
    await client.close()


async def test_a_disabled_account_sends_no_more(submission: Listener, person: Person, directory: MessageStore) -> None:
    client = await greeted(submission)
    assert (await client.say("AUTH PLAIN " + plain(person))).startswith("235")
    assert (await client.say("MAIL FROM:<>")).startswith("250")
    await client.say("RSET")
    await disable_user(directory, person.address)
    assert (await client.say("MAIL FROM:<>")).startswith("530 5.7.0")
    assert (await client.say("AUTH PLAIN " + plain(person))).startswith("535 5.7.8")
    await client.close()


async def test_no_chunk_is_taken_from_who_may_send_no_more(
    submission: Listener, person: Person, directory: MessageStore
) -> None:
    """Neither where the account was closed before the message came, nor after its first chunk."""
    client = await signed_in(submission, person)
    await client.say(f"MAIL FROM:<{person.address}>", "RCPT TO:<somebody@outside.test>")
    assert (await client.say(b"BDAT 6\r\nA: b")).startswith("250 2.0.0")
    await disable_user(directory, person.address)
    assert (await client.say(b"BDAT 4 LAST\r\n\r\n")).startswith("530 5.7.0")
    await client.close()


async def test_no_chunk_is_taken_once_the_session_has_ended(
    submission: Listener, person: Person, directory: MessageStore
) -> None:
    client = await signed_in(submission, person)
    await client.say(f"MAIL FROM:<{person.address}>", "RCPT TO:<somebody@outside.test>")
    await disable_user(directory, person.address)
    assert (await client.say("RCPT TO:<another@outside.test>")).startswith("530 5.7.0")
    assert (await client.say(b"BDAT 8 LAST\r\nA: b\r\n")).startswith("530 5.7.0")
    assert (await client.say("NOOP")).startswith("250 2.0.0")
    await client.close()


async def test_postmaster_without_a_domain(
    submission: Listener, person: Person, directory: MessageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission.server, "hostname", "mx.outside.test")
    client = await signed_in(submission, person)
    await client.say(f"MAIL FROM:<{person.address}>", "RCPT TO:<Postmaster>", "DATA")
    assert (await client.say("A: b\r\n\r\nx\r\n.")).startswith("250 2.0.0")
    [sent] = await list_sent(await directory.account(person.id), 10)
    assert [one.recipient for one in sent.deliveries] == ["Postmaster@mx.outside.test"]
    await client.close()


async def test_guessing_ends(submission: Listener, person: Person) -> None:
    client = await greeted(submission)
    answers = [(await client.say("AUTH PLAIN " + plain(person, "wrong")))[:3] for _ in range(5)]
    assert set(answers) <= {"535", "454"}
    for _ in range(4):
        answer = await client.say("AUTH PLAIN " + plain(person, "wrong"))
        if answer.startswith("421"):
            assert await client.rest() == b""
            break
    else:
        # The throttle of the whole server came first, and says so.
        assert answer.startswith("454 4.7.0")
    await client.close()


async def test_no_password_in_plain_text_off_loopback(
    submission: Listener, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "is_loopback", lambda _: False)
    client = await greeted(submission)
    assert " AUTH SCRAM-SHA-256 HELP" in await client.say("EHLO client.test")
    assert (await client.say("AUTH PLAIN " + plain(person))).startswith("538 5.7.11")
    assert (await client.say("AUTH LOGIN")).startswith("538 5.7.11")
    await client.say("STARTTLS")
    await client.start_tls(trusting())
    assert "AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN LOGIN" in await client.say(
        "EHLO client.test"
    )
    assert (await client.say("AUTH PLAIN " + plain(person))).startswith("235 2.7.0")
    await client.close()


async def test_implicit_tls_offers_auth(
    directory: MessageStore, server_tls: ssl.SSLContext, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "is_loopback", lambda _: False)
    async with listening(SubmissionServer, directory, server_tls, implicit_tls=True) as listener:
        client = await RawClient.connect(listener.address, trusting())
        await client.reply()
        answer = await client.say("EHLO client.test")
        assert "PLAIN LOGIN" in answer
        assert "STARTTLS" not in answer
        assert (await client.say("AUTH PLAIN " + plain(person))).startswith("235 2.7.0")
        await client.close()


async def test_starttls_forgets_who_signed_in(submission: Listener, person: Person) -> None:
    client = await signed_in(submission, person)
    await client.say("STARTTLS")
    await client.start_tls(trusting())
    await client.say("EHLO client.test")
    assert (await client.say(f"MAIL FROM:<{person.address}>")).startswith("530 5.7.0")
    await client.close()


async def test_senders(submission: Listener, new_person: NewPerson) -> None:
    person, other = await new_person(), await new_person()
    client = await signed_in(submission, person)
    for sender in (other.address, "a@elsewhere.test", "no-such@correio.test", "a@[127.0.0.1]"):
        assert (await client.say(f"MAIL FROM:<{sender}>")).startswith("553 5.7.1"), sender
    for sender in (person.address, person.address.upper(), person.address.replace("@", "+tag@"), ""):
        assert (await client.say(f"MAIL FROM:<{sender}>")).startswith("250 2.1.0"), sender
        await client.say("RSET")
    await client.close()


async def test_recipients_elsewhere_go_through_the_queue(
    submission: Listener, person: Person, directory: MessageStore
) -> None:
    client = await signed_in(submission, person)
    await client.say(f"MAIL FROM:<{person.address}> ENVID=one RET=HDRS")
    for recipient in ("a@elsewhere.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+2B@x", "a@[192.0.2.1]>"):
        assert (await client.say(f"RCPT TO:<{recipient}")).startswith("250 2.1.5")
    assert (await client.say("RCPT TO:<no-such@correio.test>")).startswith("550 5.1.1")
    await client.say("DATA")
    assert (await client.say("Subject: x\r\nMessage-ID: <1@x>\r\n\r\ny\r\n.")).startswith("250 2.0.0")
    account = await directory.account(person.id)
    await account.refresh()
    [sent] = await list_sent(account, 10)
    assert (sent.send.kind, sent.send.envid, sent.send.ret) == ("submission", "one", "HDRS")
    assert [(one.queue, one.notify, one.orcpt) for one in sent.deliveries] == [
        ("elsewhere.test", ["FAILURE", "SUCCESS"], "rfc822;b+2B@x"),
        ("[192.0.2.1]", None, ""),
    ]
    stored = await find_send(account, sent.send.id, octets=True)
    trace, _, rest = stored.source.partition(b"Subject:")
    assert trace.startswith(b"Received: from client.test")
    copy = await find_message(account, stored.message)
    assert b"Received" not in await copy.read()
    assert (await copy.read()).endswith(b"Subject:" + rest)
    await client.close()


async def test_a_host_with_an_underscore_in_its_name(
    submission: Listener, new_person: NewPerson, directory: MessageStore
) -> None:
    """No host may be called so (RFC 1123), and mail comes from many that are: it has to be possible to answer it."""
    sender = await new_person()
    client = await signed_in(submission, sender)
    await client.say(f"MAIL FROM:<{sender.address}>", "RCPT TO:<root@My_host.test>", "DATA")
    assert (await client.say("A: b\r\n\r\n.")).startswith("250")
    [sent] = await list_sent(await directory.account(sender.id), 10)
    assert [(one.recipient, one.queue) for one in sent.deliveries] == [("root@My_host.test", "my_host.test")]
    await client.close()


async def test_the_header_is_completed(submission: Listener, new_person: NewPerson, directory: MessageStore) -> None:
    person, other = await new_person(), await new_person()
    client = await signed_in(submission, person)
    await client.say(f"MAIL FROM:<{person.address}>", f"RCPT TO:<{other.address}>", "DATA")
    message = f"From: <{person.address}>\r\nTo: <{other.address}>\r\nBcc: <hidden@correio.test>\r\nSubject: x\r\n\r\nBcc: body\r\n"
    assert (await client.say(message + ".")).startswith("250 2.0.0")
    [stored] = await inbox(directory, other.id)
    fields, rest = trace_and_message(stored)
    assert "with ESMTPA id" in fields["Received"]
    assert b"hidden" not in rest
    assert rest.endswith(b"\r\n\r\nBcc: body\r\n")
    assert rest.count(b"\r\nDate: ") == 1
    assert rest.count(b"\r\nMessage-ID: <D") == 1
    await client.close()


async def test_what_is_found_here_is_not_for_our_own_people_to_say(
    submission: Listener, new_person: NewPerson, directory: MessageStore
) -> None:
    """RFC 8601 section 5: a field by the name of this server goes, whoever brings it."""
    sender, recipient = await new_person(), await new_person()
    client = await signed_in(submission, sender)
    await client.say(f"MAIL FROM:<{sender.address}>", f"RCPT TO:<{recipient.address}>", "DATA")
    forged = f"Authentication-Results: {HOSTNAME}; dmarc=pass header.from=bank.test"
    other = "Authentication-Results: mx.other.test; dmarc=pass"
    assert (await client.say(f"{forged}\r\n{other}\r\nFrom: ceo@bank.test\r\n\r\nx\r\n.")).startswith("250")
    [stored] = await inbox(directory, recipient.id)
    assert b"bank.test\r\n" in stored
    assert HOSTNAME.encode() + b"; dmarc" not in stored
    assert other.encode() in stored
    await client.close()


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
async def test_no_line_end_hides_bcc(
    submission: Listener, new_person: NewPerson, directory: MessageStore, end: bytes
) -> None:
    person, other = await new_person(), await new_person()
    client = await signed_in(submission, person)
    await client.say(f"MAIL FROM:<{person.address}>")
    await client.say(f"RCPT TO:<{other.address}>")
    await client.say("DATA")
    header = end.join([f"From: <{person.address}>".encode(), b"Bcc: hidden@correio.test", b"Subject: x"])
    assert (await client.say(header + b"\r\n\r\nbody\r\n.")).startswith("250")
    [received] = await inbox(directory, other.id)
    _, message = trace_and_message(received)
    assert message.startswith(f"From: <{person.address}>\r\nSubject: x\r\n".encode())
    assert b"hidden" not in received
    await client.close()


async def test_smtplib(submission: Listener, new_person: NewPerson, directory: MessageStore) -> None:
    person, other = await new_person(), await new_person()
    message = f"From: {person.address}\r\nTo: {other.address}\r\nDate: x\r\nMessage-ID: <1@x>\r\n\r\n.dot\r\n"

    def send() -> None:
        with smtplib.SMTP(*submission.address) as client:
            client.starttls(context=trusting())
            client.login(person.address, person.password)
            assert client.sendmail(person.address, [person.address, other.address], message) == {}

    await asyncio.to_thread(send)
    for one in (person, other):
        [stored] = await inbox(directory, one.id)
        fields, rest = trace_and_message(stored)
        assert "with ESMTPSA id" in fields["Received"]
        assert rest == message.encode()
