"""Debian's Postfix as the other server: it delivers to Correio, and Correio to it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.clients.postfix import Postfix, postfix
from tests.peers.nameserver import nameserver
from tests.peers.served import free_port
from tests.queue.hosts import Host, mail_host

pytestmark = pytest.mark.clients

DATE = b"Date: Mon, 2 Mar 2026 10:00:00 +0000\r\n"
EIGHT = DATE + "From: a@b\r\nSubject: eight\r\nMessage-ID: <8@x>\r\n\r\nOlá, Привет\r\n.\r\n..two\r\n".encode()
UTF8 = DATE + "From: a@b\r\nSubject: Olá Привет\r\nMessage-ID: <utf8@x>\r\n\r\nç\r\n".encode()
BIG = DATE + b"From: a@b\r\nSubject: big\r\nMessage-ID: <big@x>\r\n\r\n" + (b"x" * 998 + b"\r\n") * 20_000


def text(name: str) -> bytes:
    return DATE + f"From: a@b\r\nSubject: {name}\r\nMessage-ID: <{name}@x>\r\n\r\nBom dia\r\n".encode()


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="postfix."))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
async def both(directory: Path) -> AsyncIterator[tuple[Host, Postfix]]:
    """Correio for origem.test, not started yet, and Postfix for peer.test; each knows the other."""
    port = free_port()
    (directory / "postfix").mkdir()
    async with (
        nameserver() as dns,
        mail_host(directory, dns, "origem.test", "127.0.0.5", "orlando", port) as correio,
        postfix(
            directory / "postfix", "127.0.0.6", port, "paula", "peer.test", {"origem.test": f"127.0.0.5:{port}"}
        ) as peer,
    ):
        dns.load("peer.test MX 10 mx.peer.test\nmx.peer.test A 127.0.0.6")
        yield correio, peer


async def test_both_ways(both: tuple[Host, Postfix]) -> None:
    """One after the other, as it is about what is not ready yet and what is refused."""
    correio, peer = both

    # From Postfix, to a Correio that is not there yet.
    await peer.send(text("early"), correio.person.address)
    await peer.logged("status=deferred")
    await correio.start()
    [early] = await correio.messages(1)
    assert b"Subject: early" in early
    assert early.startswith(b"Return-Path: <paula@peer.test>\r\nDelivered-To: orlando@origem.test\r\n")
    for number, raw in enumerate((EIGHT, UTF8, BIG), start=2):
        await peer.send(raw, correio.person.address, utf8=raw is UTF8)
        arrived = (await correio.messages(number))[-1]
        assert arrived.endswith(raw.partition(b"\r\n\r\n")[2])
        assert b" with ESMTPS " in arrived or b" with UTF8SMTPS " in arrived
    await peer.send(text("bounced"), "nobody@origem.test")
    [bounce] = await peer.arrived(1)
    assert b"550 5.1.1" in bounce
    assert b"nobody@origem.test" in bounce

    # From Correio, to a Postfix that says to come again later.
    peer.refuse("450 4.2.0 come again later")
    await peer.control("reload")
    await correio.submit(peer.person, raw=text("later"))
    [waiting] = await correio.until(lambda found: bool(found) and found[0]["attempts"] >= 1)
    assert "450 4.2.0" in waiting["last_reply"]
    peer.refuse("")
    await peer.control("reload")
    # It may have been tried once more by itself meanwhile.
    await correio.served.command("queue", "retry", waiting["id"])
    later = (await peer.arrived(2))[-1]
    assert later.endswith(text("later"))
    assert b"\r\nDKIM-Signature:" not in later, "the author is no domain of ours"
    for number, raw in enumerate((EIGHT, UTF8, BIG), start=3):
        options = " BODY=8BITMIME SMTPUTF8" if raw is UTF8 else " BODY=8BITMIME"
        await correio.submit(peer.person, raw=raw, options=options)
        assert (await peer.arrived(number))[-1].endswith(raw)
    before = len(await correio.messages(0))
    await correio.submit("nobody@peer.test", raw=text("refused"))
    report = (await correio.messages(before + 1))[-1]
    assert b"Action: failed" in report
    assert b"Final-Recipient: rfc822;nobody@peer.test" in report
    assert await correio.until(lambda found: not found) == []
