"""Python's poplib."""

from __future__ import annotations

import asyncio
import poplib
import ssl
from pathlib import Path

import pytest

from tests.clients.letters import LETTERS, name_of
from tests.clients.store import Store
from tests.corpus.catalogue import messages
from tests.peers.served import Person, Served
from tests.roundtrip import deposit

pytestmark = pytest.mark.clients

SMALL = tuple(sample for sample in messages() if 0 < len(sample.raw) < 100_000)


def connect(store: Store, certificate: Path, tls: str, *, utf8: bool = False) -> poplib.POP3:
    """Signed in, by one of three ways to TLS. ``utf8``: with what RFC 6856 asks of those who read UTF-8 header fields."""
    context = ssl.create_default_context(cafile=str(certificate))
    ports = store.server.ports
    client: poplib.POP3
    if tls == "implicit":
        client = poplib.POP3_SSL("localhost", ports["pop3s"], timeout=30, context=context)
    else:
        client = poplib.POP3("localhost", ports["pop3"], timeout=30)
        if tls == "starttls":
            client.stls(context)
    if utf8:
        client.utf8()
    client.user(store.person.address)
    client.pass_(store.person.password)
    return client


def whole(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\r\n" for line in lines)


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
async def test_session(filled: Store, certificate: Path, tls: str) -> None:
    def first() -> dict[str, str]:
        """Read everything, delete two and take it back, delete one; returns the unique ids by name."""
        client = connect(filled, certificate, tls)
        count, size = client.stat()
        assert (count, size) == (len(LETTERS), sum(map(len, LETTERS.values())))
        assert [int(row.split()[1]) for row in client.list()[1]] == [len(raw) for raw in LETTERS.values()]
        found = [whole(client.retr(number)[1]) for number in range(1, count + 1)]
        assert found == list(LETTERS.values())
        header, _, body = LETTERS["dots"].partition(b"\r\n\r\n")
        top = whole(client.top(2, 3)[1])
        assert top == header + b"\r\n\r\n" + b"".join(body.splitlines(keepends=True)[:3])
        uids = [row.split()[1].decode() for row in client.uidl()[1]]
        client.dele(1)
        client.dele(2)
        client.rset()
        client.dele(3)
        with pytest.raises(poplib.error_proto):
            client.retr(3)
        client.noop()
        assert "UIDL" in client.capa()
        client.quit()
        return dict(zip(LETTERS, uids, strict=True))

    def second(uids: dict[str, str]) -> None:
        """Numbers move, unique ids do not; without QUIT nothing is deleted."""
        client = connect(filled, certificate, tls)
        rows = [row.decode().split() for row in client.uidl()[1]]
        assert [uid for _, uid in rows] == [uid for name, uid in uids.items() if name != "utf8"]
        assert name_of(whole(client.retr(3)[1])) == "latin1"
        client.dele(1)
        client.close()

    uids = await asyncio.to_thread(first)
    assert await filled.names() == sorted({*LETTERS} - {"utf8"})
    await asyncio.to_thread(second, uids)
    assert await filled.names() == sorted({*LETTERS} - {"utf8"})


async def test_every_kind_of_mail(
    server: Served, person: Person, store: Store, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of odd messages come out as they are; only the last line gets the end that POP3 needs."""
    await deposit.append(server, person, SMALL, tmp_path)
    monkeypatch.setattr(poplib, "_MAXLINE", 1 << 20)

    def read() -> list[bytes]:
        client = connect(store, certificate, "none", utf8=True)
        count, _ = client.stat()
        found = [whole(client.retr(number)[1]) for number in range(1, count + 1)]
        client.quit()
        return found

    stored = [sample.canonical for sample in SMALL]
    ended = [raw if raw.endswith(b"\r\n") else raw + b"\r\n" for raw in stored]
    assert sorted(await asyncio.to_thread(read)) == sorted(ended)
