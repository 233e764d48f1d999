"""msmtp: submission as a sendmail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.letters import LETTERS
from tests.clients.program import Home
from tests.clients.store import Store
from tests.conftest import NewPerson

pytestmark = pytest.mark.clients

AUTHENTICATION_FAILED = 77
"""sysexits.h: EX_NOPERM."""


def configure(home: Home, store: Store, certificate: Path, tls: str, auth: str, password: str) -> Path:
    listener = "submissions" if tls == "implicit" else "submission"
    return home.write(
        "msmtprc",
        f"""account mine
host localhost
port {store.server.ports[listener]}
tls on
tls_starttls {"off" if tls == "implicit" else "on"}
tls_trust_file {certificate}
auth {auth}
user {store.person.address}
password {password}
from {store.person.address}
account default : mine
""",
    )


@pytest.mark.parametrize(
    ("tls", "auth"),
    [
        ("starttls", "plain"),
        ("implicit", "login"),
        ("implicit", "on"),
        ("starttls", "scram-sha-256"),
        ("implicit", "oauthbearer"),
        ("starttls", "xoauth2"),
    ],
)
async def test_submission(
    store: Store, new_person: NewPerson, home: Home, certificate: Path, tls: str, auth: str
) -> None:
    other = await Store.of(store.server, await new_person())
    secret = store.token if auth in ("oauthbearer", "xoauth2") else store.person.password
    rc = configure(home, store, certificate, tls, auth, secret)
    for name in ("dots", "utf8", "latin1", "attachments", "long-line"):
        local = LETTERS[name].replace(b"\r\n", b"\n")
        await home.run("msmtp", "-C", rc, store.person.address, other.person.address, stdin=local)
    for mailbox in (store, other):
        for message in await mailbox.arrived(5):
            assert message.raw.endswith(LETTERS[message.name])
            assert message.raw.startswith(f"Return-Path: <{store.person.address}>\r\n".encode())
    await other.http.aclose()


async def test_a_wrong_password(store: Store, home: Home, certificate: Path) -> None:
    rc = configure(home, store, certificate, "implicit", "plain", "wrong")
    ended = await home.run(
        "msmtp", "-C", rc, store.person.address, stdin=LETTERS["plain"], codes=(AUTHENTICATION_FAILED,)
    )
    assert "535" in ended.said
    assert await store.messages() == []


async def test_what_the_server_offers(store: Store, home: Home, certificate: Path) -> None:
    """``--serverinfo`` reads the greeting, the certificate and EHLO."""
    rc = configure(home, store, certificate, "starttls", "plain", store.person.password)
    said = (await home.run("msmtp", "-C", rc, "--serverinfo")).said
    for line in ("PIPELINING", "SIZE", "PLAIN", "LOGIN"):
        assert line in said
