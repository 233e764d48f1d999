"""LMTP (RFC 2033): LHLO, and a reply for each recipient."""

from __future__ import annotations

import pytest

from correio.errors import MailError, UnavailableError
from correio.mail.directory import add_domain, add_user
from correio.mail.message_store import MessageStore
from protocols.lmtp import LmtpServer
from protocols.smtp import end_of_data
from tests.conftest import NewPerson
from tests.peers.served import Person
from tests.peers.smtp import SmtpClient
from tests.smtp.listeners import Listener, RawClient, inbox, listening, trace_and_message


async def greeted(listener: Listener) -> RawClient:
    client = await RawClient.connect(listener.address)
    assert (await client.reply()).startswith("220 mx.correio.test LMTP")
    assert (await client.say("LHLO mta.test")).startswith("250")
    return client


async def replies(client: RawClient, text: str | bytes, count: int) -> list[str]:
    """Send the last line of a message and return that many replies."""
    client.writer.write((text.encode() if isinstance(text, str) else text) + b"\r\n")
    return [(await client.reply()) for _ in range(count)]


async def test_greetings(lmtp: Listener) -> None:
    client = await RawClient.connect(lmtp.address)
    await client.reply()
    assert (await client.say("EHLO x")).startswith("500 5.5.2")
    assert (await client.say("HELO x")).startswith("500 5.5.2")
    assert (await client.say("MAIL FROM:<a@b>")).startswith("503 5.5.1 LHLO")
    answer = await client.say("LHLO x")
    assert all(word in answer for word in ("PIPELINING", "ENHANCEDSTATUSCODES", "SIZE", "8BITMIME", "CHUNKING", "DSN"))
    assert "AUTH" not in answer
    await client.close()


async def test_a_reply_for_each_recipient_in_order(
    lmtp: Listener, new_person: NewPerson, directory: MessageStore
) -> None:
    one, two = await new_person(), await new_person()
    await add_domain(directory, "tiny.test")
    full = await add_user(directory, "full@tiny.test", "", quota=1000)
    client = await greeted(lmtp)
    await client.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{one.address}>", "RCPT TO:<full@tiny.test>")
    assert (await client.say("RCPT TO:<no-such@tiny.test>")).startswith("550 5.1.1")
    assert (await client.say("RCPT TO:<a@elsewhere.test>")).startswith("550 5.7.1")
    # The same account again, by another address: its own reply, no second copy.
    await client.say(f"RCPT TO:<{two.address}>", f"RCPT TO:<{one.address.replace('@', '+x@')}>", "DATA")
    answers = await replies(client, b"A: b\r\n\r\n" + b"x" * 2000 + b"\r\n.", 4)
    assert [answer[:9] for answer in answers] == ["250 2.0.0", "552 5.2.2", "250 2.0.0", "250 2.0.0"]
    assert [one.address in answers[0], "full@" in answers[1], two.address in answers[2], "+x@" in answers[3]] == [
        True
    ] * 4
    assert [len(await inbox(directory, person.id)) for person in (one, two, full)] == [1, 1, 0]
    assert (await client.say("NOOP")).startswith("250")
    await client.close()


async def test_a_message_octet_for_octet(lmtp: Listener, person: Person, directory: MessageStore) -> None:
    client = await SmtpClient.connect(lmtp.address, lmtp=True)
    message = b"A: \xc3\xa9\r\n\r\n.x\r\n..\r\n"
    [answer] = await client.deliver([person.address], message)
    assert answer.code == 250
    fields, rest = trace_and_message((await inbox(directory, person.id))[0])
    assert rest == message
    assert "by mx.correio.test with LMTP id D" in fields["Received"]
    await client.close()


async def test_data_without_a_recipient(lmtp: Listener) -> None:
    client = await greeted(lmtp)
    await client.say("MAIL FROM:<a@b.test>")
    assert (await client.say("DATA")).startswith("503")
    assert (await client.say("BDAT 0 LAST")).startswith("503")
    await client.close()


async def test_bdat(lmtp: Listener, new_person: NewPerson, directory: MessageStore) -> None:
    one, two = await new_person(), await new_person()
    client = await greeted(lmtp)
    await client.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{one.address}>", f"RCPT TO:<{two.address}>")
    assert (await client.say(b"BDAT 8\r\nA: b\r\n")).startswith("250 2.0.0 8")
    answers = await replies(client, b"BDAT 3 LAST\r\nx", 2)
    assert [answer[:9] for answer in answers] == ["250 2.0.0"] * 2
    assert trace_and_message((await inbox(directory, two.id))[0])[1] == b"A: b\r\n\r\nx\r\n"
    await client.close()


@pytest.mark.parametrize("command", [b"DATA\r\n" + b"x" * 2000 + b"\r\n.", b"BDAT 2000 LAST\r\n" + b"x" * 1998])
async def test_a_refused_message_is_refused_to_each(
    directory: MessageStore, new_person: NewPerson, command: bytes
) -> None:
    one, two = await new_person(), await new_person()
    async with listening(LmtpServer, directory, message_size=1000) as listener:
        client = await greeted(listener)
        await client.say("MAIL FROM:<a@b.test>", f"RCPT TO:<{one.address}>", f"RCPT TO:<{two.address}>")
        answers = await replies(client, command, 3 if command.startswith(b"DATA") else 2)
        assert [answer[:9] for answer in answers[-2:]] == ["552 5.3.4"] * 2
        assert (await client.say("NOOP")).startswith("250")
        await client.close()


async def test_a_defect_is_answered_to_each(
    lmtp: Listener, new_person: NewPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = await new_person(), await new_person()

    def broken(*_: object) -> int:
        raise RuntimeError("the secret inside")

    client = await greeted(lmtp)
    with monkeypatch.context() as patched:
        patched.setattr(end_of_data, "hops", broken)
        await client.say("MAIL FROM:<>", f"RCPT TO:<{one.address}>", f"RCPT TO:<{two.address}>", "DATA")
        answers = await replies(client, "A: b\r\n\r\n.", 2)
    assert [answer[:9] for answer in answers] == ["451 4.3.0"] * 2
    assert (await client.say("MAIL FROM:<>")).startswith("250")
    await client.close()


async def test_outcomes_are_not_mixed_up(
    lmtp: Listener, new_person: NewPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = await new_person(), await new_person()

    async def half(
        _store: object, _raw: bytes, _sender: str, recipients: list[object], _received: bytes, **_: object
    ) -> list[MailError | None]:
        return [None, UnavailableError("away")][: len(recipients)]

    monkeypatch.setattr(end_of_data, "deliver", half)
    client = await greeted(lmtp)
    await client.say("MAIL FROM:<>", f"RCPT TO:<{one.address}>", f"RCPT TO:<{two.address}>", "DATA")
    answers = await replies(client, "A: b\r\n\r\n.", 2)
    assert [answer[:9] for answer in answers] == ["250 2.0.0", "451 4.3.0"]
    await client.close()
