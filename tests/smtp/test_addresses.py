"""Who is reached through the listeners: aliases, forwards, loops, and nobody elsewhere who is not meant."""

from __future__ import annotations

import asyncio
import secrets
import ssl

import pytest

from correio.mail.alias_directory import add_alias
from correio.mail.directory import add_domain, add_user, set_quota
from correio.mail.message_store import MessageStore
from correio.mail.routing import srs_secret
from correio.mail.srs import original_sender
from protocols.lmtp import LmtpServer
from tests.conftest import NewPerson
from tests.peers.queued import octets_of, queued
from tests.peers.served import Person
from tests.peers.smtp import SmtpClient
from tests.smtp.listeners import Listener, RawClient, inbox, listening, trace_and_message
from tests.smtp.test_submission import signed_in

MESSAGE = b"From: s@outside.test\r\nSubject: x\r\n\r\nbody\r\n"


@pytest.fixture
async def domain(directory: MessageStore) -> str:
    return (await add_domain(directory, f"d{secrets.token_hex(5)}.test")).id


RELAYING = [
    "user%outside.test@OURS", "user%outside.test%OURS@OURS", '"user@outside.test"@OURS', '"user%outside.test"@OURS',
    "@OURS:user@outside.test", "@OURS,@OURS:user@outside.test", "user@outside.test@OURS", "user@OURS@outside.test",
    "outside.test!user", "outside.test!user@OURS", "user@[127.0.0.1]", "user@[IPv6:::1]", "user@localhost", "user@OURS.",
    "user@outside.test", '"OURS\\\\"@outside.test', "user@outside.test%OURS", "user@OURS.outside.test", "user@127.0.0.1",
    "SRS0=aaaaaaaa=aa=outside.test=user@OURS", "SRS1=aaaaaaaa=outside.test==aaaaaaaa=aa=x.test=user@OURS",
    '"SRS0=aaaaaaaa=aa=outside.test=user"@OURS', "user", "user@", "@outside.test",
]  # fmt: skip


@pytest.mark.parametrize("catch_all", [False, True])
async def test_no_open_relay(
    smtp: Listener, directory: MessageStore, domain: str, person: Person, catch_all: bool
) -> None:
    """Nobody elsewhere is reached by a name that looks like ours, not even with a catch-all that takes any name."""
    if catch_all:
        await add_alias(directory, f"*@{domain}", [person.address])
    client = await RawClient.connect(smtp.address)
    await client.reply()
    await client.say("EHLO client.test", "MAIL FROM:<s@outside.test>")
    taken = []
    for form in RELAYING:
        answer = await client.say(f"RCPT TO:<{form.replace('OURS', domain)}>")
        if answer.startswith("250"):
            taken.append(form)
        else:
            assert answer[:3] in ("501", "550", "553"), (form, answer)
    # A name with % or ! in it is a name: here it is the catch-all's.
    local = {
        "user%outside.test@OURS",
        '"user%outside.test"@OURS',
        "user%outside.test%OURS@OURS",
        "outside.test!user@OURS",
        "user@OURS.",
    }
    assert set(taken) <= (local if catch_all else set()), taken
    await client.say("RSET")
    [answer] = await (await SmtpClient.connect(smtp.address)).deliver([f"user@{domain}"], MESSAGE)
    assert answer.code == (250 if catch_all else 550)
    assert await queued(directory, f"@{domain}") == []
    await client.close()


async def test_an_alias_to_all_kinds(
    smtp: Listener, directory: MessageStore, domain: str, new_person: NewPerson
) -> None:
    ana, bob = await new_person(), await new_person()
    await add_alias(
        directory, f"team@{domain}", [ana.address, bob.address, "Eva@elsewhere.test", "leo@b\u00fccher.test"]
    )
    client = await SmtpClient.connect(smtp.address)
    [answer] = await client.deliver(
        [f"Team+x@{domain}", ana.address], MESSAGE, options=" RET=HDRS ENVID=QQ314159 BODY=8BITMIME"
    )
    assert answer.code == 250
    for person, address in ((ana, f"Team+x@{domain}"), (bob, f"Team+x@{domain}")):
        [stored] = await inbox(directory, person.id)
        fields, message = trace_and_message(stored)
        assert message == MESSAGE
        assert fields["Delivered-To"] == address
        assert fields["Return-Path"] == "<sender@outside.test>"
    [(send, deliveries)] = await queued(directory, f"@{domain}")
    assert (send.kind, send.ret, send.envid, send.smtputf8, send.eight_bit) == (
        "forward",
        "HDRS",
        "QQ314159",
        True,
        False,
    )
    assert [(one.recipient, one.queue, one.status) for one in deliveries] == [
        ("Eva@elsewhere.test", "elsewhere.test", "queued"), ("leo@b\u00fccher.test", "xn--bcher-kva.test", "queued"),
    ]  # fmt: skip
    assert original_sender(send.sender, await srs_secret(directory), directory.now()) == "sender@outside.test"
    sent = (await octets_of(directory, send)).decode()
    assert sent.startswith(f"Delivered-To: team+x@{domain}\r\nReceived: from client.test ")
    assert sent.endswith("\r\n" + MESSAGE.decode())
    assert "Return-Path" not in sent
    # A bounce to it goes on to the original sender, under the null sender.
    [answer] = await client.deliver([send.sender], b"Subject: bounce\r\n\r\n", sender="")
    assert answer.code == 250
    back = [(one, to) for one, to in await queued(directory, "") if not one.sender and one.subject == "bounce"]
    assert ["sender@outside.test"] in [[one.recipient for one in to] for _, to in back]
    await client.close()


async def test_a_forward_and_nobody_here(smtp: Listener, directory: MessageStore, domain: str) -> None:
    await add_alias(directory, f"out@{domain}", ["x@elsewhere.test"])
    client = await SmtpClient.connect(smtp.address)
    directory.outbox.take()
    large = MESSAGE + b"x" * 70 + b"\r\n" * 20_000
    [answer] = await client.deliver([f"out@{domain}"], large)
    assert answer.code == 250
    [(send, _)] = await queued(directory, f"@{domain}")
    assert (await octets_of(directory, send)).endswith(b"\r\n" + large)
    assert directory.outbox.take() == {"elsewhere.test"}
    await client.close()


async def test_a_forward_of_a_sender_that_is_no_address_here(
    smtp: Listener, directory: MessageStore, domain: str
) -> None:
    """Nobody's mail is refused because bounces of it could not find their way back."""
    target = f"{secrets.token_hex(6)}@elsewhere.test"
    await add_alias(directory, f"out@{domain}", [target])
    client = await SmtpClient.connect(smtp.address)
    for sender in (f"{'b' * 400}@outside.test", "bounce@my_host.test"):
        [answer] = await client.deliver([f"out@{domain}"], MESSAGE, sender)
        assert answer.code == 250, answer
    senders = {send.sender for send, to in await queued(directory, "") if to[0].recipient == target}
    [rewritten] = senders - {""}
    assert len(senders) == 2
    # A bounce finds its way back to a name that no host may have, and many have.
    assert (await client.command(b"MAIL FROM:<>")).code == 250
    assert (await client.command(f"RCPT TO:<{rewritten}>".encode())).code == 250
    await client.close()


async def test_a_forward_by_a_name_beyond_us_ascii(smtp: Listener, directory: MessageStore, domain: str) -> None:
    """The field that names the alias is of the message too, which is in US-ASCII otherwise."""
    target = f"{secrets.token_hex(6)}@elsewhere.test"
    await add_alias(directory, f"ação@{domain}", [target])
    client = await SmtpClient.connect(smtp.address)
    for line in ("MAIL FROM:<s@outside.test> SMTPUTF8", f"RCPT TO:<ação@{domain}>", f"BDAT {len(MESSAGE)} LAST"):
        client.writer.write(line.encode() + b"\r\n" + (MESSAGE if line[0] == "B" else b""))
        assert (await client.reply()).code == 250
    [send] = [send for send, to in await queued(directory, "") if to[0].recipient == target]
    assert (send.smtputf8, send.eight_bit) == (True, True)
    await client.close()


async def test_a_loop(smtp: Listener, directory: MessageStore, domain: str, person: Person) -> None:
    """What an alias has forwarded does not go out by it once more, whoever sent it back."""
    await add_alias(directory, f"out@{domain}", ["x@elsewhere.test", person.address])
    client = await SmtpClient.connect(smtp.address)
    again = b"Received: x\r\nDelivered-to :\tOut@" + domain.upper().encode() + b"\r\n" + MESSAGE
    for to in ([f"out@{domain}"], [f"out@{domain}", person.address]):
        [answer] = await client.deliver(to, again)
        assert (answer.code, answer.text[:6]) == (550, b"5.4.6 ")
    assert await inbox(directory, person.id) == []
    assert await queued(directory, f"@{domain}") == []
    # In the body, of somebody else, or where nothing goes out again it is no loop.
    for message, to in (
        (MESSAGE + again, f"out@{domain}"), (b"Delivered-To: other@x.test\r\nX: y\r\n" + MESSAGE, f"out@{domain}"),
        (b"Delivered-To: " + person.address.encode() + b"\r\n" + MESSAGE, person.address),
    ):  # fmt: skip
        [answer] = await client.deliver([to], message)
        assert answer.code == 250
    assert len(await inbox(directory, person.id)) == 3
    await client.close()


async def test_a_circle_of_aliases(smtp: Listener, directory: MessageStore, domain: str) -> None:
    await directory.database["addresses"].insert_many(
        [{"_id": f"a@{domain}", "targets": [f"b@{domain}"]}, {"_id": f"b@{domain}", "targets": [f"a@{domain}"]}]
    )
    client = await SmtpClient.connect(smtp.address)
    [answer] = await client.deliver([f"a@{domain}"], MESSAGE)
    assert (answer.code, answer.text[:6]) == (550, b"5.4.6 ")
    await client.close()


async def test_room_of_everybody_an_alias_leads_to(
    smtp: Listener, directory: MessageStore, domain: str, new_person: NewPerson
) -> None:
    ana, bob = await new_person(), await new_person()
    await add_alias(directory, f"team@{domain}", [ana.address, bob.address])
    await set_quota(directory, bob.address, octets=10)
    (await directory.account(bob.id)).document.quota = 10
    client = await SmtpClient.connect(smtp.address)
    assert (await client.command(b"MAIL FROM:<s@outside.test> SIZE=100")).code == 250
    answer = await client.command(f"RCPT TO:<team@{domain}>".encode())
    assert (answer.code, answer.text[:6]) == (552, b"5.2.2 ")
    await client.close()


async def test_lmtp_has_a_reply_for_each(
    directory: MessageStore, server_tls: ssl.SSLContext, domain: str, new_person: NewPerson
) -> None:
    """An alias stands or falls as one; it takes nobody with it who shares no account with it."""
    ana, bob, eva = [await new_person() for _ in range(3)]
    await add_alias(directory, f"both@{domain}", [ana.address, bob.address])
    await add_alias(directory, f"one@{domain}", [bob.address])
    await add_alias(directory, f"out@{domain}", ["x@elsewhere.test"])
    await add_alias(directory, f"eva@{domain}", [eva.address, "y@elsewhere.test"])
    async with listening(LmtpServer, directory, server_tls) as listener:
        client = await SmtpClient.connect(listener.address, lmtp=True)
        everybody = [f"{local}@{domain}" for local in ("both", "one", "eva", "out")]
        answers = await client.deliver([*everybody, eva.address], MESSAGE)
        assert [answer.code for answer in answers] == [250] * 5
        assert [len(await inbox(directory, person.id)) for person in (ana, bob, eva)] == [1, 1, 1]
        assert len(await queued(directory, f"@{domain}")) == 2
        # Too full only when the message is there: SIZE was not said.
        await set_quota(directory, bob.address, octets=1500)
        for person in (ana, bob, eva):
            await (await directory.account(person.id)).refresh()
        answers = await client.deliver([f"both@{domain}", eva.address, f"out@{domain}"], MESSAGE + b"x" * 2000)
        assert [answer.code for answer in answers] == [552, 250, 250]
        assert [len(await inbox(directory, person.id)) for person in (ana, bob, eva)] == [1, 1, 2]
        await client.close()


async def test_a_new_account_is_found_at_once(smtp: Listener, directory: MessageStore, domain: str) -> None:
    client = await SmtpClient.connect(smtp.address)
    [answer] = await client.deliver([f"late@{domain}"], MESSAGE)
    assert answer.code == 550
    made = await add_user(directory, f"late@{domain}", "")
    [answer] = await client.deliver([f"late@{domain}"], MESSAGE)
    assert answer.code == 250
    assert len(await inbox(directory, made.id)) == 1
    await client.close()


async def test_many_at_once(smtp: Listener, directory: MessageStore, domain: str, new_person: NewPerson) -> None:
    ana, bob = await new_person(), await new_person()
    await add_alias(directory, f"team@{domain}", [ana.address, bob.address, "x@elsewhere.test"])

    async def one() -> int:
        client = await SmtpClient.connect(smtp.address)
        [answer] = await client.deliver([f"team@{domain}"], MESSAGE)
        await client.close()
        return answer.code

    assert await asyncio.gather(*(one() for _ in range(8))) == [250] * 8
    assert [len(await inbox(directory, person.id)) for person in (ana, bob)] == [8, 8]
    assert len(await queued(directory, f"@{domain}")) == 8


async def test_own_aliases_as_sender(
    submission: Listener, directory: MessageStore, domain: str, person: Person
) -> None:
    await add_alias(directory, f"me@{domain}", [person.address])
    client = await signed_in(submission, person)
    assert (await client.say(f"MAIL FROM:<me@{domain}>")).startswith("250")
    await client.say("RSET")
    assert (await client.say(f"MAIL FROM:<you@{domain}>")).startswith("553 5.7.1")
    await client.close()
