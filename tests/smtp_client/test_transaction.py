"""Messages to servers of every mood, through real sockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest

from correio.errors import UnavailableError
from correio.queue.courier import EnvelopeRecipient, LostError
from tests.peers.sink import FULL
from tests.peers.waiting import until
from tests.smtp_client.world import Letter, World, codes, envelope, go_on

OLD = ("SIZE 1000000",)
"""What a server offers that knows neither PIPELINING nor 8BITMIME."""
THREE = ("a@destino.test", "b@destino.test", "c@destino.test")
EITHER = pytest.mark.parametrize("extensions", [FULL, OLD], ids=["pipelined", "one by one"])


@EITHER
async def test_a_message_arrives_as_it_was(world: World, extensions: Sequence[str]) -> None:
    sink, link = await world.served(extensions=extensions)
    content = b"Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n" + b"." * 70_000 + b"\r\nno end"
    heard: list[Sequence[int]] = []

    async def before_dot(accepted: Sequence[int]) -> bool:
        heard.append(accepted)
        assert sink.count == 0
        return True

    outcomes = await link.send(envelope(*THREE), Letter(content), before_dot)
    assert codes(outcomes) == [250, 250, 250]
    assert heard == [(0, 1, 2)]
    (message,) = sink.messages
    assert message.content == content + b"\r\n"
    assert (message.sender, message.recipients, message.hello) == ("ana@origem.test", list(THREE), "mx.origem.test")
    assert message.parameters == f"SIZE={len(content)}"
    assert (link.host, link.address, link.tls, link.usable) == ("mx.destino.test", "127.0.0.1", "", True)
    assert codes(await link.send(envelope(), Letter(), go_on)) == [250]
    assert sink.connections == 1
    assert "RSET" not in sink.verbs()


async def test_the_envelope_goes_in_one_write_where_the_server_takes_that(world: World) -> None:
    sink, link = await world.served()
    await link.send(envelope(*THREE), Letter(), go_on)
    assert [segment.count(b"\r\n") for segment in sink.segments[:2]] == [1, 5]


async def test_and_one_by_one_elsewhere(world: World) -> None:
    sink, link = await world.served(extensions=OLD)
    await link.send(envelope(*THREE), Letter(), go_on)
    assert [segment.count(b"\r\n") for segment in sink.segments[:6]] == [1] * 6


async def test_replies_an_octet_at_a_time(world: World) -> None:
    sink, link = await world.served(one_octet=True)
    sink.recipients = {"b@destino.test": "550-5.1.1 no\r\n550 5.1.1 such user"}
    outcomes = await link.send(envelope(*THREE), Letter(), go_on)
    assert [str(outcome.reply) for outcome in outcomes] == [
        "250 2.0.0 taken",
        "550 5.1.1 no such user",
        "250 2.0.0 taken",
    ]


@EITHER
async def test_recipients_have_their_own_replies(world: World, extensions: Sequence[str]) -> None:
    refusals = {"a@destino.test": "450 4.2.1 busy", "c@destino.test": "550 5.1.1 who"}
    _, link = await world.served(extensions=extensions, recipients=refusals)
    accepted: list[int] = []

    async def before_dot(indexes: Sequence[int]) -> bool:
        accepted.extend(indexes)
        return True

    outcomes = await link.send(envelope(*THREE), Letter(), before_dot)
    assert [(one.reply.code, one.reply.status) for one in outcomes] == [(450, "4.2.1"), (250, "2.0.0"), (550, "5.1.1")]
    assert [one.relayed_dsn for one in outcomes] == [False, extensions is FULL, False]
    assert accepted == [1]
    assert link.usable


@EITHER
@pytest.mark.parametrize(
    ("stage", "reply", "status"),
    [
        ("MAIL", "451 4.3.0 later", "4.3.0"),
        ("MAIL", "550 5.7.1 not you", "5.7.1"),
        ("RCPT", "550 5.1.1 who", "5.1.1"),
        ("DATA", "451 4.3.0 later", "4.3.0"),
        ("DATA", "554 5.7.1 no", "5.7.1"),
        ("dot", "451 4.3.0 later", "4.3.0"),
        ("dot", "554 5.6.0 spam", "5.6.0"),
    ],
)
async def test_refusals_and_what_comes_after(
    world: World, extensions: Sequence[str], stage: str, reply: str, status: str
) -> None:
    sink, link = await world.served(extensions=extensions, replies={stage: [reply, reply]})
    outcomes = await link.send(envelope(*THREE[:2]), Letter(), go_on)
    assert [(one.reply.code, one.reply.status) for one in outcomes] == [(int(reply[:3]), status)] * 2
    assert link.usable
    # The server is told to forget the one before.
    sink.replies = {}
    assert codes(await link.send(envelope(*THREE), Letter(), go_on)) == [250] * 3
    assert sink.verbs().count("RSET") == 1
    assert [message.recipients for message in sink.messages] == [list(THREE)]


async def test_data_that_is_let_in_without_a_recipient_is_ended_at_once(world: World) -> None:
    sink, link = await world.served(replies={"RCPT": ["550 5.1.1 who"], "DATA": ["354 go on"]})

    async def never(accepted: Sequence[int]) -> bool:
        raise AssertionError(accepted)

    outcomes = await link.send(envelope(), Letter(b"secret\r\n"), never)
    assert str(outcomes[0].reply) == "550 5.1.1 who"
    assert sink.messages[0].content == b""
    assert codes(await link.send(envelope(), Letter(), go_on)) == [250]


async def test_354_after_mail_was_refused_is_not_believed(world: World) -> None:
    sink, link = await world.served(replies={"MAIL": "550 5.7.1 no", "RCPT": "250 2.1.5 ok", "DATA": "354 go"})
    assert codes(await link.send(envelope(), Letter(), go_on)) == [550]
    assert not link.usable
    await until(lambda: sink.open == 0)
    assert sink.count == 0


@EITHER
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "dot"])
async def test_421_anywhere(world: World, extensions: Sequence[str], stage: str) -> None:
    sink, link = await world.served(extensions=extensions, replies={stage: "421 4.3.2 closing"})
    outcomes = await link.send(envelope(*THREE), Letter(), go_on)
    assert [str(one.reply) for one in outcomes] == ["421 4.3.2 closing"] * 3
    assert not link.usable
    await link.close()
    assert sink.count == 0


@EITHER
@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
async def test_421_behind_another_reply(world: World, extensions: Sequence[str], stage: str) -> None:
    replies = {stage: "250 2.0.0 yes\r\n421 4.3.2 closing"}
    _, link = await world.served(extensions=extensions, replies=replies)  # type: ignore[arg-type]
    assert codes(await link.send(envelope(*THREE), Letter(), go_on)) == [421] * 3
    assert not link.usable


async def test_421_between_messages(world: World) -> None:
    sink, link = await world.served(delays={"NOOP": 0})
    await link.send(envelope(), Letter(), go_on)
    assert link.usable
    for transport in sink._transports:
        transport.write(b"421 4.4.2 idle for too long\r\n")  # type: ignore[attr-defined]
    await until(lambda: not link.usable)
    assert codes(await link.send(envelope(), Letter(), go_on)) == [421]
    assert sink.count == 1


async def test_a_reply_to_nothing_ends_the_connection(world: World) -> None:
    sink, link = await world.served()
    for transport in sink._transports:
        transport.write(b"250 2.0.0 your message is taken\r\n")  # type: ignore[attr-defined]
    await until(lambda: not link.usable)
    with pytest.raises(LostError) as caught:
        await link.send(envelope(), Letter(), go_on)
    assert not caught.value.after_dot
    assert sink.count == 0


async def test_sizes(world: World) -> None:
    sink, link = await world.served(extensions=("PIPELINING", "SIZE 1000"))
    (outcome,) = await link.send(envelope(), Letter(b"x" * 1001), go_on)
    assert (outcome.reply.code, outcome.reply.status, outcome.reply.permanent) == (0, "5.3.4", True)
    assert sink.verbs() == ["EHLO"]
    assert codes(await link.send(envelope(), Letter(b"x" * 1000), go_on)) == [250]
    assert sink.messages[0].parameters == "SIZE=1000"


async def test_eight_bits(world: World) -> None:
    letter = Letter("Subject: x\r\n\r\né\r\n".encode(), b"Subject: x\r\n\r\n=C3=A9\r\n")
    sink, link = await world.served()
    await link.send(envelope(), letter, go_on)
    assert letter.asked == [False]
    assert "BODY=8BITMIME" in sink.messages[0].parameters
    assert sink.messages[0].content == letter.content


async def test_eight_bits_for_a_server_of_seven(world: World) -> None:
    letter = Letter("Subject: x\r\n\r\né\r\n".encode(), b"Subject: x\r\n\r\n=C3=A9\r\n")
    sink, link = await world.served(extensions=OLD)
    await link.send(envelope(), letter, go_on)
    assert letter.asked == [True]
    assert sink.messages[0].content == letter.downgraded
    (outcome,) = await link.send(envelope(), Letter("é\r\n".encode()), go_on)
    assert (outcome.reply.code, outcome.reply.status) == (0, "5.6.3")
    assert codes(await link.send(envelope(), Letter(), go_on)) == [250]


async def test_letters_of_every_alphabet(world: World) -> None:
    letter = Letter("Subject: é\r\n\r\n".encode())
    sink, link = await world.served()
    outcomes = await link.send(envelope("maría@destino.test", sender="josé@origem.test"), letter, go_on)
    assert codes(outcomes) == [250]
    assert "SMTPUTF8" in sink.messages[0].parameters
    assert sink.messages[0].recipients == ["maría@destino.test"]


async def test_and_a_server_that_knows_one(world: World) -> None:
    sink, link = await world.served(extensions=("PIPELINING", "8BITMIME"))
    header = Letter("Subject: é\r\n\r\n".encode(), b"Subject: =?UTF-8?B?w6k=?=\r\n\r\n")
    outcomes = await link.send(envelope("maría@destino.test", "b@destino.test", smtputf8=True), header, go_on)
    assert [(one.reply.code, one.reply.status) for one in outcomes] == [(0, "5.6.7"), (250, "2.0.0")]
    assert header.asked == [True]
    assert sink.messages[0].content == header.downgraded
    outcomes = await link.send(envelope(smtputf8=True), Letter("From: é@x\r\n\r\n".encode()), go_on)
    assert [(one.reply.code, one.reply.status, one.reply.permanent) for one in outcomes] == [(0, "5.6.7", True)]
    outcomes = await link.send(envelope(*THREE, sender="josé@origem.test"), header, go_on)
    assert [one.reply.status for one in outcomes] == ["5.6.7"] * 3
    outcomes = await link.send(envelope("maría@destino.test"), header, go_on)
    assert [one.reply.status for one in outcomes] == ["5.6.7"]
    assert sink.count == 1


async def test_notifications_are_passed_on(world: World) -> None:
    sink, link = await world.served()
    recipient = EnvelopeRecipient("b@destino.test", ("NEVER",), "rfc822;b@antes.test")
    (outcome,) = await link.send(envelope(recipient, envid="a b", ret="FULL"), Letter(), go_on)
    assert outcome.relayed_dsn
    assert sink.messages[0].parameters.endswith(" RET=FULL ENVID=a+20b")
    assert sink.messages[0].recipient_parameters == ["NOTIFY=NEVER ORCPT=rfc822;b@antes.test"]


async def test_or_kept_where_the_server_knows_of_none(world: World) -> None:
    sink, link = await world.served(extensions=("PIPELINING",))
    recipient = EnvelopeRecipient("b@destino.test", ("NEVER",), "rfc822;b@antes.test")
    (outcome,) = await link.send(envelope(recipient, envid="a b", ret="FULL"), Letter(), go_on)
    assert not outcome.relayed_dsn
    assert (sink.messages[0].parameters, sink.messages[0].recipient_parameters) == ("", [""])


async def test_limits(world: World) -> None:
    sink, link = await world.served(extensions=(*FULL, "LIMITS RCPTMAX=5 MAILMAX=2"))
    assert link.limit == 5
    await link.send(envelope(), Letter(), go_on)
    assert link.usable
    await link.send(envelope(), Letter(), go_on)
    assert not link.usable
    await link.close()
    assert sink.verbs()[-1] == "QUIT"


async def test_552_for_too_many_recipients_means_later(world: World) -> None:
    refusals = {"b@destino.test": "552 too many recipients", "c@destino.test": "552 5.2.2 mailbox full"}
    _, link = await world.served(recipients=refusals)
    outcomes = await link.send(envelope(*THREE), Letter(), go_on)
    assert [(one.reply.code, one.reply.permanent) for one in outcomes] == [(250, False), (452, False), (552, True)]


async def test_a_thousand_recipients(world: World) -> None:
    sink, link = await world.served()
    several = [f"r{number}@destino.test" for number in range(1000)]
    assert codes(await link.send(envelope(*several), Letter(), go_on)) == [250] * 1000
    assert sink.messages[0].recipients == several


async def test_an_error_of_the_store_leaves_the_link_alone(world: World) -> None:
    class Unread(Letter):
        async def octets(self, *, seven_bit: bool) -> bytes:
            raise UnavailableError("the database is away")

    sink, link = await world.served()
    with pytest.raises(UnavailableError):
        await link.send(envelope(), Unread(), go_on)
    assert link.usable
    assert codes(await link.send(envelope(), Letter(), go_on)) == [250]
    assert sink.count == 1


async def test_a_large_message_never_holds_the_loop(world: World) -> None:
    sink, link = await world.served(keep=False)
    content = b"." + b"x" * 76 + b"\r\n"
    letter = Letter(content * (20 * 1024 * 1024 // len(content)))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    task = asyncio.create_task(others())
    started = time.thread_time()
    await link.send(envelope(), letter, go_on)
    task.cancel()
    assert sink.count == 1
    # 320 pieces, and between any two of them everybody else had a turn.
    assert turns >= 300
    assert time.thread_time() - started < 5


async def test_the_transcript(world: World) -> None:
    _, link = await world.served(recipients={"b@destino.test": "550 5.1.1 no"})
    await link.send(envelope("a@destino.test", "b@destino.test"), Letter(b"secret\r\n"), go_on)
    assert link.transcript() == [
        f"(connected to mx.destino.test [127.0.0.1]:{world.port})",
        "S: 220 sink.test ESMTP",
        "C: EHLO mx.origem.test",
        "S: 250 sink.test / PIPELINING / SIZE 52428800 / 8BITMIME / SMTPUTF8 / ENHANCEDSTATUSCODES / DSN",
        "C: MAIL FROM:<ana@origem.test> SIZE=8",
        "C: RCPT TO:<a@destino.test>",
        "C: RCPT TO:<b@destino.test>",
        "C: DATA",
        "S: 250 2.1.0 ok",
        "S: 250 2.1.5 ok",
        "S: 550 5.1.1 no",
        "S: 354 go on",
        "C: (8 octets)",
        "S: 250 2.0.0 taken",
    ]
    assert link.transcript() == []
