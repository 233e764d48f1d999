"""Python's smtplib: submission, delivery and LMTP."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.clients.letters import ATTACHMENT, FILE_NAME, LETTERS, short
from tests.clients.store import Store

pytestmark = pytest.mark.clients


def connect(store: Store, certificate: Path, tls: str) -> smtplib.SMTP:
    """A submission session before it signs in, by STARTTLS or TLS from the start."""
    context = ssl.create_default_context(cafile=str(certificate))
    if tls == "implicit":
        return smtplib.SMTP_SSL("localhost", store.server.ports["submissions"], timeout=30, context=context)
    client = smtplib.SMTP("localhost", store.server.ports["submission"], timeout=30)
    client.starttls(context=context)
    return client


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_submission(store: Store, certificate: Path, tls: str, mechanism: str) -> None:
    person = store.person

    def send() -> None:
        with connect(store, certificate, tls) as client:
            client.ehlo()
            client.user, client.password = person.address, person.password
            client.auth(mechanism, getattr(client, f"auth_{mechanism.lower()}"))
            for name in ("dots", "utf8", "latin1", "attachments"):
                refused = client.sendmail(person.address, [person.address], LETTERS[name], ["BODY=8BITMIME"])
                assert refused == {}
            message = EmailMessage()
            message["From"] = message["To"] = person.address
            message["Subject"] = "Ação 会议"
            message["Message-ID"] = "<composed@letters.test>"
            message.set_content("Olá, 会议.\n.\n")
            message.add_attachment(ATTACHMENT, maintype="application", subtype="octet-stream", filename=FILE_NAME)
            client.send_message(message)

    await asyncio.to_thread(send)
    for message in await store.arrived(5):
        if message.name != "composed":
            assert message.raw.endswith(LETTERS[message.name])
    composed = await store.one("composed")
    answer = (await store.http.get(f"/v1/messages/{composed.id}")).json()
    assert answer["subject"] == "Ação 会议"
    part = next(part for part in answer["parts"] if part["is_attachment"])
    assert part["filename"] == FILE_NAME
    assert (await store.http.get(part["url"])).content == ATTACHMENT


async def test_what_is_refused(store: Store, certificate: Path) -> None:
    """A wrong password, mail without signing in, and mail for elsewhere; the connection goes on each time."""

    def send() -> None:
        with connect(store, certificate, "implicit") as client:
            with pytest.raises(smtplib.SMTPAuthenticationError) as wrong:
                client.login(store.person.address, "wrong")
            assert wrong.value.smtp_code == 535
            with pytest.raises(smtplib.SMTPSenderRefused) as unknown:
                client.sendmail(store.person.address, [store.person.address], short("not-signed-in"))
            assert unknown.value.smtp_code == 530
        with smtplib.SMTP("localhost", store.server.ports["smtp"], timeout=30) as client:
            addresses = ["nobody@elsewhere.invalid", f"nobody-{store.person.address}", store.person.address]
            refused = client.sendmail("orlando@origem.test", addresses, short("partly"))
            assert {address: code for address, (code, _) in refused.items()} == {addresses[0]: 550, addresses[1]: 550}

    await asyncio.to_thread(send)
    assert [message.name for message in await store.arrived(1)] == ["partly"]


async def test_lmtp(store: Store) -> None:
    def send() -> None:
        with smtplib.LMTP("localhost", store.server.ports["lmtp"], timeout=30) as client:
            client.sendmail("orlando@origem.test", [store.person.address], LETTERS["attachments"], ["BODY=8BITMIME"])

    await asyncio.to_thread(send)
    assert (await store.arrived(1))[0].raw.endswith(LETTERS["attachments"])
