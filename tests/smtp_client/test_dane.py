"""DANE with real certificates and a nameserver that vouches."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.peers.authority import Authority, Issued
from tests.smtp_client.secured import HOST, SITE, counted, mail_host, refused, send, tlsa
from tests.smtp_client.world import World


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


async def test_dane_holds_where_one_kind_of_address_cannot_be_told(world: World, context: Any, issued: Issued) -> None:
    """Or whoever can keep the answer to AAAA away could send mail to anybody."""
    sink = await mail_host(world, tls=context)
    world.dns.secure = True
    world.dns.fail(f"{HOST} AAAA")
    tlsa(world, f"3 1 1 {hashlib.sha256(b'another key').hexdigest()}")
    assert (await refused(world.courier())).reply.status == "4.7.5"
    assert not sink.messages
    world.dns.remove(f"_{world.port}._tcp.{HOST}")
    tlsa(world, f"3 1 1 {hashlib.sha256(issued.public_key).hexdigest()}")
    assert "(DANE)" in await send(world, world.courier())


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


@pytest.mark.parametrize("name", [HOST, SITE, "hosted.test"])
async def test_dane_and_the_names_of_a_domain_that_is_an_alias(world: World, tmp_path: Path, name: str) -> None:
    """RFC 7672 section 3.2.2: the host's, the domain's, and the one that the domain is an alias of."""
    root = Authority()
    world.dns.add(SITE, "CNAME", "hosted.test.")
    world.mx("hosted.test", (10, HOST, "127.0.0.1"))
    await world.sink(tls=root.issue(name).context(tmp_path))
    world.dns.secure = True
    tlsa(world, f"2 0 1 {hashlib.sha256(root.der).hexdigest()}")
    assert "(DANE)" in await send(world, world.courier())
