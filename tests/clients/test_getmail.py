"""getmail6: each message once, whatever it was fetched by, and gone where it is told to delete."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.clients.delivery_agent import DeliveryAgent
from tests.clients.letters import LETTERS, NON_ASCII, short
from tests.clients.maildir import without
from tests.clients.program import Home
from tests.clients.store import SEEN, Store

pytestmark = pytest.mark.clients

NOBODY = "nobody" if os.geteuid() == 0 else None
"""getmail delivers nothing as root."""


def trimmed(raw: bytes) -> bytes:
    return raw.removesuffix(b"\r\n")


class Getmail:
    """The program and its configuration."""

    def __init__(self, home: Home, store: Store, certificate: Path, kind: str) -> None:
        self.home = home
        self.store = store
        self.kind = kind
        self.certificate = home.write("certificate.pem", certificate.read_bytes())
        # getmail forks for every delivery, and installs its handler of SIGCHLD only after the fork: a child that ends
        # before that, as it may on a busy machine, leaves it waiting until its time-out. So the child takes its time.
        self.agent = DeliveryAgent(home, linger=0.2)

    async def run(self, *, delete: bool = False, more: str = "") -> None:
        """Fetch what is new."""
        tls = "SSL" in self.kind
        listener = ("pop3" if "POP3" in self.kind else "imap") + ("s" if tls else "")
        more += "" if "POP3" in self.kind else "record_mailbox = false\n"
        trust = f"ca_certs = {self.certificate}\n" if tls else ""
        self.home.write(
            "getmailrc",
            f"""[retriever]
type = {self.kind}
server = localhost
port = {self.store.server.ports[listener]}
username = {self.store.person.address}
password = {self.store.person.password}
timeout = 30
{trust}{more}
[destination]
type = MDA_external
path = {self.agent.command}
arguments = ("{self.agent.directory}", )

[options]
read_all = false
delete = {str(delete).lower()}
delivered_to = false
received = false
verbose = 2
""",
        )
        if NOBODY:
            self.home.give_to(NOBODY)
        await self.home.run("getmail", "-g", self.home.path, "-r", self.home / "getmailrc", user=NOBODY)

    def fetched(self) -> list[bytes]:
        """What was fetched: getmail writes a Return-Path of its own, and may end the last line or not."""
        return sorted(trimmed(without("Return-Path", raw)) for raw in self.agent.messages())


@pytest.mark.parametrize(
    "kind", ["SimplePOP3Retriever", "SimplePOP3SSLRetriever", "SimpleIMAPRetriever", "SimpleIMAPSSLRetriever"]
)
async def test_each_message_once_and_then_gone(filled: Store, home: Home, certificate: Path, kind: str) -> None:
    getmail = Getmail(home, filled, certificate, kind)
    await getmail.run()
    assert getmail.fetched() == sorted(map(trimmed, LETTERS.values()))
    assert await filled.names() == sorted(LETTERS)

    await getmail.run()
    assert getmail.agent.names() == sorted(LETTERS)

    await filled.put(short("later"))
    await filled.destroy("plain")
    await getmail.run()
    assert getmail.agent.names() == sorted([*LETTERS, "later"])

    await filled.put(short("last"))
    await getmail.run(delete=True)
    assert getmail.agent.names() == sorted([*LETTERS, "later", "last"])
    assert await filled.names() == []
    assert await filled.names("Work/Deep") == ["utf8"]

    await getmail.run(delete=True)
    assert len(getmail.agent.messages()) == len(LETTERS) + 2


async def test_other_mailboxes_and_move_on_delete(filled: Store, home: Home, certificate: Path) -> None:
    """IMAP alone: mailboxes by name, one of them in other alphabets; what was fetched goes to the archive, read."""
    getmail = Getmail(home, filled, certificate, "SimpleIMAPSSLRetriever")
    mailboxes = f'mailboxes = ("Work/Deep", "{NON_ASCII}")\nmove_on_delete = Archive\nuse_peek = false\n'
    await getmail.run(delete=True, more=mailboxes)
    assert getmail.agent.names() == ["attachments", "latin1", "utf8"]
    assert await filled.names("Archive") == ["attachments", "latin1", "utf8"]
    assert await filled.names("Work/Deep") == await filled.names(NON_ASCII) == []
    assert all(SEEN in message.keywords for message in await filled.messages("Archive"))
    assert await filled.names() == sorted(LETTERS)
