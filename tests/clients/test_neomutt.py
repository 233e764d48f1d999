"""neomutt, driven by keys on a terminal: what a person does in it all day."""

from __future__ import annotations

import shlex
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.clients.letters import ATTACHMENT, LETTERS, NON_ASCII, short
from tests.clients.program import Home
from tests.clients.store import ANSWERED, FLAGGED, SEEN, Store

pytestmark = pytest.mark.clients


class Neomutt:
    """The program and its configuration."""

    def __init__(self, home: Home, store: Store, certificate: Path, tls: str, settings: str = "") -> None:
        self.home = home
        self.store = store
        ports, user = store.server.ports, quote(store.person.address, safe="")
        s = "s" if tls == "implicit" else ""
        self.pop = f"pop{s}://{user}@localhost:{ports['pop3' + s]}/"
        far = f"imap{s}://{user}@localhost:{ports['imap' + s]}/"
        # Of its own accord neomutt takes SCRAM-SHA-256-PLUS to send and for POP3, and then has no channel binding to give.
        home.write(
            "neomuttrc",
            f"""set imap_user="{store.person.address}" imap_pass="{store.person.password}"
set pop_user="{store.person.address}" pop_pass="{store.person.password}"
set smtp_url="smtp{s}://{user}@localhost:{ports["submission" + s]}/" smtp_pass="{store.person.password}"
set smtp_authenticators="plain" pop_authenticators="user"
set folder="{far}" spoolfile="{far}INBOX" record="{far}Sent"
set ssl_starttls={"no" if tls == "none" else "yes"} ssl_force_tls={"no" if tls == "none" else "yes"}
set certificate_file="{certificate}"
set header_cache="{home / "cache"}" message_cachedir="{home / "bodies"}" tmpdir="{home.path}"
set mark_old=no resolve=no sort=mailbox-order quit=yes delete=yes confirmappend=no confirmcreate=no move=no wait_key=no
set abort_key="\\Cx" imap_idle=no imap_check_subscribed=yes timeout=1
set from="{store.person.address}" realname="Maria" use_envelope_from=yes copy=yes sendmail_wait=0 charset=utf-8
{settings}
""",
        )

    async def run(self, *options: str, keys: str) -> None:
        """Run on a terminal of its own, with what a person would type."""
        push = self.home.write("keys", f'push "{keys}"\n')
        command = ["neomutt", "-n", "-F", str(self.home / "neomuttrc"), *options, "-e", f"source {push}"]
        line = shlex.join(command)
        await self.home.run("script", "-qefc", line, "/dev/null")


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
async def test_a_day_in_the_mailbox(filled: Store, home: Home, certificate: Path, tls: str) -> None:
    await filled.create("Kept")
    neomutt = Neomutt(home, filled, certificate, tls, "set imap_condstore=yes imap_qresync=no")
    # Flag the first, copy the second, move the third, read the fourth, delete the last, make a mailbox.
    await neomutt.run(
        keys="<first-entry><flag-message><next-entry><copy-message>=Kept<enter>"
        "<next-entry><save-message>=Kept<enter><next-entry><display-message><exit>"
        "<last-entry><delete-message><sync-mailbox><change-folder>=Kept<enter><first-entry><set-flag>r<sync-mailbox><quit>"
    )
    assert await filled.names() == sorted({*LETTERS} - {"utf8", "empty"})
    assert await filled.names("Kept") == ["dots", "utf8"]
    assert await filled.flags("plain") == {SEEN, ANSWERED, FLAGGED}
    assert SEEN in await filled.flags("latin1")
    assert ANSWERED in await filled.flags("dots", "Kept")
    assert (await filled.one("utf8", "Kept")).raw == LETTERS["utf8"]


@pytest.mark.parametrize("qresync", ["no", "yes"])
async def test_back_after_changes_by_others(filled: Store, home: Home, certificate: Path, qresync: str) -> None:
    """The header cache is brought forward, with CONDSTORE and with QRESYNC, and not read anew."""
    neomutt = Neomutt(home, filled, certificate, "implicit", f"set imap_condstore=yes imap_qresync={qresync}")
    await neomutt.run(keys="<quit>")
    await filled.destroy("plain")
    await filled.mark("dots", flagged=True)
    await filled.deliver(short("delivered"))
    # What is flagged goes to Kept, the newest to Archive, and the first of the rest is deleted: all by what is shown.
    await neomutt.run(
        keys="<tag-pattern>~F<enter><tag-prefix><save-message>=Archive<enter><untag-pattern>.<enter>"
        "<last-entry><save-message>=Trash<enter><sync-mailbox><first-entry><delete-message><sync-mailbox><quit>"
    )
    assert await filled.names("Archive") == ["dots"]
    assert await filled.names("Trash") == ["delivered"]
    assert await filled.names() == sorted({*LETTERS} - {"plain", "dots", "utf8"})


async def test_other_alphabets(filled: Store, home: Home, certificate: Path) -> None:
    """A mailbox whose name is in other alphabets is opened, and one is made."""
    neomutt = Neomutt(home, filled, certificate, "implicit")
    name = NON_ASCII.replace(" ", "<quote-char> ")
    await neomutt.run(
        keys=f"<change-folder>={name}<enter><first-entry><copy-message>=Новый/会议<enter><flag-message><sync-mailbox><quit>"
    )
    assert await filled.names("Новый/会议") == ["attachments"]
    assert FLAGGED in await filled.flags("attachments", NON_ASCII)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_sending(store: Store, home: Home, certificate: Path, tls: str) -> None:
    """A message with an attachment, by submission, and its copy in Sent."""
    neomutt = Neomutt(home, store, certificate, tls)
    attachment = home.write("relatório.bin", ATTACHMENT)
    body = home.write("body", "Olá, 会议\n.one dot\n..two dots\n")
    # The editor is a command that writes the body.
    await neomutt.run(
        *("-e", f'set editor="cp {body}"'),
        keys=f"<mail>{store.person.address}<enter>Grüße<enter><attach-file>{attachment}<enter><send-message><quit>",
    )
    for path in ("INBOX", "Sent"):
        (message,) = await store.arrived(1, path)
        shown = (await store.http.get(f"/v1/messages/{message.id}")).json()
        assert shown["subject"] == "Grüße"
        assert shown["body"]["text"].replace("\r\n", "\n").rstrip() == "Olá, 会议\n.one dot\n..two dots"
        part = next(part for part in shown["parts"] if part["is_attachment"])
        assert part["filename"] == "relatório.bin"
        assert (await store.http.get(part["url"])).content == ATTACHMENT


@pytest.mark.parametrize("tls", ["none", "implicit"])
async def test_pop3(filled: Store, home: Home, certificate: Path, tls: str) -> None:
    """The maildrop as a mailbox: one message deleted, another saved elsewhere."""
    neomutt = Neomutt(home, filled, certificate, tls)
    saved = home / "saved"
    await neomutt.run(
        "-f",
        neomutt.pop,
        keys=f"<first-entry><delete-message><next-entry><copy-message>{saved}<enter><sync-mailbox><quit>",
    )
    assert await filled.names() == sorted({*LETTERS} - {"plain"})
    assert b"Subject: dots" in saved.read_bytes()
