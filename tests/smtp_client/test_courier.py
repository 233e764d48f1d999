"""Whom the courier talks to, in which order, and what it says when nobody answers."""

from __future__ import annotations

import asyncio
import base64
import re
import socket

import msgspec
import pytest

from correio.auth.scram import derive
from correio.config import Route
from correio.queue.courier import ConnectError
from protocols.wire.sasl.mechanism import ScramClaim, ScramProof
from protocols.wire.sasl.scram import Scram
from tests.peers.served import free_port
from tests.peers.sink import CLOSE, FULL, SILENCE
from tests.peers.waiting import until
from tests.smtp_client.world import QUICK, Letter, World, codes, envelope, go_on

SITE = "destino.test"


async def refused(world: World, site: str = SITE, **settings: object) -> ConnectError:
    """Why nobody is reached."""
    with pytest.raises(ConnectError) as caught:
        await world.courier(**settings).open(site)
    return caught.value


async def test_the_best_host_gets_the_mail(world: World) -> None:
    await world.sink("127.0.0.2")
    await world.sink("127.0.0.3")
    world.mx(SITE, (20, "second.destino.test", "127.0.0.3"), (10, "first.destino.test", "127.0.0.2"))
    link = await world.link()
    assert (link.host, link.address) == ("first.destino.test", "127.0.0.2")


async def test_a_domain_without_mx_is_its_own_host(world: World) -> None:
    sink = await world.sink()
    world.dns.add(SITE, "A", "127.0.0.1")
    link = await world.link()
    assert (link.host, link.address) == (SITE, "127.0.0.1")
    await link.send(envelope(), Letter(), go_on)
    assert sink.count == 1


async def test_ipv6_comes_first(world: World) -> None:
    try:
        await world.sink("::1")
    except OSError:
        pytest.skip("no IPv6 here")
    await world.sink("127.0.0.1")
    world.mx(SITE, (10, "mx.destino.test", "127.0.0.1"))
    world.dns.add("mx.destino.test", "AAAA", "::1")
    assert (await world.link()).address == "::1"


async def test_the_next_address_where_one_cannot_be_reached(world: World) -> None:
    await world.sink("127.0.0.1")
    world.mx(SITE, (10, "mx.destino.test", "127.0.0.1"))
    world.dns.add("mx.destino.test", "AAAA", "::1")
    courier = world.courier()
    link = await courier.open(SITE)
    assert link.address == "127.0.0.1"
    await link.close()
    # The one that failed a moment ago is tried last.
    again = await courier.open(SITE)
    assert again.address == "127.0.0.1"
    assert "cannot be reached" not in "".join(again.transcript())
    await again.close()


UNWILLING = ["450 4.3.2 busy", "421 4.3.2 closing", "554 5.3.2 never", CLOSE, "hello?", "220-a\r\n250 b"]


@pytest.mark.parametrize(
    ("stage", "reply"),
    [*(("greeting", reply) for reply in (*UNWILLING, "250 odd")), *(("EHLO", reply) for reply in UNWILLING)],
)
async def test_the_next_host_where_one_will_not_talk(world: World, stage: str, reply: str) -> None:
    await world.sink("127.0.0.2", replies={stage: reply, "HELO": reply})
    await world.sink("127.0.0.3")
    world.mx(SITE, (10, "a.destino.test", "127.0.0.2"), (20, "b.destino.test", "127.0.0.3"))
    assert (await world.link()).host == "b.destino.test"


@pytest.mark.parametrize("extensions", [FULL, (*FULL, "STARTTLS")], ids=["plain", "with STARTTLS"])
@pytest.mark.parametrize(
    ("stage", "reply"), [("greeting", "220 hello\r\n421 4.3.2 closing"), ("EHLO", None), ("HELO", None)]
)
async def test_nor_one_that_goes_back_on_its_word(
    world: World, extensions: tuple[str, ...], stage: str, reply: str | None
) -> None:
    """A server that shuts down says so at any time (RFC 5321 section 3.8), right behind another reply too."""
    rows = "".join(f"250-{word}\r\n" for word in extensions)
    replies = {stage: reply or f"{rows}250 yes\r\n421 4.3.2 closing"}
    if stage == "HELO":
        replies["EHLO"] = "500 what"
    await world.sink("127.0.0.2", replies=replies)
    await world.sink("127.0.0.3")
    world.mx(SITE, (10, "a.destino.test", "127.0.0.2"), (20, "b.destino.test", "127.0.0.3"))
    assert (await world.link()).host == "b.destino.test"


async def test_a_silent_host_is_not_waited_for(world: World) -> None:
    short = msgspec.structs.replace(QUICK, greeting=0.1)
    await world.sink("127.0.0.2", replies={"greeting": SILENCE})
    await world.sink("127.0.0.3")
    world.mx(SITE, (10, "a.destino.test", "127.0.0.2"), (20, "b.destino.test", "127.0.0.3"))
    assert (await world.link(timeouts=short)).host == "b.destino.test"


async def test_hosts_that_all_take_their_time_are_not_all_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("protocols.smtp.client.courier.OPENING", 0.3)
    hosts = [(10 * number, f"h{number}.destino.test", f"127.0.0.{number}") for number in range(2, 8)]
    sinks = [await world.sink(address, replies={"greeting": SILENCE}) for _, _, address in hosts]
    world.mx(SITE, *hosts)
    courier = world.courier(msgspec.structs.replace(QUICK, greeting=0.2))
    with pytest.raises(ConnectError, match="no reply within"):
        await courier.open(SITE)
    assert [sink.connections for sink in sinks] == [1, 1, 0, 0, 0, 0]
    # Those that were not tried come first next time.
    with pytest.raises(ConnectError):
        await courier.open(SITE)
    assert [sink.connections for sink in sinks] == [1, 1, 1, 1, 0, 0]


async def test_hosts_that_all_refuse_for_good(world: World) -> None:
    await world.sink("127.0.0.2", replies={"greeting": "554 5.7.1 go away"})
    await world.sink("127.0.0.3", replies={"greeting": "550 never"})
    world.mx(SITE, (10, "a.destino.test", "127.0.0.2"), (20, "b.destino.test", "127.0.0.3"))
    error = await refused(world)
    assert (str(error.reply), error.reply.permanent, error.host) == ("554 5.7.1 go away", True, "a.destino.test")
    assert "S: 550 never" in error.transcript


async def test_one_that_may_do_later_is_enough_to_wait_for(world: World) -> None:
    await world.sink("127.0.0.2", replies={"greeting": "554 5.7.1 go away"})
    world.mx(SITE, (10, "a.destino.test", "127.0.0.2"), (20, "b.destino.test", "127.0.0.9"))
    error = await refused(world)
    assert (error.reply.code, error.reply.status, error.reply.permanent) == (0, "4.4.1", False)
    assert (error.host, error.address) == ("b.destino.test", "127.0.0.9")
    assert re.search(r"b\.destino\.test \[127\.0\.0\.9\]:\d+ cannot be reached: ", error.reply.text)


async def test_a_connection_that_hangs(world: World) -> None:
    short = msgspec.structs.replace(QUICK, connect=0.1)
    # A listener that accepts nothing, its queue full.
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", world.port))
        deaf.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", world.port))
        world.mx(SITE, (10, "mx.destino.test", "127.0.0.1"))
        with pytest.raises(ConnectError, match=r"no answer within 0\.1 s"):
            await world.courier(short).open(SITE)
        for filler in fillers:
            filler.close()


async def test_who_takes_no_mail(world: World) -> None:
    world.dns.add("null.test", "MX", "0 .")
    error = await refused(world, "null.test")
    assert (error.reply.code, error.reply.status, error.reply.permanent) == (556, "5.1.10", True)
    error = await refused(world, "nobody.test")
    assert (error.reply.code, error.reply.status, error.reply.permanent) == (0, "5.1.2", True)
    world.dns.add("bare.test", "TXT", '"x"')
    error = await refused(world, "bare.test")
    assert (error.reply.status, error.reply.permanent) == ("5.1.2", True)
    world.dns.add("dangling.test", "MX", "10 gone.test.")
    error = await refused(world, "dangling.test")
    assert (error.reply.status, error.reply.permanent) == ("5.4.4", True)


async def test_when_nobody_can_tell(world: World) -> None:
    world.dns.fail("broken.test")
    error = await refused(world, "broken.test")
    assert (error.reply.status, error.reply.permanent) == ("4.4.3", False)
    world.mx(SITE, (10, "mx.destino.test", "127.0.0.1"))
    world.dns.fail("mx.destino.test")
    error = await refused(world)
    assert (error.reply.status, error.reply.permanent) == ("4.4.3", False)


async def test_mail_that_would_come_back(world: World) -> None:
    await world.sink("127.0.0.2")
    own = (10, "mx.origem.test", "127.0.0.4")
    world.mx(SITE, own, (10, "equal.destino.test", "127.0.0.2"), (20, "worse.destino.test", "127.0.0.2"))
    error = await refused(world)
    assert (error.reply.status, error.reply.permanent) == ("5.4.6", True)
    world.mx("other.test", (5, "better.other.test", "127.0.0.2"), own)
    assert (await world.link("other.test")).host == "better.other.test"


async def test_address_literals(world: World) -> None:
    await world.sink("127.0.0.5")
    link = await world.link("[127.0.0.5]")
    assert (link.host, link.address) == ("[127.0.0.5]", "127.0.0.5")
    assert sum(world.dns.questions.values()) == 0
    error = await refused(world, "[127.0.0.6]")
    assert error.reply.status == "4.4.1"
    assert "[127.0.0.6]:" in error.reply.text


async def test_a_bounded_number_of_hosts(world: World) -> None:
    for number in range(30):
        world.mx(SITE, (number, f"mx{number}.destino.test", f"127.0.1.{number}"))
    error = await refused(world)
    assert sum("cannot be reached" in line for line in error.transcript) == 10
    assert error.host == "mx0.destino.test"


async def test_helo_for_a_server_that_knows_no_ehlo(world: World) -> None:
    sink = await world.sink(replies={"EHLO": "502 5.5.1 what?"})
    world.dns.add(SITE, "A", "127.0.0.1")
    link = await world.link()
    assert codes(await link.send(envelope(), Letter(), go_on)) == [250]
    assert sink.verbs()[:2] == ["EHLO", "HELO"]
    assert (sink.messages[0].parameters, link.limit) == ("", 100)


async def test_a_source_address(world: World) -> None:
    seen: list[str] = []

    async def see(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(writer.get_extra_info("peername")[0])
        writer.close()

    async with await asyncio.start_server(see, "127.0.0.1", world.port):
        world.dns.add(SITE, "A", "127.0.0.1")
        await refused(world, outbound_source=("127.0.0.77", "::1"))
    assert seen == ["127.0.0.77"]


async def test_closing_that_is_given_up_leaves_no_connection(world: World) -> None:
    patient = msgspec.structs.replace(QUICK, quit=30)
    sink, link = await world.served(timeouts=patient, replies={"QUIT": SILENCE})
    closing = asyncio.create_task(link.close())
    await until(lambda: "QUIT" in sink.verbs())
    closing.cancel()
    await until(lambda: sink.open == 0, 5)


async def test_closing_says_quit_and_waits_for_nobody(world: World) -> None:
    sink = await world.sink(replies={"QUIT": SILENCE})
    world.dns.add(SITE, "A", "127.0.0.1")
    link = await world.courier().open(SITE)
    await link.close()
    assert sink.verbs() == ["EHLO", "QUIT"]
    assert not link.usable
    await link.close()


# Smarthosts


def route(world: World, **fields: object) -> tuple[Route, ...]:
    given = {"name": "relay", "host": "relay.test", "port": world.port, "tls": "opportunistic"} | fields
    return (Route(**given),)  # type: ignore[arg-type]


async def test_a_smarthost(world: World) -> None:
    port = free_port()
    sink = await world.sink("127.0.0.8", port=port)
    world.dns.add("relay.test", "A", "127.0.0.8")
    link = await world.link("route:relay", routes=route(world, port=port))
    assert codes(await link.send(envelope(), Letter(), go_on)) == [250]
    assert (link.host, sink.count) == ("relay.test", 1)


async def test_a_smarthost_that_only_this_machine_knows(world: World) -> None:
    await world.sink("127.0.0.1")
    assert (await world.link("route:relay", routes=route(world, host="localhost"))).address == "127.0.0.1"


async def test_routes_that_lead_nowhere(world: World) -> None:
    error = await refused(world, "route:gone")
    assert (error.reply.status, error.reply.permanent) == ("4.3.5", False)
    error = await refused(world, "route:relay", routes=route(world, host="no such host"))
    assert (error.reply.status, error.reply.permanent) == ("4.4.3", False)
    error = await refused(world, "route:relay", routes=route(world, host="127.0.0.9"))
    assert (error.reply.status, error.reply.permanent) == ("4.4.1", False)


@pytest.mark.parametrize("mechanisms", ["PLAIN LOGIN", "LOGIN"])
async def test_signing_in_over_loopback(world: World, mechanisms: str) -> None:
    sink = await world.sink(users={"ana": "sésamo"}, extensions=(*FULL, f"AUTH {mechanisms}"))
    routes = route(world, host="127.0.0.1", user="ana", password="sésamo", tls="none")
    link = await world.link("route:relay", routes=routes)
    await link.send(envelope(), Letter(), go_on)
    assert sink.messages[0].user == "ana"
    said = " ".join(link.transcript())
    assert f"C: AUTH {mechanisms.split(maxsplit=1)[0]} (secret)" in said
    assert "YW5h" not in said


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ({"users": {"ana": "other"}}, "535 5.7.8"),
        ({"extensions": FULL}, "no mechanism of AUTH"),
        ({"users": {"ana": "x"}, "extensions": (*FULL, "AUTH CRAM-MD5 NTLM")}, "CRAM-MD5 NTLM"),
        ({"users": {"ana": "x"}, "replies": {"AUTH": "454 4.7.0 later"}}, "454 4.7.0"),
    ],
)
async def test_signing_in_that_fails_is_tried_again_later(world: World, script: dict[str, object], says: str) -> None:
    await world.sink(**script)
    routes = route(world, host="127.0.0.1", user="ana", password="hunter2", tls="none")
    error = await refused(world, "route:relay", routes=routes)
    assert says in error.reply.text
    assert not error.reply.permanent
    assert "hunter2" not in "".join(error.transcript)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_a_server_that_repeats_the_password(world: World, mechanism: str) -> None:
    """Some say what they did not understand. That goes into logs, transcripts and bounces."""
    said = [base64.b64encode(text).decode() for text in (b"\0ana\0hunter2", b"hunter2")]
    reply = f"500-5.5.1 Not understood: AUTH {mechanism} {said[0]}\r\n500 5.5.1 or {said[1].lower()}, that is hunter2"
    await world.sink(users={"ana": "x"}, extensions=(*FULL, f"AUTH {mechanism}"), replies={"AUTH": reply})
    routes = route(world, host="127.0.0.1", user="ana", password="hunter2", tls="none")
    error = await refused(world, "route:relay", routes=routes)
    told = "".join([error.reply.text, *error.transcript]).lower()
    assert "not understood" in told
    assert not [secret for secret in ("hunter2", said[mechanism == "LOGIN"].lower()) if secret in told]


async def test_scram_with_our_own_server_side(world: World) -> None:
    """The other half is that of the listeners, which real clients sign in to."""
    credentials = derive("sésamo", 4096)
    exchange = Scram(plus=False, offers_plus=False, binding=lambda name: None)

    def step(line: str) -> str:
        answer = exchange.step(base64.b64decode(line))
        if isinstance(answer, ScramClaim):
            return "334 " + base64.b64encode(answer.offer(credentials.salt, credentials.iterations)).decode()
        if isinstance(answer, ScramProof):
            good = credentials.accepts(answer.message, answer.proof)
            signed = answer.confirm(credentials.sign(answer.message))
            return "334 " + base64.b64encode(signed).decode() if good else "535 5.7.8 no"
        return "235 2.7.0 hello"

    sink = await world.sink(extensions=(*FULL, "AUTH SCRAM-SHA-256 PLAIN"), sasl=step)
    routes = route(world, host="127.0.0.1", user="ana", password="sésamo", tls="none")
    link = await world.link("route:relay", routes=routes)
    assert codes(await link.send(envelope(), Letter(), go_on)) == [250]
    assert sink.count == 1
