"""mpop: POP3 into a Maildir, pipelined, each message once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.letters import LETTERS, short
from tests.clients.maildir import Maildir, crlf
from tests.clients.program import Home
from tests.clients.store import Store

pytestmark = pytest.mark.clients


class Mpop:
    """The program and its configuration; what it fetched lies in the Maildir ``mail``."""

    def __init__(self, home: Home, store: Store, certificate: Path, tls: str, auth: str) -> None:
        self.home = home
        self.store = store
        self.mail = Maildir(home.maildir("mail"))
        listener = "pop3s" if tls == "implicit" else "pop3"
        self.common = f"""account mine
host localhost
port {store.server.ports[listener]}
user {store.person.address}
password {store.token if auth in ("oauthbearer", "xoauth2") else store.person.password}
auth {auth}
tls {"off" if tls == "none" else "on"}
tls_starttls {"on" if tls == "starttls" else "off"}
{"" if tls == "none" else f"tls_trust_file {certificate}"}
uidls_file {home / "uidls"}
delivery maildir {self.mail.path}
received_header off
pipelining auto
"""

    async def run(self, more: str) -> str:
        rc = self.home.write("mpoprc", f"{self.common}{more}\n")
        return (await self.home.run("mpop", "-C", rc, "--debug", "mine")).said

    def fetched(self) -> list[bytes]:
        return sorted(crlf(file.raw) for file in self.mail.files())


@pytest.mark.parametrize(
    ("tls", "auth"),
    [
        ("none", "user"),
        ("starttls", "on"),
        ("implicit", "plain"),
        ("starttls", "scram-sha-256"),
        ("implicit", "oauthbearer"),
        ("starttls", "xoauth2"),
    ],
)
async def test_each_message_once_and_then_gone(
    filled: Store, home: Home, certificate: Path, tls: str, auth: str
) -> None:
    mpop = Mpop(home, filled, certificate, tls, auth)
    await mpop.run("keep on")
    assert mpop.fetched() == sorted(LETTERS.values())
    await mpop.run("keep on")
    assert mpop.fetched() == sorted(LETTERS.values())

    await filled.destroy("plain")
    await filled.put(short("later"))
    await mpop.run("keep on")
    assert mpop.fetched() == sorted([*LETTERS.values(), short("later")])
    assert await filled.names() == sorted({*LETTERS, "later"} - {"plain"})

    await filled.put(short("last"))
    await mpop.run("keep off")
    assert mpop.fetched() == sorted([*LETTERS.values(), short("later"), short("last")])
    assert await filled.names() == []


async def test_messages_left_out_by_size(filled: Store, home: Home, certificate: Path) -> None:
    """``killsize`` deletes what LIST says is large without reading it, ``filter`` decides by what TOP shows."""
    mpop = Mpop(home, filled, certificate, "implicit", "on")
    await mpop.run("keep off\nkillsize 50000\nfilter grep -q '^Subject: dots' && exit 1; exit 0")
    assert mpop.mail.names() == sorted({*LETTERS} - {"attachments", "dots"})
    assert await filled.names() == []
