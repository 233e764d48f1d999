"""The conversation of the textbook: orlando@origem.test writes to maria@destino.test, each on a server of their own."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator

import pytest

from tests.peers.nameserver import Nameserver, nameserver
from tests.peers.served import free_port
from tests.queue.hosts import Host, mail_host

DATE = b"Date: Mon, 2 Mar 2026 10:00:00 +0000\r\n"
LETTER = DATE + (
    b"From: orlando@origem.test\r\nTo: maria@destino.test\r\nSubject: %s\r\nMessage-ID: <%s@origem.test>\r\n\r\n%s\r\n"
)


def letter(name: str, text: bytes = b"Bom dia!") -> bytes:
    return LETTER % (name.encode(), name.encode(), text)


@pytest.fixture(scope="module")
async def dns() -> AsyncIterator[Nameserver]:
    async with nameserver() as server:
        yield server


@pytest.fixture(scope="module")
async def hosts(tmp_path_factory: pytest.TempPathFactory, dns: Nameserver) -> AsyncIterator[tuple[Host, Host]]:
    directory, port = tmp_path_factory.mktemp("hosts"), free_port()
    async with (
        mail_host(directory, dns, "origem.test", "127.0.0.2", "orlando", port) as origem,
        mail_host(directory, dns, "destino.test", "127.0.0.3", "maria", port) as destino,
    ):
        await asyncio.gather(origem.start(), destino.start())
        yield origem, destino


async def test_the_second_is_not_ready_at_first(hosts: tuple[Host, Host]) -> None:
    origem, destino = hosts
    before = len(await destino.messages(0))
    await destino.stop()
    await origem.submit("maria@destino.test", raw=letter("one"))
    [waiting] = await origem.until(lambda found: bool(found) and found[0]["attempts"] >= 1)
    assert waiting["status"] == "deferred"
    assert "4.4.1" in waiting["last_reply"]
    await destino.start()
    # By itself it would be tried after the pause, and may have been by now; nobody has to wait for that.
    await origem.served.command("queue", "retry", waiting["id"])
    arrived = (await destino.messages(before + 1))[-1]
    message = email.message_from_bytes(arrived, policy=email.policy.default)
    assert message["Return-Path"] == "<orlando@origem.test>"
    assert message["Delivered-To"] == "maria@destino.test"
    assert message["Message-ID"] == "<one@origem.test>"
    received = message.get_all("Received")
    assert received is not None
    assert [("by mx.destino.test" in received[0]), ("by mx.origem.test" in received[1])] == [True, True]
    assert " with ESMTPS " in received[0]
    assert await origem.until(lambda found: not found) == []
    assert any(arrived.endswith(copy) for copy in await origem.messages(1, b"Sent"))


async def test_the_answer_goes_back(hosts: tuple[Host, Host]) -> None:
    origem, destino = hosts
    before = len(await origem.messages(0))
    await destino.submit("orlando@origem.test", "maria@destino.test", raw=letter("two"))
    assert b"Subject: two" in (await origem.messages(before + 1))[-1]
    assert sum(b"Subject: two" in one for one in await destino.messages(1)) == 1


async def test_nobody_of_that_name(hosts: tuple[Host, Host]) -> None:
    origem, _ = hosts
    before = len(await origem.messages(0))
    await origem.submit("nobody@destino.test", "maria@destino.test", raw=letter("three"), options=" ENVID=e3 RET=HDRS")
    report = email.message_from_bytes((await origem.messages(before + 1))[-1])
    assert report["Return-Path"] == "<>"
    assert report.get_content_type() == "multipart/report"
    status = report.get_payload()[1].get_payload()  # type: ignore[index, union-attr]
    assert status[0]["Original-Envelope-Id"] == "e3"  # type: ignore[index, call-overload]
    assert status[1]["Final-Recipient"] == "rfc822;nobody@destino.test"  # type: ignore[index, call-overload]
    assert status[1]["Status"].startswith("5.1.1")  # type: ignore[index, call-overload, union-attr]
    assert await origem.until(lambda found: not found) == []


async def test_a_domain_that_is_none(hosts: tuple[Host, Host]) -> None:
    origem, _ = hosts
    before = len(await origem.messages(0))
    await origem.submit("x@nowhere.test", raw=letter("four"))
    assert b"x@nowhere.test" in (await origem.messages(before + 1))[-1]


async def test_eight_bits_other_alphabets_and_twenty_megabytes(hosts: tuple[Host, Host]) -> None:
    origem, destino = hosts
    before = len(await destino.messages(0))
    eight = letter("five", "Olá, até logo: Пока\r\n.\r\n..two".encode())
    await origem.submit("maria@destino.test", raw=eight, options=" BODY=8BITMIME")
    utf8 = DATE + "From: orlando@origem.test\r\nSubject: Olá\r\nMessage-ID: <six@origem.test>\r\n\r\nç\r\n".encode()
    await origem.submit("maria@destino.test", raw=utf8, options=" BODY=8BITMIME SMTPUTF8")
    big = letter("seven", (b"x" * 998 + b"\r\n") * 20_000)
    await origem.submit("maria@destino.test", raw=big)
    arrived = await destino.messages(before + 3)
    for raw in (eight, utf8, big):
        assert sum(one.endswith(raw) for one in arrived[before:]) == 1


async def test_success_is_reported_to_who_asks(hosts: tuple[Host, Host]) -> None:
    origem, _ = hosts
    before = len(await origem.messages(0))
    await origem.submit("maria@destino.test", raw=letter("eight"), parameters=" NOTIFY=SUCCESS")
    report = (await origem.messages(before + 1))[-1]
    assert b"Action: delivered" in report or b"Action: relayed" in report


async def test_held_by_an_operator_and_let_go(hosts: tuple[Host, Host]) -> None:
    origem, destino = hosts
    before = len(await destino.messages(0))
    assert (await origem.served.command("queue", "hold", "--site", "destino.test"))[0] == 0
    await origem.submit("maria@destino.test", raw=letter("nine"))
    await asyncio.sleep(1.5)
    [waiting] = (await origem.queue())["deliveries"]
    assert (waiting["status"], waiting["attempts"]) == ("queued", 0)
    code, said = await origem.served.command("queue", "show", waiting["send"])
    assert code == 0, said
    assert "maria@destino.test" in said
    assert (await origem.served.command("queue", "retry", "--site", "destino.test"))[0] == 0
    assert b"Subject: nine" in (await destino.messages(before + 1))[-1]


async def test_an_alias_forwards(hosts: tuple[Host, Host]) -> None:
    """What leads elsewhere goes out again, under a sender by which bounces find their way back to who wrote it."""
    origem, destino = hosts
    for address, *targets in (
        ("todos@destino.test", "maria@destino.test", "orlando@origem.test"), ("fora@destino.test", "ninguem@origem.test"),
    ):  # fmt: skip
        code, said = await destino.served.command("alias", "add", address, *targets)
        assert code == 0, said
    here, there = len(await origem.messages(0)), len(await destino.messages(0))
    await origem.submit("todos@destino.test", raw=letter("all"))
    assert b"Delivered-To: todos@destino.test\r\n" in (await destino.messages(there + 1))[-1]
    arrived = (await origem.messages(here + 1))[-1]
    message = email.message_from_bytes(arrived, policy=email.policy.default)
    assert message["Return-Path"].startswith("<SRS0=")
    assert message["Return-Path"].endswith("=origem.test=orlando@destino.test>")
    assert message.get_all("Delivered-To") == ["orlando@origem.test", "todos@destino.test"]
    assert message["Message-ID"] == "<all@origem.test>"
    received = message.get_all("Received")
    assert received is not None
    assert [
        f"by mx.{name}.test" in one for name, one in zip(("origem", "destino", "origem"), received, strict=True)
    ] == [True] * 3
    # Nobody there: the report goes to the rewritten sender, which leads back here.
    await origem.submit("fora@destino.test", raw=letter("lost"))
    report = (await origem.messages(here + 2))[-1]
    assert report.startswith(b"Return-Path: <>\r\nDelivered-To: orlando@origem.test\r\n")
    assert b"Final-Recipient: rfc822;ninguem@origem.test\r\nAction: failed\r\nStatus: 5.1.1\r\n" in report
    assert b"<lost@origem.test>" in report
