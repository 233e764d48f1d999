"""offlineimap3: both sides the same, whichever was changed, and then nothing more to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.letters import LETTERS, NON_ASCII, short
from tests.clients.maildir import Maildir, crlf
from tests.clients.program import Home
from tests.clients.store import ANSWERED, FLAGGED, SEEN, Store

pytestmark = pytest.mark.clients

TLS = {
    "none": "ssl = no\nstarttls = no\nauth_mechanisms = LOGIN",
    "starttls": "ssl = no\nstarttls = yes\nsslcacertfile = {certificate}\nauth_mechanisms = PLAIN",
    "implicit": "ssl = yes\nsslcacertfile = {certificate}\nauth_mechanisms = PLAIN",
}


PATIENCE = 25.0
"""Seconds for one run, which takes two or three."""


class OfflineImap:
    """The program, its configuration and its Maildirs."""

    def __init__(self, home: Home, store: Store, certificate: Path, tls: str) -> None:
        self.home = home
        self.store = store
        self.tls = tls
        home.write(
            "offlineimaprc",
            f"""[general]
accounts = all
metadata = {home / "metadata"}
ui = basic

[Account all]
localrepository = near
remoterepository = far
utf8foldernames = yes

[Repository near]
type = Maildir
localfolders = {home / "mail"}
sync_deletes = yes

[Repository far]
type = IMAP
remotehost = localhost
remoteport = {store.server.ports["imaps" if tls == "implicit" else "imap"]}
remoteuser = {store.person.address}
remotepass = {store.person.password}
maxconnections = 2
expunge = yes
{TLS[tls].format(certificate=certificate)}
""",
        )

    async def sync(self) -> None:
        command = ("offlineimap", "-c", self.home / "offlineimaprc", "-o")
        ended = await self.home.run(*command, patience=PATIENCE)
        assert "ERROR" not in ended.said, ended.said[-6000:]

    def box(self, path: str = "INBOX") -> Maildir:
        return Maildir(self.home / "mail" / path.replace("/", "."))

    async def assert_same(self) -> None:
        """Every message on both sides with the same octets, and no other."""
        for path, messages in (await self.store.everything()).items():
            there = sorted(stored.raw for stored in messages)
            assert sorted(crlf(file.raw) for file in self.box(path).files()) == there, path


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
async def test_two_way_sync(filled: Store, home: Home, certificate: Path, tls: str) -> None:
    offline = OfflineImap(home, filled, certificate, tls)
    await offline.sync()
    assert offline.box().names() == sorted(LETTERS)
    assert offline.box(NON_ASCII).names() == ["attachments", "latin1"]
    await offline.assert_same()

    # Changes here.
    offline.box().flag("dots", "FS")
    offline.box().remove("utf8")
    offline.box().add(short("pushed"), "FRS")
    offline.box("Fresh").add(short("fresh"))
    await offline.sync()
    assert await filled.flags("dots") == {FLAGGED, SEEN}
    assert await filled.flags("pushed") == {FLAGGED, ANSWERED, SEEN}
    assert await filled.names("Fresh") == ["fresh"]
    assert await filled.names() == sorted({*LETTERS, "pushed"} - {"utf8"})

    # Changes there.
    await filled.mark("dots", flagged=False, answered=True)
    await filled.destroy("latin1")
    await filled.create("Server side")
    await filled.move("long-line", "INBOX", "Server side")
    await filled.deliver(short("delivered"))
    await offline.sync()
    assert offline.box().one("dots").flags == "RS"
    assert offline.box("Server side").names() == ["long-line"]
    assert offline.box().names() == sorted({*LETTERS, "pushed", "delivered"} - {"utf8", "latin1", "long-line"})

    # Nothing changes: nothing is to be done.
    before = await filled.everything()
    await offline.sync()
    assert await filled.everything() == before
    await offline.assert_same()
