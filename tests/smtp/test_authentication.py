"""Mail from other servers: who it is from, what becomes of it, and where one reads that."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from correio.auth.authenticator import Authenticator
from correio.config import Endpoint, Limits, Settings
from correio.dns.resolver import Resolver
from correio.mail.alias_directory import add_alias
from correio.mail.directory import add_domain
from correio.mail.fetch import StoredMessage, fetch_messages
from correio.mail.message_store import MessageStore
from correio.mail.signing import DomainSigner, make_signing_keys
from correio.mailauth.arc import Arc, prepare_arc, trusted_sealer, verify_arc
from correio.mailauth.authentication_results import MethodResult
from correio.mailauth.dns_records import key_record
from correio.mailauth.mail_octets import MailOctets
from correio.mailauth.sealing import seal
from correio.mailauth.signing import Signer, sign
from correio.queue.sent_message import SentMessage
from correio.store.queue_documents import SendDocument
from correio.store.sends import find_send
from protocols.lmtp import LmtpServer
from protocols.smtp.authenticating import must_authenticate
from protocols.smtp.mail_server import MailServer
from protocols.smtp.server import SmtpServer
from tests.conftest import NewPerson
from tests.mailauth.keys import ed25519_key, rsa_key, signers
from tests.peers.nameserver import Nameserver, nameserver
from tests.peers.queued import queued
from tests.peers.served import Person, Served
from tests.smtp.listeners import HOSTNAME, LOOPBACK, RawClient

NOW = 1_700_000_000
LIST = Signer("list.test", "e1", ed25519_key())
RECORDS = """
    good.test            TXT  "v=spf1 ip4:127.0.0.0/8 -all"
    _dmarc.good.test     TXT  "v=DMARC1; p=reject"
    strict.test          TXT  "v=spf1 -all"
    _dmarc.strict.test   TXT  "v=DMARC1; p=reject"
    mild.test            TXT  "v=spf1 -all"
    _dmarc.mild.test     TXT  "v=DMARC1; p=quarantine"
    plain.test           A    192.0.2.1
"""


def letter(author: str, body: str = "Hello", more: str = "") -> bytes:
    return f"{more}From: a@{author}\r\nTo: x@correio.test\r\nSubject: s\r\nDate: d\r\n\r\n{body}\r\n".encode()


@pytest.fixture
async def dns() -> AsyncIterator[Nameserver]:
    async with nameserver(RECORDS) as server:
        for signer in (*signers("strict.test"), LIST):
            record = key_record(signer.domain, signer.selector, signer.key)
            server.txt(record.name, record.value)
        yield server


@asynccontextmanager
async def receiving(
    store: MessageStore, dns: Nameserver | None, kind: type[MailServer] = SmtpServer, **settings: Any
) -> AsyncIterator[tuple[str, int]]:
    """A listener that asks a nameserver; its address."""
    made = Settings(hostname=HOSTNAME, dns=(dns.endpoint,) if dns else (), **settings)
    server = kind(store, Authenticator(store), made)
    endpoint = await server.listen(LOOPBACK, implicit_tls=False)
    yield endpoint.host, endpoint.port
    await server.close(5)
    await server.resolver.close()


async def send(
    address: tuple[str, int],
    message: bytes,
    *people: Person,
    sender: str = "a@plain.test",
    hello: str = "EHLO client.test",
) -> str:
    """Send a message; the reply to its end."""
    client = await RawClient.connect(address)
    await client.reply()
    await client.say(hello, f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{person.address}>" for person in people), "DATA")
    reply = await client.say(message + b".")
    await client.close()
    return reply


async def messages(store: MessageStore, person: Person, role: str = "inbox") -> list[StoredMessage]:
    account = await store.account(person.id)
    await account.refresh()
    mailbox = account.mailboxes.by_role(role)
    assert mailbox is not None
    index = await account.index(mailbox.id)
    return [one async for batch in fetch_messages(account, mailbox.id, list(index.uids)) for one in batch]


async def only(store: MessageStore, person: Person, role: str = "inbox") -> tuple[StoredMessage, bytes]:
    (message,) = await messages(store, person, role)
    return message, await message.read()


def field(stored: bytes) -> bytes:
    """Our Authentication-Results field."""
    start = stored.index(b"Authentication-Results: mx.correio.test;")
    return stored[start : stored.index(b"\r\nReceived:", start)]


async def test_mail_that_is_from_who_it_says(directory: MessageStore, dns: Nameserver, person: Person) -> None:
    message = letter("strict.test")
    message = sign(message, signers("strict.test"), NOW) + message
    async with receiving(directory, dns) as address:
        assert (await send(address, message, person, sender="b@good.test")).startswith("250 ")
    found, stored = await only(directory, person)
    assert stored.startswith(
        f"Return-Path: <b@good.test>\r\nDelivered-To: {person.address}\r\nAuthentication-Results: ".encode()
    )
    assert stored.endswith(b"\r\n" + message)
    for part in (
        b"\tdkim=pass (2048-bit key) header.d=strict.test header.s=r1",
        b"\tdkim=pass (256-bit key) header.d=strict.test header.s=e1",
        b"\tspf=pass smtp.mailfrom=b@good.test;",
        b"\tspf=none smtp.helo=client.test;",
        b"\tdmarc=pass policy.dmarc=reject header.from=strict.test;",
        b"\tarc=none",
    ):
        assert part in field(stored)
    kept = found.authentication
    assert kept is not None
    assert (kept.spf.domain, kept.dmarc.aligned, len(kept.dkim)) == ("good.test", ("dkim",), 2)


async def test_mail_that_its_domain_wants_refused(directory: MessageStore, dns: Nameserver, person: Person) -> None:
    async with receiving(directory, dns) as address:
        reply = await send(address, letter("strict.test"), person)
        assert reply.startswith("550 5.7.1 ")
        assert "strict.test" in reply
        # A domain by itself, without an envelope sender to go by.
        assert (await send(address, letter("strict.test"), person, sender="")).startswith("550 5.7.1 ")
        assert not await messages(directory, person)
        # The connection goes on after it.
        client = await RawClient.connect(address)
        await client.reply()
        await client.say("EHLO x.test", "MAIL FROM:<a@plain.test>", f"RCPT TO:<{person.address}>", "DATA")
        assert (await client.say(letter("strict.test") + b".")).startswith("550 ")
        await client.say("MAIL FROM:<a@plain.test>", f"RCPT TO:<{person.address}>", "DATA")
        assert (await client.say(letter("plain.test") + b".")).startswith("250 ")
        await client.close()
    assert len(await messages(directory, person)) == 1


async def test_mail_that_its_domain_wants_out_of_the_way(
    directory: MessageStore, dns: Nameserver, new_person: NewPerson
) -> None:
    one, other = await new_person(), await new_person()
    async with receiving(directory, dns) as address:
        assert (await send(address, letter("mild.test"), one, other)).startswith("250 ")
    for person in (one, other):
        assert not await messages(directory, person)
        _, stored = await only(directory, person, "junk")
        assert b"dmarc=fail" in field(stored)


async def test_policies_that_are_not_applied_are_recorded(
    directory: MessageStore, dns: Nameserver, person: Person
) -> None:
    async with receiving(directory, dns, dmarc_apply=False) as address:
        for author in ("strict.test", "mild.test"):
            assert (await send(address, letter(author), person)).startswith("250 ")
    found = await messages(directory, person)
    assert [one.authentication.dmarc.policy for one in found if one.authentication] == ["reject", "quarantine"]


async def test_what_cannot_be_found_out_in_time_refuses_nobody(
    directory: MessageStore, dns: Nameserver, person: Person
) -> None:
    for name in ("_dmarc.strict.test", "strict.test", "plain.test", "r1._domainkey.strict.test", "_dmarc.test"):
        dns.silence(name)
    message = letter("strict.test")
    message = sign(message, signers("strict.test"), NOW) + message
    limits = msgspec.structs.replace(Limits(), authentication_time=0.3)
    async with receiving(directory, dns, limits=limits) as address:
        assert (await send(address, message, person)).startswith("250 ")
    _, stored = await only(directory, person)
    assert b"\tdkim=temperror" in field(stored)
    assert b"\tspf=temperror" in field(stored)
    assert b"\tdmarc=temperror" in field(stored)


async def test_a_forger_gains_no_time_by_his_own_names(
    directory: MessageStore, dns: Nameserver, person: Person
) -> None:
    dns.silence("evil.test")
    dns.silence("k._domainkey.evil.test")
    forged = letter("strict.test")
    forged = sign(forged, [Signer("evil.test", "k", rsa_key())], NOW) + forged
    limits = msgspec.structs.replace(Limits(), authentication_time=0.5)
    async with receiving(directory, dns, limits=limits) as address:
        assert (await send(address, forged, person, sender="x@evil.test")).startswith("550 5.7.1 ")


async def test_fields_forged_in_our_name_go(directory: MessageStore, dns: Nameserver, person: Person) -> None:
    ours = "Authentication-Results: MX.correio.test (really);\r\n dkim=pass header.d=bank.test\r\n"
    others = "Authentication-Results: mx.other.test; dkim=pass header.d=other.test\r\n"
    message = letter("strict.test", more=others + ours)
    # Signed with them, and the signature still holds.
    message = sign(message, signers("strict.test"), NOW) + message
    async with receiving(directory, dns) as address:
        assert (await send(address, message, person)).startswith("250 ")
    _, stored = await only(directory, person)
    assert stored.endswith(b"\r\n" + message.replace(ours.encode(), b""))
    assert b"bank.test" not in stored
    assert b"dmarc=pass" in field(stored)


async def test_the_word_of_a_trusted_list(directory: MessageStore, dns: Nameserver, person: Person) -> None:
    passed = [MethodResult("dmarc", "pass", properties=(("header.from", "strict.test"),))]
    message = letter("strict.test", "changed by a list")
    message = seal(message, LIST, Arc("none"), passed, authserv_id="mx.list.test", now=NOW) + message
    async with receiving(directory, dns) as address:
        assert (await send(address, message, person)).startswith("550 ")
    async with receiving(directory, dns, arc_trusted=("LIST.test",)) as address:
        assert (await send(address, message, person)).startswith("250 ")
        assert (await send(address, message.replace(b"changed", b"forged"), person)).startswith("550 ")
    _, stored = await only(directory, person)
    assert b"dmarc=fail (accepted by the word of list.test)" in field(stored)
    assert b"arc=pass (1 sealed) smtp.remote-ip=127.0.0.1" in field(stored)


async def test_a_large_message_with_other_line_ends(directory: MessageStore, dns: Nameserver, person: Person) -> None:
    message = letter("strict.test", "\r\n".join(f"line {number}" for number in range(20_000)))
    message = sign(message, signers("strict.test"), NOW) + message
    async with receiving(directory, dns) as address:
        assert (await send(address, message, person)).startswith("250 ")
        # A bare line feed is stored as a line end, and checked as one.
        assert (await send(address, message.replace(b"line 7\r\n", b"line 7\n"), person)).startswith("250 ")
    stored = [await one.read() for one in await messages(directory, person)]
    assert len(stored) == 2
    assert all(one.endswith(message) and b"dmarc=pass" in field(one) for one in stored)


async def test_nobody_looks_at_mail_of_this_machine(directory: MessageStore, dns: Nameserver, person: Person) -> None:
    async with receiving(directory, None) as address:
        assert (await send(address, letter("strict.test"), person)).startswith("250 ")
    async with receiving(directory, dns, mail_authentication="off") as address:
        assert (await send(address, letter("strict.test"), person)).startswith("250 ")
    async with receiving(directory, dns, LmtpServer) as address:
        assert (await send(address, letter("strict.test"), person, hello="LHLO x.test")).startswith("250 ")
    found = await messages(directory, person)
    assert [one.authentication for one in found] == [None, None, None]
    assert not any([b"Authentication-Results" in await one.read() for one in found])
    assert not dns.questions


async def test_what_an_alias_passes_on_is_sealed(directory: MessageStore, dns: Nameserver) -> None:
    ours = (await add_domain(directory, f"d{secrets.token_hex(5)}.test")).id
    await add_alias(directory, f"out@{ours}", ["x@elsewhere.test"])
    keys = await make_signing_keys(directory, ours)
    # What claims to be ours further down is not: nobody looked at the second message.
    forged = b"Received: from x\r\nAuthentication-Results: mx.correio.test; dmarc=pass; arc=none\r\n"
    message = letter("strict.test")
    message = sign(message, signers("strict.test"), NOW) + message
    alias = Person("", f"out@{ours}", "")
    async with receiving(directory, dns) as address:
        assert (await send(address, message, alias)).startswith("250 ")
    async with receiving(directory, None) as address:
        assert (await send(address, forged + message, alias)).startswith("250 ")
    signer = DomainSigner(directory, HOSTNAME)
    sent = [
        await SentMessage(directory, await whole(directory, one), signer).octets(seven_bit=False)
        for one, _ in await queued(directory, f"@{ours}")
    ]
    # Within one second they stand in no order.
    sealed, plain = sorted(sent, key=lambda octets: not octets.startswith(b"ARC-Seal"))
    assert sealed.startswith(b"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=" + ours.encode())
    assert b"\r\nARC-Authentication-Results: i=1; mx.correio.test;" in sealed
    assert plain.startswith(b"Delivered-To: ")
    # Who gets it finds the seal whole, and may believe what it says.
    for key in keys:
        record = key_record(ours, key.selector, key.pem)
        dns.txt(record.name, record.value)
    resolver = Resolver([dns.endpoint])
    prepared = prepare_arc(MailOctets(sealed.replace(b"Subject: s", b"Subject:  s")))
    assert await verify_arc(prepared, resolver, directory.now()) == Arc("pass", (ours,))
    assert trusted_sealer(prepared, "strict.test", [ours]) == ours
    await resolver.close()


async def whole(store: MessageStore, one: SendDocument) -> SendDocument:
    found = await find_send(store.database, "", one.id, octets=True)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("remote", "auto"),
    [
        ("127.0.0.1", False),
        ("::1", False),
        ("10.1.2.3", False),
        ("192.168.0.9", False),
        ("172.16.0.1", False),
        ("fd00::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:127.0.0.1", False),
        ("unknown", False),
        ("8.8.8.8", True),
        ("2a00:1450::1", True),
        ("::ffff:8.8.8.8", True),
    ],
)
def test_whose_mail_is_looked_at(remote: str, auto: bool) -> None:
    assert must_authenticate(Settings(), remote) is auto
    assert must_authenticate(Settings(dns=(Endpoint("127.0.0.1", 53),)), remote)
    assert must_authenticate(Settings(mail_authentication="on"), remote)
    assert not must_authenticate(Settings(mail_authentication="off", dns=(Endpoint("127.0.0.1", 53),)), remote)


async def test_the_apis_tell_it(directory: MessageStore, dns: Nameserver, person: Person, server: Served) -> None:
    message = letter("strict.test")
    message = sign(message, signers("strict.test")[:1], NOW) + message
    async with receiving(directory, dns) as address:
        await send(address, message, person)
    async with receiving(directory, None) as address:
        await send(address, message, person)
    looked_at, not_looked_at = await messages(directory, person)
    query = '{ node(id: "%s") { ... on Message { authentication { spf dkim dkimDomains dmarc authorDomain arc aligned } } } }'
    async with await server.rest(person) as client:
        answer = (await client.get(f"/v1/messages/{looked_at.id}")).json()["authentication"]
        assert answer["dmarc"] == {
            "result": "pass",
            "domain": "strict.test",
            "policy": "reject",
            "policy_domain": "strict.test",
            "aligned": ["dkim"],
            "reason": "",
        }
        assert answer["dkim"][0]["selector"] == "r1"
        assert answer["spf"]["result"] == "none"
        assert (await client.get(f"/v1/messages/{not_looked_at.id}")).json()["authentication"] is None
        answers = [
            (await client.post("/graphql", json={"query": query % one.id})).json() for one in (looked_at, not_looked_at)
        ]
    assert [one["data"]["node"]["authentication"] for one in answers] == [
        {
            "spf": "none",
            "dkim": ["pass"],
            "dkimDomains": ["strict.test"],
            "dmarc": "pass",
            "authorDomain": "strict.test",
            "arc": "none",
            "aligned": True,
        },
        {
            "spf": None,
            "dkim": [],
            "dkimDomains": [],
            "dmarc": None,
            "authorDomain": None,
            "arc": None,
            "aligned": False,
        },
    ]
