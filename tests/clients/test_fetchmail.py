"""fetchmail: POP3 by UIDL, IMAP by \\Seen; kept or deleted as it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.delivery_agent import DeliveryAgent
from tests.clients.letters import LETTERS, short
from tests.clients.program import Home
from tests.clients.store import SEEN, Store

pytestmark = pytest.mark.clients

NO_MAIL = 1
"""fetchmail's exit code where there was nothing to fetch."""


class Fetchmail:
    """The program, with a delivery agent that writes a file a message."""

    def __init__(self, home: Home, store: Store, certificate: Path) -> None:
        self.home = home
        self.store = store
        self.certificate = certificate
        self.agent = DeliveryAgent(home)
        self.take = self.agent.take

    async def run(
        self, protocol: str, tls: str, options: str, server: str = "", *, codes: tuple[int, ...] = (0,)
    ) -> None:
        """Fetch once. ``tls``: none, starttls or implicit."""
        trust = f"sslcertck sslcertfile {self.certificate}"
        wrapped = {
            "none": "sslproto ''",
            "starttls": f"sslproto 'TLS1.2+' {trust}",
            "implicit": f"ssl sslproto 'TLS1.2+' {trust}",
        }[tls]
        port = self.store.server.ports[protocol + ("s" if tls == "implicit" else "")]
        self.home.write(
            "fetchmailrc",
            f"""set no bouncemail
set no spambounce
set invisible
poll localhost protocol {protocol} port {port} {server}
  user "{self.store.person.address}" password "{self.store.person.password}" is "somebody" here
  {wrapped} no rewrite {options} mda "{self.agent.command} {self.agent.directory}"
""",
        )
        files = ("--idfile", self.home / "ids", "--pidfile", self.home / "pid")
        await self.home.run("fetchmail", "-f", self.home / "fetchmailrc", *files, "--nosyslog", "-v", codes=codes)


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
async def test_pop3(filled: Store, home: Home, certificate: Path, tls: str) -> None:
    fetchmail = Fetchmail(home, filled, certificate)
    await fetchmail.run("pop3", tls, "keep", "uidl")
    assert fetchmail.take() == sorted(LETTERS.values())

    await fetchmail.run("pop3", tls, "keep", "uidl", codes=(NO_MAIL,))
    assert fetchmail.take() == []

    await filled.destroy("plain")
    await filled.put(short("later"))
    await fetchmail.run("pop3", tls, "keep", "uidl")
    assert fetchmail.take() == [short("later")]
    assert await filled.names() == sorted({*LETTERS, "later"} - {"plain"})

    await fetchmail.run("pop3", tls, "nokeep fetchall")
    assert len(fetchmail.take()) == len(LETTERS)
    assert await filled.names() == []


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
async def test_imap(filled: Store, home: Home, certificate: Path, tls: str) -> None:
    fetchmail = Fetchmail(home, filled, certificate)
    await fetchmail.run("imap", tls, "keep")
    unread = {name: raw for name, raw in LETTERS.items() if name != "plain"}
    assert fetchmail.take() == sorted(unread.values())
    assert all(SEEN in message.keywords for message in await filled.messages())

    await fetchmail.run("imap", tls, "keep", codes=(NO_MAIL,))
    assert fetchmail.take() == []

    await filled.put(short("later"))
    await fetchmail.run("imap", tls, 'nokeep fetchall folder "INBOX","&ANw-berblick &- &AVI-uvre/&ZeVnLIqe-"')
    assert fetchmail.take() == sorted([*LETTERS.values(), short("later"), LETTERS["attachments"], LETTERS["latin1"]])
    assert await filled.names() == []
    assert await filled.names("Work/Deep") == ["utf8"]
