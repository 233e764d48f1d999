"""Signing in by SASL, over real sockets, in every protocol."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import imaplib
import secrets
import smtplib
import ssl
from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher

from correio.auth.authenticator import Authenticator
from correio.auth.scram import derive
from correio.config import Settings
from correio.mail import directory as people
from correio.mail.message_store import MessageStore
from protocols.pop3.server import Pop3Server
from protocols.smtp.server import SubmissionServer
from protocols.wire import connection as connection_module
from protocols.wire.channel_binding import channel_binding
from tests.conftest import DOMAIN, NewPerson
from tests.peers.sasl import ScramClient, oauthbearer, plain, xoauth2
from tests.peers.sasl_dialogue import DIALOGUES, Pop3Dialogue, SaslDialogue, SubmissionDialogue
from tests.peers.served import Person, Served
from tests.smtp.listeners import listening, trusting

EVERYWHERE = pytest.mark.parametrize("dialect", DIALOGUES, ids=lambda dialect: dialect.LISTENER)
PRIVATE = ["SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2", "PLAIN", "LOGIN"]
WRONG = b"AQ=="
"""What a client answers to the reason that OAUTHBEARER gives (RFC 7628 section 3.2.3)."""


@pytest.fixture
async def desk(directory: MessageStore) -> AsyncIterator[Authenticator]:
    """Somebody who issues tokens beside the server."""
    desk = Authenticator(directory)
    yield desk
    desk.close()


async def token_of(desk: Authenticator, directory: MessageStore, person: Person) -> str:
    return (await desk.issue_token(await directory.account(person.id))).token


async def scram(
    dialogue: SaslDialogue, client: ScramClient, mechanism: str = "SCRAM-SHA-256", *, initial: bool = True
) -> bytes:
    """Play the exchange; returns the last line."""
    if initial:
        line = await dialogue.begin(mechanism, client.first())
    else:
        assert dialogue.challenge(await dialogue.begin(mechanism)) == b""
        line = await dialogue.say(client.first())
    if not line.startswith(dialogue.CHALLENGE):
        return line
    line = await dialogue.say(client.final(dialogue.challenge(line)))
    if not line.startswith(dialogue.CHALLENGE):
        return line
    assert client.knows(dialogue.challenge(line))
    return await dialogue.say(b"")


def b64(text: str) -> bytes:
    return base64.b64encode(text.encode())


@EVERYWHERE
async def test_every_mechanism(
    dialect: type[SaslDialogue], server: Served, person: Person, desk: Authenticator, directory: MessageStore
) -> None:
    token = await token_of(desk, directory, person)
    for mechanism, responses in {
        "PLAIN": [plain(person.address, person.password)],
        "LOGIN": [b64(person.address), b64(person.password)],
        "OAUTHBEARER": [oauthbearer(person.address, token)],
        "XOAUTH2": [xoauth2(person.address, token)],
    }.items():
        dialogue = await dialect.connect(server)
        assert await dialogue.offered() == PRIVATE
        line = await dialogue.begin(mechanism.lower())
        for response in responses:
            assert line.startswith(dialogue.CHALLENGE), (mechanism, line)
            line = await dialogue.say(response)
        assert line.startswith(dialogue.WELCOME), (mechanism, line)
        await dialogue.close()
        dialogue = await dialect.connect(server)
        line = await dialogue.begin(mechanism, responses[0])
        for response in responses[1:]:
            line = await dialogue.say(response)
        assert line.startswith(dialogue.WELCOME), (mechanism, line)
        await dialogue.close()
    for initial in (False, True):
        dialogue = await dialect.connect(server)
        line = await scram(dialogue, ScramClient(person.address, person.password), initial=initial)
        assert line.startswith(dialogue.WELCOME), line
        await dialogue.close()


@EVERYWHERE
async def test_scram_is_bound_to_the_channel(dialect: type[SaslDialogue], server: Served, person: Person) -> None:
    for version, name in (
        (ssl.TLSVersion.TLSv1_3, "tls-exporter"),
        (ssl.TLSVersion.TLSv1_3, "tls-server-end-point"),
        (ssl.TLSVersion.TLSv1_2, "tls-unique"),
        (ssl.TLSVersion.TLSv1_2, "tls-server-end-point"),
    ):
        context = trusting()
        context.minimum_version = context.maximum_version = version
        for implicit in (True, False):
            dialogue = await dialect.connect(server, context if implicit else None)
            if not implicit:
                await dialogue.start_tls(context)
            assert await dialogue.offered() == ["SCRAM-SHA-256-PLUS", *PRIVATE]
            octets = _binding(dialogue.tls, name)
            client = ScramClient(person.address, person.password, flag=f"p={name}", binding=octets)
            line = await scram(dialogue, client, "SCRAM-SHA-256-PLUS")
            assert line.startswith(dialogue.WELCOME), (name, line)
            await dialogue.close()
    # Somebody between the two would have another channel, or would hide that there is -PLUS.
    dialogue = await dialect.connect(server, trusting())
    elsewhere = ScramClient(person.address, person.password, flag="p=tls-exporter", binding=b"x" * 32)
    assert not (await scram(dialogue, elsewhere, "SCRAM-SHA-256-PLUS")).startswith(dialogue.WELCOME)
    line = await scram(dialogue, ScramClient(person.address, person.password, flag="y"))
    assert not line.startswith(dialogue.WELCOME)
    unknown = ScramClient(person.address, person.password, flag="p=tls-unique", binding=b"x" * 12)
    assert not (await scram(dialogue, unknown, "SCRAM-SHA-256-PLUS")).startswith(dialogue.WELCOME)
    assert (await scram(dialogue, ScramClient(person.address, person.password))).startswith(dialogue.WELCOME)
    await dialogue.close()


def _binding(tls: ssl.SSLObject, name: str) -> bytes:
    """The client's own idea of its channel: from Python where Python has it."""
    if name == "tls-unique":
        return tls.get_channel_binding(name) or b""
    if name == "tls-server-end-point":
        return hashlib.sha256(tls.getpeercert(binary_form=True) or b"").digest()
    octets = channel_binding(tls)
    assert octets is not None
    return octets(name) or b""


@EVERYWHERE
async def test_what_is_refused(
    dialect: type[SaslDialogue],
    server: Served,
    person: Person,
    desk: Authenticator,
    directory: MessageStore,
    new_person: NewPerson,
) -> None:
    other = await new_person()
    theirs = await token_of(desk, directory, other)
    dialogue = await dialect.connect(server)
    assert (await dialogue.begin("PLAIN", plain(person.address, "wrong"))).startswith(dialogue.REFUSED)
    assert (await scram(dialogue, ScramClient(person.address, "wrong"))).startswith(dialogue.REFUSED)
    assert (await scram(dialogue, ScramClient(f"nobody@{DOMAIN}", "wrong"))).startswith(dialogue.REFUSED)
    line = await dialogue.begin("PLAIN", plain(person.address, person.password, other.address))
    assert line.startswith(dialogue.NOT_FOR_ANOTHER)
    line = await scram(dialogue, ScramClient(person.address, person.password, authorization=other.address))
    assert line.startswith(dialogue.NOT_FOR_ANOTHER)
    for mechanism, response in (
        ("OAUTHBEARER", oauthbearer(person.address, "co_" + "A" * 43)),
        ("XOAUTH2", xoauth2(person.address, theirs)),
    ):
        reason = base64.b64decode(dialogue.challenge(await dialogue.begin(mechanism, response)))
        assert b'"status":' in reason
        assert (await dialogue.say(WRONG)).startswith(dialogue.REFUSED)
    await dialogue.close()
    dialogue = await dialect.connect(server)
    for mechanism, initial in (("PLAIN", None), ("SCRAM-SHA-256", ScramClient("a@b.test", "x").first())):
        dialogue.challenge(await dialogue.begin(mechanism, initial))
        assert (await dialogue.say(b"*")).startswith(dialogue.CANCELLED)
    for mechanism, initial in (
        ("SCRAM-SHA-256-PLUS", b"="),
        ("GSSAPI", None),
        ("PLAIN", b"!"),
        ("SCRAM-SHA-256", b"="),
        ("XOAUTH2", b"="),
    ):
        line = await dialogue.begin(mechanism, initial)
        assert not line.startswith((dialogue.CHALLENGE, dialogue.WELCOME)), (mechanism, line)
    acting_as_oneself = plain(person.address, person.password, person.address.upper())
    assert (await dialogue.begin("PLAIN", acting_as_oneself)).startswith(dialogue.WELCOME)
    await dialogue.close()


async def test_an_address_without_an_account_cannot_be_told_from_one_with(
    server: Served, new_person: NewPerson
) -> None:
    person = await new_person()

    async def offer(dialect: type[SaslDialogue], name: str) -> tuple[bytes, bytes]:
        dialogue = await dialect.connect(server)
        line = await dialogue.begin("SCRAM-SHA-256", ScramClient(name, "x").first())
        _, salt, iterations = base64.b64decode(dialogue.challenge(line)).split(b",")
        await dialogue.close()
        return salt, iterations

    salts = set()
    for name in (person.address, f"nobody-{secrets.token_hex(4)}@{DOMAIN}", "nobody@elsewhere.test", "no address"):
        offers = {await offer(dialect, spelling) for dialect in DIALOGUES for spelling in (name, name.upper())}
        if "@" in name:
            assert len(offers) == 1, name
        salt, iterations = offers.pop()
        assert (len(base64.b64decode(salt[2:])), iterations) == (16, b"i=%d" % Settings().scram_iterations)
        salts.add(salt)
    assert len(salts) == 4


async def test_one_throttle_for_every_protocol_and_mechanism(
    server: Served, person: Person, desk: Authenticator, directory: MessageStore
) -> None:
    for number in range(10):
        dialogue = await DIALOGUES[number % 3].connect(server)
        if number % 2:
            line = await scram(dialogue, ScramClient(person.address, f"wrong {number}"))
        elif number % 4:
            line = await dialogue.begin("PLAIN", plain(person.address, f"wrong {number}"))
        else:
            await dialogue.begin("XOAUTH2", xoauth2(person.address, "co_" + "A" * 43))
            line = await dialogue.say(WRONG)
        assert line.startswith(dialogue.REFUSED), (number, line)
        await dialogue.close()
    token = await token_of(desk, directory, person)
    for dialect in DIALOGUES:
        dialogue = await dialect.connect(server)
        assert (await dialogue.begin("PLAIN", plain(person.address, person.password))).startswith(dialogue.THROTTLED)
        assert (await scram(dialogue, ScramClient(person.address, person.password))).startswith(dialogue.THROTTLED)
        line = await dialogue.begin("OAUTHBEARER", oauthbearer(person.address, token))
        assert line.startswith(dialogue.THROTTLED)
        await dialogue.close()


async def test_a_new_password_and_a_disabled_account_count_at_once(
    server: Served, person: Person, desk: Authenticator, directory: MessageStore
) -> None:
    token = await token_of(desk, directory, person)

    async def tried(password: str) -> list[bool]:
        found = []
        for dialect in DIALOGUES:
            for mechanism in ("PLAIN", "SCRAM-SHA-256", "OAUTHBEARER"):
                dialogue = await dialect.connect(server)
                if mechanism == "SCRAM-SHA-256":
                    line = await scram(dialogue, ScramClient(person.address, password))
                elif mechanism == "PLAIN":
                    line = await dialogue.begin(mechanism, plain(person.address, password))
                else:
                    line = await dialogue.begin(mechanism, oauthbearer(person.address, token))
                found.append(line.startswith(dialogue.WELCOME))
                await dialogue.close()
        return found

    assert all(await tried(person.password))
    hashed = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("another")
    await people.set_password(directory, person.address, hashed, scram=derive("another", 4096).render())
    assert not any(await tried(person.password))
    assert await tried("another") == [True, True, False] * 3
    await people.disable_user(directory, person.address)
    assert not any(await tried("another"))


async def test_scram_needs_no_tls_and_passwords_do(
    directory: MessageStore, person: Person, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "is_loopback", lambda _: False)
    monkeypatch.setattr("protocols.smtp.connection.is_loopback", lambda _: False)
    for kind, dialect in ((Pop3Server, Pop3Dialogue), (SubmissionServer, SubmissionDialogue)):
        async with listening(kind, directory) as listener:  # type: ignore[arg-type]
            dialogue = await dialect.at(listener.address)
            assert await dialogue.offered() == ["SCRAM-SHA-256"]
            for mechanism in PRIVATE[1:]:
                assert (await dialogue.begin(mechanism, b"=")).startswith((b"-ERR STLS", b"538 5.7.11"))
            assert (await scram(dialogue, ScramClient(person.address, person.password))).startswith(dialogue.WELCOME)
            await dialogue.close()


async def test_smtplib_and_imaplib(
    server: Served, person: Person, desk: Authenticator, directory: MessageStore
) -> None:
    token = await token_of(desk, directory, person)

    def submit() -> None:
        with smtplib.SMTP(*server.address("submission")) as client:
            client.starttls(context=trusting())
            client.login(person.address, person.password)
            client.sendmail(person.address, [person.address], "Subject: signed in\r\n\r\nby smtplib\r\n")
        with smtplib.SMTP_SSL(*server.address("submissions"), context=trusting()) as client:
            client.ehlo()
            client.auth("XOAUTH2", lambda _=None: base64.b64decode(xoauth2(person.address, token)).decode())

    def read() -> None:
        with imaplib.IMAP4(*server.address("imap")) as client:
            client.authenticate("PLAIN", lambda _: base64.b64decode(plain(person.address, person.password)))
            assert client.select()[1] == [b"1"]
        with imaplib.IMAP4_SSL(*server.address("imaps"), ssl_context=trusting()) as client:
            exchange = ScramClient(person.address, person.password)
            steps = [lambda _: exchange.first(), lambda said: exchange.final(base64.b64encode(said)), lambda _: b""]
            client.authenticate("SCRAM-SHA-256", lambda said: base64.b64decode(steps.pop(0)(said)))
            assert client.state == "AUTH"
        with imaplib.IMAP4(*server.address("imap")) as client:
            with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
                client.authenticate("XOAUTH2", lambda _: base64.b64decode(xoauth2(person.address, token + "x")))
            client.authenticate("OAUTHBEARER", lambda _: base64.b64decode(oauthbearer(person.address, token)))

    await asyncio.to_thread(submit)
    await asyncio.to_thread(read)
