"""Python's imaplib."""

from __future__ import annotations

import asyncio
import imaplib
import re
import ssl
import threading
from pathlib import Path

import pytest

from tests.clients.letters import LETTERS, NON_ASCII, name_of, short
from tests.clients.store import ANSWERED, DRAFT, FLAGGED, Store
from tests.corpus.catalogue import messages

pytestmark = pytest.mark.clients

QUOTED = '"&ANw-berblick &- &AVI-uvre/&ZeVnLIqe-"'
SENDABLE = [sample for sample in messages() if 0 < len(sample.raw) < 100_000 and b"\0" not in sample.raw]
"""imaplib knows no literal8, which NUL needs (RFC 3516)."""
SOME = SENDABLE[::4]


def connect(store: Store, certificate: Path, tls: str) -> imaplib.IMAP4:
    """Signed in, by one of three ways to TLS."""
    context = ssl.create_default_context(cafile=str(certificate))
    ports = store.server.ports
    client: imaplib.IMAP4
    if tls == "implicit":
        client = imaplib.IMAP4_SSL("localhost", ports["imaps"], timeout=30, ssl_context=context)
    else:
        client = imaplib.IMAP4("localhost", ports["imap"], timeout=30)
        if tls == "starttls":
            client.starttls(context)
    if tls == "none":
        client.login(store.person.address, store.person.password)
    else:
        plain = f"\0{store.person.address}\0{store.person.password}".encode()
        client.authenticate("PLAIN", lambda _: plain)
    return client


def good(answer: tuple[str, list[object]]) -> list[object]:
    """The data of an answer that must be OK."""
    assert answer[0] == "OK", answer
    return answer[1]


def bodies(data: list[object]) -> list[bytes]:
    return [item[1] for item in data if isinstance(item, tuple)]


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
async def test_session(filled: Store, certificate: Path, tls: str) -> None:
    def first() -> None:
        client = connect(filled, certificate, tls)
        rows = [bytes(row) for row in good(client.list()) if isinstance(row, bytes)]
        assert any(row.endswith(b' "/" ' + QUOTED.encode()) for row in rows)
        assert good(client.select(QUOTED)) == [b"2"]
        assert bodies(good(client.fetch("1:*", "(BODY.PEEK[])"))) == [LETTERS["attachments"], LETTERS["latin1"]]
        assert good(client.select("INBOX")) == [str(len(LETTERS)).encode()]
        assert bodies(good(client.fetch("1:*", "(BODY.PEEK[])"))) == list(LETTERS.values())
        assert bodies(good(client.fetch("2", "(RFC822)"))) == [LETTERS["dots"]]
        assert bodies(good(client.fetch("2", "(BODY.PEEK[TEXT]<1.3>)"))) == [
            LETTERS["dots"].partition(b"\r\n\r\n")[2][1:4]
        ]
        assert good(client.search(None, "SEEN")) == [b"1 2"]
        # A search text that is not ASCII goes as a literal.
        client.literal = "ПРИВЕТ".encode()
        assert good(client.search("UTF-8", "SUBJECT")) == [b"3"]

        # Append, flag, copy, move, delete.
        moment = imaplib.Time2Internaldate(1_600_000_000)
        good(client.append("INBOX", r"(\Draft $Label)", moment, short("appended")))
        good(client.store("3", "+FLAGS", r"(\Flagged)"))
        good(client.store("1", "-FLAGS.SILENT", r"(\Seen)"))
        good(client.create('"Neu &- alt"'))
        good(client.subscribe('"Neu &- alt"'))
        good(client.copy("3:4", '"Neu &- alt"'))
        good(client.uid("MOVE", "5", '"Neu &- alt"'))
        good(client.store("2", "+FLAGS", r"(\Deleted)"))
        assert good(client.expunge())[-1:] == [b"2"]
        good(client.rename('"Neu &- alt"', QUOTED.replace("&ZeVnLIqe-", "Neu")))
        good(client.close())
        client.logout()

    def second() -> None:
        """Everything anew, as the first left it."""
        client = connect(filled, certificate, tls)
        good(client.select("INBOX", readonly=True))
        found = [name_of(raw) for raw in bodies(good(client.fetch("1:*", "(RFC822.HEADER)")))]
        assert sorted(found) == sorted({*LETTERS, "appended"} - {"dots", "attachments"})
        status = good(client.status(QUOTED.replace("&ZeVnLIqe-", "Neu"), "(MESSAGES UNSEEN)"))[0]
        assert isinstance(status, bytes)
        assert re.search(rb"\(MESSAGES 3 UNSEEN 3\)", status)
        good(client.select(QUOTED.replace("&ZeVnLIqe-", "Neu")))
        good(client.store("1:*", "FLAGS", r"(\Deleted)"))
        good(client.close())
        good(client.delete(QUOTED.replace("&ZeVnLIqe-", "Neu")))
        client.logout()

    await asyncio.to_thread(first)
    neu = NON_ASCII.replace("日本語", "Neu")
    assert await filled.names(neu) == ["attachments", "latin1", "utf8"]
    appended = await filled.one("appended")
    assert (appended.raw, appended.received_at) == (short("appended"), "2020-09-13T12:26:40Z")
    assert {keyword.lower() for keyword in appended.keywords} == {DRAFT, "$label"}
    assert await filled.flags("plain") == {ANSWERED}
    assert await filled.flags("utf8") == {FLAGGED}
    await asyncio.to_thread(second)
    assert neu not in await filled.mailboxes()


async def test_every_kind_of_mail(store: Store, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred odd messages go in and come out as they are (imaplib itself makes every line end CRLF)."""
    monkeypatch.setattr(imaplib, "_MAXLINE", 1 << 24)

    def there_and_back() -> list[bytes]:
        client = connect(store, certificate, "none")
        for sample in SOME:
            good(client.append("INBOX", None, None, sample.raw))
        good(client.select("INBOX"))
        found = bodies(good(client.fetch("1:*", "(BODY.PEEK[])")))
        # The parsed views of all of them are syntax that imaplib can read, too.
        good(client.fetch("1:*", "(ENVELOPE BODYSTRUCTURE RFC822.SIZE INTERNALDATE FLAGS)"))
        client.logout()
        return found

    assert await asyncio.to_thread(there_and_back) == [sample.canonical for sample in SOME]


async def test_new_mail_by_noop(filled: Store, certificate: Path) -> None:
    """imaplib before Python 3.14 has no IDLE; it hears of new mail by NOOP."""

    def count() -> bytes:
        client = connect(filled, certificate, "implicit")
        good(client.select("INBOX"))
        arrived.set()
        assert delivered.wait(30)
        good(client.noop())
        _, rows = client.response("EXISTS")
        client.logout()
        assert isinstance(rows[-1], bytes)
        return rows[-1]

    arrived, delivered = threading.Event(), threading.Event()
    running = asyncio.create_task(asyncio.to_thread(count))
    await asyncio.to_thread(arrived.wait, 30)
    await filled.deliver(short("delivered"))
    delivered.set()
    assert await running == str(len(LETTERS) + 1).encode()
