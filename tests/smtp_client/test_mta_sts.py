"""MTA-STS with a policy host of its own."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.peers.authority import Authority, Issued
from tests.peers.served import free_port
from tests.smtp_client.secured import HOST, SITE, counted, mail_host, refused, send, tlsa, today
from tests.smtp_client.world import World

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


async def test_a_policy_that_is_only_tested_and_does_not_name_the_host(
    world: World, context: Any, authority: Authority, tmp_path: Path
) -> None:
    await mail_host(world, tls=context)
    async with policy_host(world, authority, tmp_path, mode="testing", mx="other.test") as (_, settings):
        courier = world.courier(**settings)
        assert "not checked" in await send(world, courier)
        assert counted(courier) == [("sts", 0, 1, ["validation-failure"])]


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
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n",
            None,
            None,
            "sts-policy-fetch-error",
        ),
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
