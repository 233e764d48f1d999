"""TLS with servers that have it, have it badly, or must have it: STARTTLS, smarthosts, DANE and MTA-STS."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from correio.config import Route
from correio.config_routes import ConfigError
from correio.metrics import REGISTRY
from correio.queue.courier import ConnectError
from correio.tlspolicy.tls_report import DaySummary, PolicySummary
from protocols.smtp.client.courier import SmtpCourier
from tests.peers.authority import Authority, Issued
from tests.peers.served import free_port
from tests.peers.sink import Sink
from tests.smtp_client.world import Letter, World, codes, envelope, go_on

SITE = "destino.test"
HOST = "mx.destino.test"


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Issued:
    return authority.issue(HOST, "127.0.0.1")


@pytest.fixture
def context(issued: Issued, tmp_path: Path) -> Any:
    return issued.context(tmp_path)


def today(courier: SmtpCourier) -> DaySummary:
    return courier.report.summary(datetime.datetime.now(datetime.UTC).date())


def counted(courier: SmtpCourier) -> list[tuple[str, int, int, list[str]]]:
    """Kind, successes, failures and what they were, of each policy."""
    return [
        (one.kind, one.successful, one.failed, [failure.result_type for failure in one.failures])
        for one in today(courier).policies
    ]


async def send(world: World, courier: SmtpCourier, site: str = SITE) -> str:
    """Send a message and return how the connection was secured."""
    link = await courier.open(site)
    assert codes(await link.send(envelope(), Letter(), go_on)) == [250]
    await link.close()
    return link.tls


async def refused(courier: SmtpCourier, site: str = SITE) -> ConnectError:
    with pytest.raises(ConnectError) as caught:
        await courier.open(site)
    assert not caught.value.reply.permanent
    return caught.value


async def mail_host(world: World, **script: Any) -> Sink:
    world.mx(SITE, (10, HOST, "127.0.0.1"))
    return await world.sink(**script)


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
    from protocols.smtp.client.core.offer import Offer  # noqa: PLC0415
    from protocols.smtp.client.sign_in import Credentials, SignInError, sign_in  # noqa: PLC0415
    from protocols.smtp.client.stream import ClientStream  # noqa: PLC0415

    sink = await world.sink(users={"ana": "x"})
    stream = await ClientStream.connect("127.0.0.1", world.port, source=None, timeout=2)
    with pytest.raises(SignInError, match="without TLS"):
        await sign_in(stream, Offer(mechanisms=("PLAIN",)), Credentials("ana", "x"), "192.0.2.1", 2)
    stream.abort()
    assert sink.commands == []


def test_authorities_that_cannot_be_read(tmp_path: Path) -> None:
    from protocols.smtp.client.tls_contexts import checking_context  # noqa: PLC0415

    (tmp_path / "x.pem").write_text("nothing")
    for path in (tmp_path / "x.pem", tmp_path / "gone.pem"):
        with pytest.raises(ConfigError, match="CORREIO_OUTBOUND_CA"):
            checking_context(path)


# DANE


def tlsa(world: World, text: str, host: str = HOST) -> None:
    world.dns.add(f"_{world.port}._tcp.{host}", "TLSA", text)


async def test_dane_names_the_key(world: World, context: Any, issued: Issued) -> None:
    await mail_host(world, tls=context)
    world.dns.secure = True
    tlsa(world, f"3 1 1 {hashlib.sha256(issued.public_key).hexdigest()}")
    courier = world.courier()
    assert "(DANE)" in await send(world, courier)
    assert counted(courier) == [("tlsa", 1, 0, [])]


async def test_dane_and_another_key(world: World, context: Any) -> None:
    sink = await mail_host(world, tls=context)
    world.dns.secure = True
    tlsa(world, f"3 1 1 {'00' * 32}")
    courier = world.courier()
    error = await refused(courier)
    assert error.reply.status == "4.7.5"
    assert "TLSA" in error.reply.text
    assert sink.count == 0
    assert sink.verbs() == ["EHLO", "STARTTLS"]
    assert counted(courier) == [("tlsa", 0, 1, ["validation-failure"])]
    # Where DNSSEC vouches for nothing, or nobody wants to know, the record says nothing.
    assert "not checked" in await send(world, world.courier(outbound_dane=False))
    world.dns.secure = False
    assert "not checked" in await send(world, world.courier())


async def test_dane_without_starttls(world: World) -> None:
    await mail_host(world)
    world.dns.secure = True
    tlsa(world, f"3 1 1 {'00' * 32}")
    courier = world.courier()
    assert (await refused(courier)).reply.status == "4.7.4"
    assert counted(courier) == [("tlsa", 0, 1, ["starttls-not-supported"])]


async def test_dane_records_that_cannot_be_used_still_promise_tls(world: World, context: Any) -> None:
    sink = await mail_host(world, tls=context)
    world.dns.secure = True
    tlsa(world, f"1 1 1 {'00' * 32}")
    assert "not checked" in await send(world, world.courier())
    sink.tls = None
    assert (await refused(world.courier())).reply.status == "4.7.4"


async def test_dane_when_nobody_can_tell(world: World, context: Any) -> None:
    sink = await mail_host(world, tls=context)
    world.dns.secure = True
    world.dns.fail(f"_{world.port}._tcp.{HOST}")
    courier = world.courier()
    assert "TLSA" in (await refused(courier)).reply.text
    assert sink.connections == 0
    assert counted(courier) == [("tlsa", 0, 1, ["dnssec-invalid"])]


async def test_dane_names_an_authority(world: World, tmp_path: Path) -> None:
    root = Authority()
    middle = Authority(root, "Middle")
    await mail_host(world, tls=middle.issue(SITE).context(tmp_path))
    world.dns.secure = True
    tlsa(world, f"2 0 1 {hashlib.sha256(root.der).hexdigest()}")
    assert "(DANE)" in await send(world, world.courier())


async def test_dane_follows_an_alias_of_the_host(world: World, context: Any, issued: Issued) -> None:
    await world.sink(tls=context)
    world.dns.add(SITE, "MX", "10 alias.test.")
    world.dns.add("alias.test", "CNAME", f"{HOST}.")
    world.dns.add(HOST, "A", "127.0.0.1")
    world.dns.secure = True
    tlsa(world, f"3 0 2 {hashlib.sha512(issued.der).hexdigest()}")
    assert "(DANE)" in await send(world, world.courier())


# MTA-STS

POLICY = "version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: {age}\r\n"


class PolicyHost:
    """The web server of mta-sts.destino.test."""

    def __init__(self, body: str) -> None:
        self.head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
        self.body = body
        self.asked: list[str] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(f"{self.head}Content-Length: {len(self.body)}\r\n\r\n{self.body}".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def policy_host(
    world: World, authority: Authority, folder: Path, *, mode: str = "enforce", mx: str = HOST, age: int = 86400,
    name: str = f"mta-sts.{SITE}",
) -> AsyncIterator[tuple[PolicyHost, dict[str, Any]]]:  # fmt: skip
    """Run one; and the settings by which it is found."""
    host = PolicyHost(POLICY.format(mode=mode, mx=mx, age=age))
    world.dns.txt(f"_mta-sts.{SITE}", "v=STSv1; id=1;")
    world.dns.add(f"mta-sts.{SITE}", "A", "127.0.0.1")
    port = free_port()
    server = await asyncio.start_server(host.answer, "127.0.0.1", port, ssl=authority.issue(name).context(folder))
    async with server:
        yield host, {"outbound_mta_sts": True, "outbound_mta_sts_port": port, "outbound_ca": authority.pem(folder)}


async def test_a_policy_is_kept(world: World, context: Any, authority: Authority, tmp_path: Path) -> None:
    sink = await mail_host(world, tls=context)
    async with policy_host(world, authority, tmp_path) as (host, settings):
        courier = world.courier(**settings)
        assert "certificate checked" in await send(world, courier)
        assert "certificate checked" in await send(world, courier)
        (request,) = host.asked
        assert request.startswith("GET /.well-known/mta-sts.txt HTTP/1.1\r\n")
        assert f"Host: mta-sts.{SITE}:" in request
        assert counted(courier) == [("sts", 2, 0, [])]
        (found,) = today(courier).policies
        assert (found.domain, found.hosts, found.policy[0]) == (SITE, (HOST,), "version: STSv1")
        # Taken away, it is in force until its time is over.
        world.dns.remove(f"_mta-sts.{SITE}")
        sink.tls = None
        assert (await refused(courier)).reply.status == "4.7.4"


async def test_a_policy_and_a_certificate_of_another(world: World, authority: Authority, tmp_path: Path) -> None:
    for names, expired, result in (
        (("other.test",), False, "certificate-host-mismatch"),
        ((HOST,), True, "certificate-expired"),
        ((), False, "certificate-not-trusted"),
    ):
        issuer = authority if names else Authority()
        tls = issuer.issue(*(names or (HOST,)), expired=expired).context(tmp_path)
        world.dns.remove(SITE)
        sink = await mail_host(world, tls=tls)
        async with policy_host(world, authority, tmp_path) as (_, settings):
            courier = world.courier(**settings)
            assert (await refused(courier)).reply.status == "4.7.5"
            assert counted(courier) == [("sts", 0, 1, [result])]
        assert sink.count == 0
        await sink.stop()


async def test_a_host_that_the_policy_does_not_name(
    world: World, context: Any, authority: Authority, tmp_path: Path
) -> None:
    sink = await mail_host(world, tls=context)
    async with policy_host(world, authority, tmp_path, mx="*.other.test") as (_, settings):
        courier = world.courier(**settings)
        error = await refused(courier)
        assert f"does not name its mail host {HOST}" in error.reply.text
        assert counted(courier) == [("sts", 0, 1, ["validation-failure"])]
    assert sink.connections == 0


async def test_a_policy_that_is_only_tested(world: World, authority: Authority, tmp_path: Path) -> None:
    await mail_host(world, tls=authority.issue("other.test").context(tmp_path))
    async with policy_host(world, authority, tmp_path, mode="testing") as (_, settings):
        courier = world.courier(**settings)
        assert "not checked" in await send(world, courier)
        assert counted(courier) == [("sts", 0, 1, ["certificate-host-mismatch"])]


async def test_dane_comes_before_a_policy(
    world: World, context: Any, issued: Issued, authority: Authority, tmp_path: Path
) -> None:
    await mail_host(world, tls=context)
    world.dns.secure = True
    tlsa(world, f"3 1 1 {hashlib.sha256(issued.public_key).hexdigest()}")
    async with policy_host(world, authority, tmp_path, mx="other.test") as (_, settings):
        assert "(DANE)" in await send(world, world.courier(**settings))


@pytest.mark.parametrize(
    ("head", "body", "name", "result"),
    [
        ("HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n", None, None, "sts-policy-fetch-error"),
        ("HTTP/1.1 301 Moved\r\nLocation: https://x.test/\r\n", None, None, "sts-policy-fetch-error"),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n", None, None, "sts-policy-fetch-error"),
        ("this is no HTTP\r\n", None, None, "sts-policy-fetch-error"),
        (None, "version: STSv1\n" + "x: y\n" * 20_000, None, "sts-policy-fetch-error"),
        (None, "mode: enforce", None, "sts-policy-invalid"),
        (None, None, "other.test", "sts-webpki-invalid"),
    ],
)
async def test_a_policy_that_cannot_be_had_is_none(
    world: World,
    context: Any,
    authority: Authority,
    tmp_path: Path,
    head: str | None,
    body: str | None,
    name: str | None,
    result: str,
) -> None:
    await mail_host(world, tls=context)
    async with policy_host(world, authority, tmp_path, name=name or f"mta-sts.{SITE}") as (host, settings):
        host.head, host.body = head or host.head, body or host.body
        courier = world.courier(**settings)
        assert "not checked" in await send(world, courier)
        assert ("sts", 0, 1, [result]) in counted(courier)
        # It is not asked for again at once.
        asked = len(host.asked)
        await send(world, courier)
        assert len(host.asked) == asked


async def test_a_policy_that_changes(world: World, context: Any, authority: Authority, tmp_path: Path) -> None:
    await mail_host(world, tls=context)
    async with policy_host(world, authority, tmp_path, mode="none") as (host, settings):
        courier = world.courier(**settings)
        assert "not checked" in await send(world, courier)
        host.body = POLICY.format(mode="enforce", mx=HOST, age=60)
        world.dns.remove(f"_mta-sts.{SITE}")
        world.dns.txt(f"_mta-sts.{SITE}", "v=STSv1; id=2;")
        # The resolver keeps the record for as long as it says; another one has not seen it.
        fresh = world.courier(**settings)
        assert "certificate checked" in await send(world, fresh)
        assert len(host.asked) == 2


async def test_sessions_are_counted_by_day() -> None:
    from correio.tlspolicy import tls_report  # noqa: PLC0415

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
