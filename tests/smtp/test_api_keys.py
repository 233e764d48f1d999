"""An API key as password: it submits mail from where it may, and opens no other door."""

from __future__ import annotations

import base64

import pytest

from correio.auth.api_keys import issue_key
from correio.auth.authenticator import Authenticator
from correio.errors import AuthenticationError, InsufficientScopeError
from correio.mail.message_store import MessageStore
from correio.mail.sent import list_sent
from correio.store.tokens import delete_token
from protocols.smtp.core.authors import authors
from tests.conftest import NewPerson
from tests.peers.served import Person
from tests.smtp.listeners import Listener, RawClient


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def key_of(
    store: MessageStore, person: Person, scopes: list[str], senders: list[str] | None = None
) -> tuple[str, str]:
    """The id of a new key and its secret."""
    issued = await issue_key(await store.account(person.id), "program", scopes, senders or [])
    return issued.document.id, issued.secret


async def greeted(listener: Listener) -> RawClient:
    client = await RawClient.connect(listener.address)
    await client.reply()
    await client.say("EHLO client.test")
    return client


async def signed_in(listener: Listener, person: Person, secret: str) -> RawClient:
    client = await greeted(listener)
    assert (await client.say("AUTH PLAIN " + b64(f"\0{person.address}\0{secret}"))).startswith("235")
    return client


async def test_plain_login_and_oauthbearer(submission: Listener, directory: MessageStore, person: Person) -> None:
    _, secret = await key_of(directory, person, ["send"])
    await (await signed_in(submission, person, secret)).close()
    client = await greeted(submission)
    await client.say("AUTH LOGIN " + b64(person.address))
    assert (await client.say(b64(secret))).startswith("235")
    await client.close()
    client = await greeted(submission)
    bearer = b64(f"n,a={person.address},\x01auth=Bearer {secret}\x01\x01")
    assert (await client.say("AUTH OAUTHBEARER " + bearer)).startswith("235")
    await client.close()


async def test_it_is_refused(
    submission: Listener, directory: MessageStore, person: Person, new_person: NewPerson
) -> None:
    other = await new_person()
    _, secret = await key_of(directory, person, ["send"])
    _, reading = await key_of(directory, person, ["read"])
    token = (await Authenticator(directory).issue_token(await directory.account(person.id))).token
    client = await greeted(submission)
    for address, password in (
        (other.address, secret),
        (person.address, reading),
        (person.address, token),
        (person.address, "cokey_" + "a" * 43),
        ("", secret),
    ):
        answer = await client.say("AUTH PLAIN " + b64(f"\0{address}\0{password}"))
        assert answer.startswith("501" if not address else "535"), (address, answer)
    await client.close()


async def test_senders_bind_mail_from_and_the_from_field(
    submission: Listener, directory: MessageStore, person: Person
) -> None:
    local, _, domain = person.address.partition("@")
    key_id, secret = await key_of(directory, person, ["send"], [f"{local}+bills@{domain}"])
    client = await signed_in(submission, person, secret)
    assert (await client.say(f"MAIL FROM:<{person.address}>")).startswith("553 5.7.1")
    for sender, head, expected in (
        (f"{local}+bills@{domain}", f"From: {local}+bills@{domain}", "250"),
        ("", f"From: Bills <{local}+bills@{domain}>", "250"),
        (f"{local}+bills@{domain}", f"From: {person.address}", "550 5.7.1"),
        ("", f"From: {person.address}", "550 5.7.1"),
        (f"{local}+bills@{domain}", f"From: {local}+bills@{domain}, {person.address}", "550 5.7.1"),
        (f"{local}+bills@{domain}", f"From: {local}+bills@{domain}\r\nFrom: {person.address}", "550 5.7.1"),
        (f"{local}+bills@{domain}", f"From: {local}+bills@{domain}\r\nSender: {person.address}", "550 5.7.1"),
        (f"{local}+bills@{domain}", f"From: {local}+bills@{domain}\rFrom: {person.address}", "550 5.7.1"),
        (f"{local}+bills@{domain}", f"From: {local}+bills@{domain}\rX: (\rFrom: {person.address}\rY: )", "550 5.7.1"),
        (f"{local}+bills@{domain}", f"From: {local}+bills@{domain}\rSender: {person.address}", "550 5.7.1"),
        (f"{local}+bills@{domain}", "Subject: nobody", "550 5.7.1"),
        # A bare CR or LF is a line end by the time the message is stored.
        (f"{local}+bills@{domain}", f"X: a\rFrom: {person.address}\r\nFrom: {local}+bills@{domain}", "550 5.7.1"),
        (f"{local}+bills@{domain}", f"From: {local}+bills@{domain}\r\nX: a\rSender: {person.address}", "550 5.7.1"),
    ):
        assert (await client.say(f"MAIL FROM:<{sender}>")).startswith("250")
        assert (await client.say(f"RCPT TO:<{person.address}>")).startswith("250")
        assert (await client.say("DATA")).startswith("354")
        assert (await client.say(f"{head}\r\nTo: x@y.test\r\n\r\nwords\r\n.")).startswith(expected), head
    await client.close()
    sent = await list_sent(await directory.account(person.id), 10)
    assert [one.send.key for one in sent] == [key_id, key_id]


async def test_a_domain_lets_every_address_of_it_through(
    submission: Listener, directory: MessageStore, person: Person
) -> None:
    _, secret = await key_of(directory, person, ["send"], ["@" + person.address.partition("@")[2].upper()])
    client = await signed_in(submission, person, secret)
    assert (await client.say(f"MAIL FROM:<{person.address}>")).startswith("250")
    await client.close()


async def test_a_key_that_is_revoked_ends_its_sessions(
    submission: Listener, directory: MessageStore, person: Person
) -> None:
    key_id, secret = await key_of(directory, person, ["send"])
    client = await signed_in(submission, person, secret)
    assert (await client.say(f"MAIL FROM:<{person.address}>")).startswith("250")
    await client.say("RSET")
    await delete_token(directory.database, person.id, key_id)
    for _ in range(2):
        assert (await client.say(f"MAIL FROM:<{person.address}>")).startswith("530 5.7.0")
    await client.close()


async def test_no_other_door_opens(directory: MessageStore, person: Person) -> None:
    """What IMAP, POP3 and GraphQL ask of the authenticator."""
    authenticator = Authenticator(directory)
    for scopes in (["send"], ["read"], ["send", "read"]):
        _, secret = await key_of(directory, person, scopes)
        with pytest.raises(AuthenticationError):
            await authenticator.password(person.address, secret, "127.0.0.1")
        with pytest.raises(AuthenticationError):
            await authenticator.token_of(person.address, secret, "127.0.0.1")
        with pytest.raises(InsufficientScopeError):
            await authenticator.token(secret, "127.0.0.1")
    _, secret = await key_of(directory, person, ["full"])
    assert (await authenticator.token(secret, "127.0.0.1")).id == person.id
    authenticator.close()


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (b"From: a@b.test\r\n\r\nFrom: c@d.test\r\n", ["a@b.test"]),
        (b"odd line\r\nFrom: a@b.test, x <c@d.test>\r\nfrom : e@f.test\r\n\r\n", ["a@b.test", "c@d.test", "e@f.test"]),
        (b"Sender: s@b.test\r\nFrom:\r\n a@b.test\r\n\r\n", ["a@b.test", "s@b.test"]),
        (b"From: \r\n\r\n", [""]),
        (b"From: a@b.test\r\n (" + b"x" * 70_000 + b"),\r\n c@d.test\r\n\r\n", [""]),
        (b"Subject: a\r\n\r\n", [""]),
        (b"\r\nFrom: a@b.test\r\n\r\n", [""]),
        # What nobody looks at is allowed to nobody.
        (b"From: " + b"a@b.test," * 100 + b"\r\n\r\n", ["a@b.test"] * 100),
        (b"From: " + b"a@b.test," * 101 + b"\r\n\r\n", [""]),
        (b"From: a@b.test\r\n" * 101, [""]),
        (b"From: a@b.test," + b" " * 70_000 + b"c@d.test\r\n\r\n", [""]),
        (b"From: a@b.test\r\n" + b"x:\r\n" * 300_000 + b"From: c@d.test\r\n\r\n", [""]),
        (b"", [""]),
    ],
)
def test_authors(message: bytes, found: list[str]) -> None:
    assert authors(message) == found
