"""aioimaplib: several sessions at once in one loop, and IDLE."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.clients.letters import LETTERS, short
from tests.clients.program import required_module
from tests.clients.store import FLAGGED, Store

pytestmark = pytest.mark.clients


async def connect(store: Store, certificate: Path) -> Any:
    """Signed in, by TLS."""
    aioimaplib = required_module("aioimaplib")
    context = ssl.create_default_context(cafile=str(certificate))
    client = aioimaplib.IMAP4_SSL("localhost", store.server.ports["imaps"], timeout=30, ssl_context=context)
    await client.wait_hello_from_server()
    assert (await client.login(store.person.address, store.person.password)).result == "OK"
    return client


async def good(call: Any) -> list[bytes]:
    """The lines of an answer that must be OK."""
    answer = await call
    assert answer.result == "OK", answer
    lines: list[bytes] = answer.lines
    return lines


async def test_session(filled: Store, certificate: Path) -> None:
    client = await connect(filled, certificate)
    assert any(b"&ANw-berblick" in line for line in await good(client.list('""', "*")))
    await good(client.select("INBOX"))
    fetched = await good(client.fetch("1:*", "(UID FLAGS BODY.PEEK[])"))
    assert [bytes(line) for line in fetched if isinstance(line, bytearray)] == list(LETTERS.values())
    number = (await good(client.search('SUBJECT "dots"')))[0]
    assert number == b"2"
    await good(client.store("2", "+FLAGS", r"(\Flagged)"))
    await good(client.create("Neu"))
    await good(client.copy("2", "Neu"))
    uid = (await filled.one("utf8")).uid
    await good(client.uid("move", str(uid), "Neu"))
    await good(client.append(short("appended"), mailbox="Neu", flags=r"\Seen"))
    await good(client.store("1", "+FLAGS", r"(\Deleted)"))
    await good(client.expunge())
    await good(client.close())
    await client.logout()
    assert await filled.names() == sorted({*LETTERS} - {"plain", "utf8"})
    assert await filled.names("Neu") == ["appended", "dots", "utf8"]
    assert await filled.flags("dots", "Neu") == {FLAGGED}
    assert (await filled.one("appended", "Neu")).raw == short("appended")


async def test_idle_hears_of_another_session(filled: Store, certificate: Path) -> None:
    watching, acting = await connect(filled, certificate), await connect(filled, certificate)
    await good(watching.select("INBOX"))
    await good(acting.select("INBOX"))
    idle = await watching.idle_start(timeout=60)
    await good(acting.append(short("appended"), mailbox="INBOX"))
    await good(acting.store("1", "+FLAGS", r"(\Flagged)"))
    await filled.deliver(short("delivered"))
    heard: list[bytes] = []
    wanted = {b"%d EXISTS" % (len(LETTERS) + 2)}
    async with asyncio.timeout(30):
        while not wanted <= {*heard} or not any(line.startswith(b"1 FETCH") for line in heard):
            heard += await watching.wait_server_push()
    watching.idle_done()
    await asyncio.wait_for(idle, 30)
    await good(watching.noop())
    for client in (watching, acting):
        await client.logout()


async def test_many_sessions_at_once(filled: Store, certificate: Path) -> None:
    """Eight sessions append side by side; each sees all of it afterwards."""
    clients = [await connect(filled, certificate) for _ in range(8)]
    for client in clients:
        await good(client.select("INBOX"))

    async def write(turn: int, client: Any) -> None:
        for number in range(5):
            await good(client.append(short(f"at-once-{turn}-{number}"), mailbox="INBOX"))

    await asyncio.gather(*(write(turn, client) for turn, client in enumerate(clients)))
    numbers = b" ".join(str(number).encode() for number in range(1, len(LETTERS) + 41))
    for client in clients:
        await good(client.noop())
        assert (await good(client.search("ALL")))[0] == numbers
        await client.logout()
    assert len(await filled.messages()) == len(LETTERS) + 40
