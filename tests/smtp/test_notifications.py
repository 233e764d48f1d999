"""Delivery status notifications for what arrives here (RFC 3461)."""

from __future__ import annotations

import secrets
import ssl

import pytest

from correio.mail.alias_directory import add_alias
from correio.mail.directory import add_domain
from correio.mail.message_store import MessageStore
from correio.mail.notification import passed_on
from correio.store.queue_documents import LOCAL_SITE, DeliveryDocument, SendDocument
from protocols.lmtp import LmtpServer
from protocols.smtp.core.parameters import original_recipient, recipient_parameters
from tests.conftest import NewPerson
from tests.peers.queued import octets_of, queued
from tests.peers.served import Person
from tests.smtp.listeners import Listener, RawClient, inbox, listening

MESSAGE = "From: s@outside.test\r\nSubject: about it\r\nX-Mark: kept\r\n\r\nbody\r\n."


@pytest.fixture
async def domain(directory: MessageStore) -> str:
    return (await add_domain(directory, f"d{secrets.token_hex(5)}.test")).id


async def delivered(listener: Listener, sender: str, *recipients: str, hello: str = "EHLO") -> str:
    """Deliver to recipients with their parameters; the last reply."""
    client = await RawClient.connect(listener.address)
    await client.reply()
    await client.say(
        f"{hello} client.test", f"MAIL FROM:<{sender}> RET=FULL ENVID=Q+2B1", *(f"RCPT TO:{one}" for one in recipients)
    )
    await client.say("DATA")
    answer = await client.say(MESSAGE)
    for _ in range(len(recipients) - 1 if hello == "LHLO" else 0):
        answer = await client.reply()
    await client.close()
    return answer


async def reports(store: MessageStore, to: str) -> list[tuple[SendDocument, DeliveryDocument, str]]:
    found = []
    for send, [delivery, *_] in await queued(store, ""):
        if send.kind == "report" and delivery.recipient == to:
            found.append((send, delivery, (await octets_of(store, send)).decode()))
    return found


def fresh_sender() -> str:
    return f"s{secrets.token_hex(5)}@outside.test"


@pytest.mark.parametrize("hello", ["EHLO", "LHLO"])
async def test_delivered(
    smtp: Listener, directory: MessageStore, server_tls: ssl.SSLContext, new_person: NewPerson, hello: str
) -> None:
    ana, bob, eva = [await new_person() for _ in range(3)]
    sender = fresh_sender()
    recipients = [
        f"<{ana.address}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Ana+2BOld@first.test", f"<{bob.address}> NOTIFY=FAILURE",
        f"<{eva.address}> NOTIFY=SUCCESS",
    ]  # fmt: skip
    async with listening(LmtpServer, directory, server_tls) as lmtp:
        answer = await delivered(lmtp if hello == "LHLO" else smtp, sender, *recipients, hello=hello)
    assert answer.startswith("250")
    assert [len(await inbox(directory, person.id)) for person in (ana, bob, eva)] == [1, 1, 1]
    told = await reports(directory, sender)
    # With a reply for each recipient, each stands for itself.
    assert len(told) == (2 if hello == "LHLO" else 1)
    text = "".join(one[2] for one in told)
    send, delivery, first = told[0]
    assert (send.sender, delivery.notify, delivery.queue) == ("", ["NEVER"], "outside.test")
    assert "Original-Envelope-Id: Q+1\r\n" in first
    assert "Original-Recipient: rfc822;Ana+Old@first.test\r\n" in text
    for person in (ana, eva):
        assert f"Final-Recipient: rfc822;{person.address}\r\nAction: delivered\r\nStatus: 2.1.5\r\n" in text
    assert bob.address not in text
    # The header alone, whatever RET says.
    assert "X-Mark: kept" in first
    assert "\r\nbody\r\n" not in first


async def test_nobody_is_told_who_did_not_ask(smtp: Listener, directory: MessageStore, person: Person) -> None:
    for sender, notify in (
        (fresh_sender(), ""),
        (fresh_sender(), " NOTIFY=NEVER"),
        (fresh_sender(), " NOTIFY=FAILURE,DELAY"),
    ):
        assert (await delivered(smtp, sender, f"<{person.address}>{notify}")).startswith("250")
        assert await reports(directory, sender) == []
    before = len([one for one, _ in await queued(directory, "") if one.kind == "report"])
    assert (await delivered(smtp, "", f"<{person.address}> NOTIFY=SUCCESS")).startswith("250")
    assert len([one for one, _ in await queued(directory, "") if one.kind == "report"]) == before


async def test_an_alias_for_several_is_told_of(
    smtp: Listener, directory: MessageStore, domain: str, person: Person
) -> None:
    await add_alias(directory, f"team@{domain}", [person.address, "x@elsewhere.test"])
    await add_alias(directory, f"out@{domain}", ["y@elsewhere.test", "z@elsewhere.test"])
    sender = fresh_sender()
    recipients = [f"<team@{domain}> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;t@first.test", f"<out@{domain}> NOTIFY=SUCCESS"]
    assert (await delivered(smtp, sender, *recipients)).startswith("250")
    [(_, _, text)] = await reports(directory, sender)
    for local in ("team", "out"):
        assert f"Final-Recipient: rfc822;{local}@{domain}\r\nAction: expanded\r\nStatus: 2.1.5" in text
    found = {
        one.recipient: (one.notify, one.orcpt) for _, all_of in await queued(directory, f"@{domain}") for one in all_of
    }
    assert found == {
        "x@elsewhere.test": (["DELAY"], "rfc822;t@first.test"), "y@elsewhere.test": (["NEVER"], ""),
        "z@elsewhere.test": (["NEVER"], ""),
    }  # fmt: skip


async def test_an_alias_for_one_passes_it_on(smtp: Listener, directory: MessageStore, domain: str) -> None:
    await add_alias(directory, f"out@{domain}", ["y@elsewhere.test"])
    sender = fresh_sender()
    assert (await delivered(smtp, sender, f"<out@{domain}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a+2Bb@c")).startswith(
        "250"
    )
    assert await reports(directory, sender) == []
    [(send, [delivery])] = await queued(directory, f"@{domain}")
    assert (send.envid, send.ret) == ("Q+1", "FULL")
    assert (delivery.notify, delivery.orcpt) == (["FAILURE", "SUCCESS"], "rfc822;a+2Bb@c")


async def test_a_sender_here_is_told_here(smtp: Listener, directory: MessageStore, new_person: NewPerson) -> None:
    ana, bob = await new_person(), await new_person()
    assert (await delivered(smtp, ana.address, f"<{bob.address}> NOTIFY=SUCCESS")).startswith("250")
    [(_, delivery, _)] = await reports(directory, ana.address)
    assert delivery.queue == LOCAL_SITE


@pytest.mark.parametrize(
    ("notify", "expanded", "expected"),
    [
        (None, True, None), (("NEVER",), True, ("NEVER",)), (("SUCCESS",), False, ("SUCCESS",)),
        (("SUCCESS",), True, ("NEVER",)), (("DELAY", "SUCCESS"), True, ("DELAY",)), (("FAILURE",), True, ("FAILURE",)),
    ],
)  # fmt: skip
def test_what_goes_on(notify: tuple[str, ...] | None, expanded: bool, expected: tuple[str, ...] | None) -> None:
    assert passed_on(notify, expanded=expanded) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", ""), ("ORCPT=rfc822;a+2Bb@c", "rfc822;a+2Bb@c"), ("ORCPT=RFC822;a+E9@c", "rfc822;a+E9@c"),
        ("ORCPT=utf-8;\\x{E9}a+b@c", "utf-8;\\x{E9}a\\x{2B}b@c"), ("ORCPT=utf-8;\u00e9@c", "utf-8;\\x{E9}@c"),
    ],
)  # fmt: skip
def test_the_original_recipient(given: str, expected: str) -> None:
    first = recipient_parameters(given)
    assert original_recipient(first) == expected
    assert recipient_parameters(f"ORCPT={expected}" if expected else "") == first
