"""isync's mbsync: both sides the same, whichever was changed, and then nothing more to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.letters import LETTERS, NON_ASCII, short
from tests.clients.maildir import Maildir, crlf, without
from tests.clients.program import Home
from tests.clients.store import ANSWERED, DRAFT, FLAGGED, SEEN, Store

pytestmark = pytest.mark.clients

MODIFIED_UTF7 = "&ANw-berblick &- &AVI-uvre/&ZeVnLIqe-"

FLAGS = {"F": FLAGGED, "R": ANSWERED, "S": SEEN, "D": DRAFT}
LOCAL_NAMES = {NON_ASCII: MODIFIED_UTF7, NON_ASCII.partition("/")[0]: MODIFIED_UTF7.partition("/")[0]}


def plain(raw: bytes) -> bytes:
    """A message without the field by which mbsync recognises what it stored."""
    return without("X-TUID", raw)


class Mbsync:
    """The program, its configuration and its Maildirs."""

    def __init__(self, home: Home, store: Store, tls: str, certificate: Path) -> None:
        self.home = home
        self.store = store
        listener = "imaps" if tls == "IMAPS" else "imap"
        trust = "" if tls == "None" else f"CertificateFile {certificate}\n"
        (home / "mail").mkdir()
        home.write(
            "mbsyncrc",
            f"""IMAPAccount account
Host localhost
Port {store.server.ports[listener]}
User {store.person.address}
Pass "{store.person.password}"
SSLType {tls}
{trust}
IMAPStore far
Account account

MaildirStore near
Path {home / "mail"}/
Inbox {home / "mail" / "INBOX"}
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
CopyArrivalDate yes
""",
        )

    async def sync(self) -> None:
        await self.home.run("mbsync", "-V", "-c", self.home / "mbsyncrc", "-a")

    def box(self, path: str = "INBOX") -> Maildir:
        return Maildir(self.home / "mail" / path)

    async def assert_same(self) -> None:
        """Every message on both sides with the same octets and flags, and no other."""
        for path, messages in (await self.store.everything()).items():
            local = self.box(LOCAL_NAMES.get(path, path))
            there = sorted((plain(stored.raw), sorted(stored.keywords)) for stored in messages)
            here = sorted((plain(crlf(file.raw)), sorted(FLAGS[flag] for flag in file.flags)) for file in local.files())
            assert here == there, path


@pytest.mark.parametrize("tls", ["None", "STARTTLS", "IMAPS"])
async def test_two_way_sync(filled: Store, home: Home, certificate: Path, tls: str) -> None:
    mbsync = Mbsync(home, filled, tls, certificate)
    await mbsync.sync()
    assert mbsync.box().names() == sorted(LETTERS)
    assert mbsync.box(MODIFIED_UTF7).names() == ["attachments", "latin1"]
    await mbsync.assert_same()

    # Changes here.
    mbsync.box().flag("dots", "FS")
    mbsync.box().remove("utf8")
    mbsync.box().flag("empty", "T")
    mbsync.box().add(LETTERS["attachments"].replace(b"<attachments@", b"<pushed@"), "FRS")
    mbsync.box("Fresh").add(short("fresh"))
    mbsync.box("Work/Deep").flag("utf8", "")
    await mbsync.sync()
    assert await filled.flags("dots") == {FLAGGED, SEEN}
    assert await filled.names("Fresh") == ["fresh"]
    assert await filled.flags("utf8", "Work/Deep") == frozenset()
    pushed = await filled.one("pushed")
    assert plain(pushed.raw) == LETTERS["attachments"].replace(b"<attachments@", b"<pushed@")
    assert pushed.keywords == {FLAGGED, ANSWERED, SEEN}
    assert await filled.names() == sorted({*LETTERS, "pushed"} - {"utf8", "empty"})
    await mbsync.assert_same()

    # Changes there.
    await filled.mark("dots", flagged=False, answered=True)
    await filled.destroy("latin1")
    await filled.create("Server side")
    await filled.move("long-line", "INBOX", "Server side")
    await filled.deliver(short("delivered"))
    await mbsync.sync()
    assert mbsync.box().one("dots").flags == "RS"
    assert mbsync.box("Server side").names() == ["long-line"]
    assert mbsync.box().names() == sorted({*LETTERS, "pushed", "delivered"} - {"utf8", "empty", "latin1", "long-line"})
    await mbsync.assert_same()

    # Changes on both sides at once, of the same message too.
    mbsync.box().flag("plain", "RS")
    mbsync.box().flag("delivered", "FS")
    await filled.mark("plain", flagged=True)
    await filled.destroy("alternative")
    mbsync.box().flag("alternative", "S")
    mbsync.box("Server side").remove("long-line")
    await mbsync.sync()
    assert await filled.flags("plain") == {ANSWERED, SEEN, FLAGGED}
    assert await filled.names("Server side") == []
    await mbsync.assert_same()

    # Nothing changes: nothing is to be done, however often.
    state = await filled.http.get("/v1/account")
    before = await filled.everything()
    for _ in range(3):
        await mbsync.sync()
    assert await filled.everything() == before
    assert (await filled.http.get("/v1/account")).json()["state"] == state.json()["state"]
    await mbsync.assert_same()
