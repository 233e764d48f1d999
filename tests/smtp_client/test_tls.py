"""TLS with servers that have it, have it badly, or must have it: STARTTLS and smarthosts."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path
from typing import Any

import msgspec
import pytest

from correio.config import Route
from correio.config_routes import ConfigError
from correio.metrics import REGISTRY
from correio.tlspolicy import tls_report
from correio.tlspolicy.tls_report import PolicySummary
from protocols.smtp.client.core.offer import Offer
from protocols.smtp.client.sign_in import Credentials, SignInError, sign_in
from protocols.smtp.client.stream import ClientStream
from protocols.smtp.client.tls_contexts import checking_context
from tests.peers.authority import Authority
from tests.peers.sink import CLOSE, RESET, SILENCE
from tests.smtp_client.secured import HOST, SITE, counted, mail_host, refused, send
from tests.smtp_client.world import QUICK, Letter, World, codes, envelope, go_on

# STARTTLS as it comes


async def test_tls_is_used_where_it_is_offered(world: World, context: Any) -> None:
    sink = await mail_host(world, tls=context)
    courier = world.courier()
    assert (await send(world, courier)).startswith("TLSv1.3 TLS_")
    assert sink.messages[0].tls
    assert sink.verbs()[:3] == ["EHLO", "STARTTLS", "EHLO"]
    assert counted(courier) == [("no-policy-found", 1, 0, [])]


async def test_a_large_message_under_tls(world: World, context: Any) -> None:
    sink = await mail_host(world, tls=context)
    link = await world.courier().open(SITE)
    content = b"." + b"x" * 76 + b"\r\n"
    content *= 20 * 1024 * 1024 // len(content)
    assert codes(await link.send(envelope(), Letter(content), go_on)) == [250]
    assert sink.messages[0].content == content
    await link.close()


async def test_it_is_not_where_it_is_not(world: World) -> None:
    sink = await mail_host(world)
    courier = world.courier()
    assert await send(world, courier) == ""
    assert not sink.messages[0].tls
    assert counted(courier) == [("no-policy-found", 0, 1, ["starttls-not-supported"])]
    assert 'correio_outbound_tls_sessions_total{policy="no-policy-found",result="starttls-not-supported"}' in (
        REGISTRY.render().decode()
    )


@pytest.mark.parametrize("reply", ["454 4.7.0 not now", "502 5.5.1 no"])
async def test_a_server_that_refuses_it_gets_the_mail_in_the_clear(world: World, context: Any, reply: str) -> None:
    sink = await mail_host(world, tls=context, replies={"STARTTLS": reply})
    assert await send(world, world.courier()) == ""
    assert sink.connections == 1


@pytest.mark.parametrize("script", [{"broken_tls": True}, {"injected": b"250 2.0.0 injected\r\n"}])
async def test_a_server_that_cannot_do_it_gets_a_second_chance_without(
    world: World, context: Any, script: dict[str, Any]
) -> None:
    sink = await mail_host(world, **({"tls": context} | script if "injected" in script else script))
    courier = world.courier()
    assert await send(world, courier) == ""
    assert sink.connections == 2
    assert counted(courier) == [("no-policy-found", 0, 1, ["validation-failure"])]


@pytest.mark.parametrize("reply", [CLOSE, RESET, SILENCE, "421 4.3.0 no TLS today"])
async def test_nor_does_one_that_falls_silent_at_starttls_cost_the_mail(world: World, context: Any, reply: str) -> None:
    await mail_host(world, tls=context, replies={"STARTTLS": [reply]})
    courier = world.courier(timeouts=msgspec.structs.replace(QUICK, command=0.5))
    assert await send(world, courier) == ""
    assert counted(courier)[0][2] == 1


@pytest.mark.parametrize("asked", [ssl.CERT_REQUIRED, None])
async def test_nor_one_that_ends_the_connection_behind_the_handshake(
    world: World, context: Any, asked: ssl.VerifyMode | None
) -> None:
    """With TLS 1.3 a client is through with its handshake before a server says that it does not like it."""
    replies: dict[Any, Any] = {}
    if asked is not None:
        context.verify_mode = asked
    else:
        replies = {"EHLO": ["", CLOSE, "", "", CLOSE]}
    sink = await mail_host(world, tls=context, replies=replies)
    courier = world.courier()
    assert await send(world, courier) == ""
    assert sink.connections == 2
    assert counted(courier) == [("no-policy-found", 0, 1, ["validation-failure"])]
    assert (await refused(world.courier(outbound_require_tls=("*",)))).reply.status == "4.7.5"


@pytest.mark.parametrize("pattern", ["destino.test", ".test", "*"])
async def test_but_not_where_tls_is_required(world: World, context: Any, pattern: str) -> None:
    await mail_host(world, broken_tls=True)
    courier = world.courier(outbound_require_tls=("other.test", pattern))
    error = await refused(courier)
    assert error.reply.status == "4.7.5"
    assert "handshake" in error.reply.text
    world.mx("plain.test", (10, "mx.plain.test", "127.0.0.2"))
    await world.sink("127.0.0.2")
    if pattern != "destino.test":
        assert (await refused(courier, "plain.test")).reply.status == "4.7.4"
    world.mx("tls.test", (10, "mx.tls.test", "127.0.0.3"))
    await world.sink("127.0.0.3", tls=context)
    assert "not checked" in await send(world, courier, "tls.test")


async def test_the_next_host_where_the_tls_of_one_is_wanting(world: World, context: Any) -> None:
    await world.sink("127.0.0.2", broken_tls=True)
    await world.sink("127.0.0.3", tls=context)
    world.mx(SITE, (10, "a.destino.test", "127.0.0.2"), (20, "b.destino.test", "127.0.0.3"))
    link = await world.courier(outbound_require_tls=(SITE,)).open(SITE)
    assert link.host == "b.destino.test"
    await link.close()


# Smarthosts


def route(world: World, tls: str, host: str = "127.0.0.1", **more: Any) -> dict[str, Any]:
    return {"routes": (Route(name="relay", host=host, port=world.port, tls=tls, **more),)}  # type: ignore[arg-type]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("host", ["127.0.0.1", HOST])
async def test_a_smarthost_is_checked(
    world: World, context: Any, authority: Authority, tmp_path: Path, tls: str, host: str
) -> None:
    world.dns.add(HOST, "A", "127.0.0.1")
    sink = await world.sink(tls=context, implicit_tls=tls == "implicit", users={"ana": "x"})
    given = route(world, tls, host, user="ana", password="x")
    courier = world.courier(outbound_ca=authority.pem(tmp_path), **given)
    assert "certificate checked" in await send(world, courier, "route:relay")
    assert (sink.messages[0].user, sink.messages[0].tls) == ("ana", True)
    # Without the authority nobody vouches for it, and nobody is told the password.
    error = await refused(world.courier(**given), "route:relay")
    assert error.reply.status == "4.7.5"
    assert sum(line.startswith("AUTH") for line in sink.commands) == 1


async def test_a_smarthost_of_another_name(world: World, context: Any, authority: Authority, tmp_path: Path) -> None:
    world.dns.add("other.test", "A", "127.0.0.1")
    await world.sink(tls=context)
    courier = world.courier(outbound_ca=authority.pem(tmp_path), **route(world, "starttls", "other.test"))
    assert "match" in (await refused(courier, "route:relay")).reply.text


async def test_a_password_is_not_sent_in_the_clear(world: World) -> None:
    """Off loopback: an address of this machine on another interface would do, and there may be none."""

    sink = await world.sink(users={"ana": "x"})
    stream = await ClientStream.connect("127.0.0.1", world.port, source=None, timeout=2)
    with pytest.raises(SignInError, match="without TLS"):
        await sign_in(stream, Offer(mechanisms=("PLAIN",)), Credentials("ana", "x"), "192.0.2.1", 2)
    stream.abort()
    assert sink.commands == []


def test_authorities_that_cannot_be_read(tmp_path: Path) -> None:

    (tmp_path / "x.pem").write_text("nothing")
    for path in (tmp_path / "x.pem", tmp_path / "gone.pem"):
        with pytest.raises(ConfigError, match="CORREIO_OUTBOUND_CA"):
            checking_context(path)


async def test_sessions_are_counted_by_day() -> None:

    clock = [0.0]
    report = tls_report.TlsReport(lambda: clock[0])
    day = datetime.date(1970, 1, 1)
    for result in ("successful", "validation-failure", "validation-failure"):
        report.count("x.test", "sts", result, host="mx.x.test", address="192.0.2.1")  # type: ignore[arg-type]
    (found,) = report.summary(day).policies
    assert isinstance(found, PolicySummary)
    assert (found.successful, found.failed, found.failures[0].failed_session_count) == (1, 2, 2)
    for number in range(tls_report.MOST_DOMAINS + 5):
        report.count(f"{number}.test", "sts", "successful")
    assert report.summary(day).left_out == 6
    for number in range(tls_report.MOST_FAILURES + 5):
        report.count("x.test", "sts", "validation-failure", host=f"{number}.test")
    assert len(found.failures) == tls_report.MOST_FAILURES
    for step in range(1, 4):
        clock[0] = step * 86_400.0
        report.count("x.test", "sts", "successful")
    assert report.summary(day).policies == []
    assert len(report.summary(datetime.date(1970, 1, 3)).policies) == 1
