"""curl: every command of its imap, pop3 and smtp, one connection each."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.clients.letters import ATTACHMENT, LETTERS, short
from tests.clients.program import Home
from tests.clients.store import ANSWERED, FLAGGED, SEEN, Store

pytestmark = pytest.mark.clients

MODIFIED_UTF7 = quote("&ANw-berblick &- &AVI-uvre/&ZeVnLIqe-", safe="")


class Curl:
    """The program with the person's name and password, by one of three ways to TLS."""

    def __init__(self, home: Home, store: Store, certificate: Path, tls: str) -> None:
        self.home = home
        self.store = store
        self.tls = tls
        self.trust = ["--cacert", str(certificate)]

    async def __call__(self, scheme: str, path: str, *options: str | Path, codes: tuple[int, ...] = (0,)) -> bytes:
        implicit = self.tls == "implicit"
        port = self.store.server.ports[("submission" if scheme == "smtp" else scheme) + ("s" if implicit else "")]
        url = f"{scheme}{'s' if implicit else ''}://localhost:{port}/{path}"
        require = ["--ssl-reqd"] if self.tls == "starttls" else []
        person = f"{self.store.person.address}:{self.store.person.password}"
        if "--oauth2-bearer" in options:
            person = f"{self.store.person.address}:"
        ended = await self.home.run(
            "curl", "-sS", "--max-time", "30", *self.trust, *require, "-u", person, url, *options, codes=codes
        )
        return ended.output


TLS = pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])


@TLS
async def test_imap(filled: Store, home: Home, certificate: Path, tls: str) -> None:
    curl = Curl(home, filled, certificate, tls)
    listed = await curl("imap", "")
    names = re.findall(rb'^\* LIST \([^)]*\) "/" (.*)\r$', listed, re.MULTILINE)
    assert {b"INBOX", b"Work", b"Work/Deep", b'"&ANw-berblick &- &AVI-uvre/&ZeVnLIqe-"'} <= set(names)
    assert len(names) == len(await filled.mailboxes())

    for number, raw in enumerate(LETTERS.values(), 1):
        assert await curl("imap", f"INBOX;MAILINDEX={number}") == raw
    uid = (await filled.one("latin1", "Überblick & Œuvre/日本語")).uid
    assert await curl("imap", f"{MODIFIED_UTF7};UID={uid}") == LETTERS["latin1"]
    number = [*LETTERS].index("attachments") + 1
    encoded = await curl("imap", f"INBOX;MAILINDEX={number};SECTION=2")
    assert base64.b64decode(encoded) == ATTACHMENT

    # Append, exactly these octets.
    await curl("imap", "INBOX", "-T", home.write("letter", short("appended")))
    assert (await filled.one("appended")).raw == short("appended")
    assert await curl("imap", "INBOX?SUBJECT%20appended") == b"* SEARCH %d\r\n" % (len(LETTERS) + 1)

    # Flag, copy, move, delete, expunge.
    await curl("imap", "", "-X", 'CREATE "Neu &- alt"')
    await curl("imap", "INBOX", "-X", "STORE 1 +FLAGS (\\Flagged)")
    await curl("imap", "INBOX", "-X", 'COPY 2 "Neu &- alt"')
    await curl("imap", "INBOX", "-X", 'MOVE 3 "Neu &- alt"')
    assert await filled.flags("plain") == {SEEN, ANSWERED, FLAGGED}
    assert await filled.names("Neu & alt") == ["dots", "utf8"]
    await curl("imap", "INBOX", "-X", "STORE 2 +FLAGS.SILENT (\\Deleted)")
    await curl("imap", "INBOX", "-X", "EXPUNGE")
    assert await filled.names() == sorted({*LETTERS, "appended"} - {"dots", "utf8"})
    await curl("imap", "", "-X", 'RENAME "Neu &- alt" Renamed')
    assert await filled.names("Renamed") == ["dots", "utf8"]
    assert b"MESSAGES 2" in await curl("imap", "", "-X", "STATUS Renamed (MESSAGES)")
    await curl("imap", "", "-X", "DELETE Renamed")
    assert "Renamed" not in await filled.mailboxes()


@TLS
async def test_pop3(filled: Store, home: Home, certificate: Path, tls: str) -> None:
    curl = Curl(home, filled, certificate, tls)
    sizes = [f"{number} {len(raw)}" for number, raw in enumerate(LETTERS.values(), 1)]
    assert (await curl("pop3", "")).decode().split("\r\n")[:-1] == sizes
    for number, raw in enumerate(LETTERS.values(), 1):
        assert await curl("pop3", str(number)) == raw
    uids = (await curl("pop3", "", "-X", "UIDL")).decode().split()
    assert len({*uids[1::2]}) == len(LETTERS)
    header, _, body = LETTERS["dots"].partition(b"\r\n\r\n")
    top = await curl("pop3", "", "-X", "TOP 2 2")
    assert top == header + b"\r\n\r\n" + b"".join(body.splitlines(keepends=True)[:2])
    await curl("pop3", "1", "--list-only", "-X", "DELE")
    assert await filled.names() == sorted({*LETTERS} - {"plain"})


@TLS
async def test_smtp(store: Store, home: Home, certificate: Path, tls: str) -> None:
    curl = Curl(home, store, certificate, tls)
    mail = ("--mail-from", store.person.address, "--mail-rcpt", store.person.address)
    for name in ("dots", "utf8", "latin1", "attachments"):
        await curl("smtp", "client.test", *mail, "-T", home.write("letter", LETTERS[name]))
    for message in await store.arrived(4):
        assert message.raw.endswith(LETTERS[message.name])
        assert message.raw.startswith(f"Return-Path: <{store.person.address}>\r\n".encode())
    wrong = ("-u", f"{store.person.address}:wrong", "--mail-from", store.person.address)
    await curl("smtp", "client.test", *wrong, "--mail-rcpt", store.person.address, "-T", home / "letter", codes=(67,))
    assert len(await store.messages()) == 4


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"])
async def test_mechanisms(filled: Store, home: Home, certificate: Path, mechanism: str) -> None:
    """Each way to sign in that curl has, at every door."""
    curl = Curl(home, filled, certificate, "implicit")
    options = ["--login-options", f"AUTH={mechanism}"]
    if mechanism in ("OAUTHBEARER", "XOAUTH2"):
        options += ["--oauth2-bearer", filled.token]
    assert await curl("imap", "INBOX;MAILINDEX=1", *options) == LETTERS["plain"]
    assert await curl("pop3", "1", *options) == LETTERS["plain"]
    mail = ("--mail-from", filled.person.address, "--mail-rcpt", filled.person.address)
    await curl("smtp", "client.test", *mail, "-T", home.write("letter", short("sent")), *options)
    assert (await filled.one("sent")).raw.endswith(short("sent"))
