"""What is asked about a client and its mail before it is taken: greylisting, lists of the DNS, rspamd, rates, names."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from ipaddress import IPv4Address

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.auth.authenticator import Authenticator
from correio.auth.throttle import Bound, Levels
from correio.config import Limits, Settings
from correio.config_sources import ConfigError, load_settings
from correio.mail.fetch import fetch_messages
from correio.mail.greylist import REMEMBERED, RENEWED, RETRY_WITHIN, TRUSTED, Decision, decide, keys_of
from correio.mail.message_store import MessageStore
from correio.mail.retention import sweep
from correio.store.greylist import MetDocument, find_met
from protocols.smtp.core.blocklist import decide_listed, is_listed, question
from protocols.smtp.core.policy import decide_greylisted, decide_rate
from protocols.smtp.core.spam_verdict import Checked, VerdictError, read_verdict, request_headers
from protocols.smtp.policies import arrival
from protocols.smtp.policies import rspamd as rspamd_module
from protocols.smtp.server import SmtpServer
from tests.conftest import NewPerson
from tests.peers.nameserver import Nameserver, nameserver
from tests.peers.served import Person
from tests.smtp.listeners import HOSTNAME, LOOPBACK, RawClient, inbox, trace_and_message

MESSAGE = "Subject: x\r\n\r\nbody\r\n."
DAY = 86_400
NOW = 1_700_000_000


@asynccontextmanager
async def listening(store: MessageStore, **settings: object) -> AsyncIterator[tuple[str, int]]:
    """The address of an SMTP listener with some settings."""
    made = Settings(hostname=HOSTNAME, **settings)  # type: ignore[arg-type]
    server = SmtpServer(store, Authenticator(store), made)
    endpoint = await server.listen(LOOPBACK, implicit_tls=False)
    yield endpoint.host, endpoint.port
    await server.close(5)


async def attempt(
    address: tuple[str, int], recipient: str, sender: str = "s@outside.test", source: str = "127.0.0.1"
) -> str:
    """Deliver a message; the first reply that refuses, or the last one."""
    client = RawClient(*await asyncio.open_connection(*address, local_addr=(source, 0)))
    await client.reply()
    answer = ""
    for line in ("EHLO client.test", f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", "DATA", MESSAGE):
        answer = await client.say(line)
        if answer[0] in "45":
            break
    await client.close()
    return answer


# Greylisting


def met(key: str, passes: int = 0, first: int = NOW, expires: int = NOW + RETRY_WITHIN) -> dict[str, MetDocument]:
    return {key: MetDocument(key, first, passes, expires)}


KEYS = keys_of("192.0.2.77", "Ana@Home.TEST", "Bob@Ours.test")
FRESH = NOW + REMEMBERED


@pytest.mark.parametrize(
    ("known", "later", "expected"),
    [
        ({}, 0, Decision(False, 300, "first")), (met(KEYS.triplet), 100, Decision(False, 201)),
        (met(KEYS.triplet), 300, Decision(True, note="passed")), (met(KEYS.triplet), RETRY_WITHIN, Decision(False, 300, "first")),
        (met(KEYS.sender, 1, expires=FRESH), 0, Decision(True)),
        (met(KEYS.sender, expires=FRESH), 0, Decision(False, 300, "first")),
        (met(KEYS.sender, 1, expires=FRESH), RENEWED + 1, Decision(True, note="renewed")),
        (met(KEYS.sender, 1, expires=FRESH), REMEMBERED, Decision(False, 300, "first")),
        (met(KEYS.client, TRUSTED, expires=FRESH), 0, Decision(True)),
        (met(KEYS.client, TRUSTED - 1, expires=FRESH), 0, Decision(False, 300, "first")),
    ],
)  # fmt: skip
def test_greylisting(known: dict[str, MetDocument], later: int, expected: Decision) -> None:
    assert decide(KEYS, known, NOW + later, 300) == expected


def test_what_is_one_client() -> None:
    assert KEYS.client == "192.0.2.0/24"
    assert keys_of("::ffff:192.0.2.1", "eva@home.test", "bob@ours.test") == KEYS
    assert keys_of("2001:db8:1:2:3::1", "", "b@c").client == "2001:db8:1:2::/64"
    assert keys_of("unknown", "", "b@c").client == "unknown"
    assert len({KEYS.triplet, KEYS.sender, KEYS.client}) == 3
    assert decide_greylisted(None) is None
    reply = decide_greylisted(7)
    assert reply is not None
    assert (reply.code, reply.enhanced) == (451, "4.7.1")


async def test_the_second_attempt_is_taken(directory: MessageStore, new_person: NewPerson) -> None:
    ana, bob = await new_person(), await new_person()
    async with listening(directory, greylist=1.0) as address:
        sender = f"s@{ana.id.lower()}.test"
        assert (await attempt(address, ana.address, sender)).startswith("451 4.7.1 Greylisted")
        # Not yet, and as new from another network; somebody unknown hears that first.
        assert (await attempt(address, ana.address, sender)).startswith("451 4.7.1")
        assert (await attempt(address, ana.address, sender, "127.1.0.1")).startswith("451 4.7.1")
        assert (await attempt(address, "nobody@correio.test", sender)).startswith("550 5.1.1")
        await asyncio.sleep(1.1)
        assert (await attempt(address, ana.address, sender, "127.0.0.9")).startswith("250")
        # Whoever has passed is known, for everybody; from there.
        assert (await attempt(address, bob.address, sender)).startswith("250")
        assert (await attempt(address, bob.address, sender, "127.1.0.1")).startswith("451 4.7.1")
    assert [len(await inbox(directory, person.id)) for person in (ana, bob)] == [1, 1]
    key = keys_of("127.0.0.1", sender, "x@y").sender
    found = await find_met(directory.database, [key])
    assert found[key].passes == 1
    await sweep(directory, directory.now())
    assert await find_met(directory.database, [key]) == found
    await sweep(directory, found[key].expires)
    assert await find_met(directory.database, [key]) == {}


# Lists of the DNS


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("192.0.2.99", "99.2.0.192.bl.test"), ("::ffff:192.0.2.99", "99.2.0.192.bl.test"), ("unknown", None),
        # RFC 5782 section 2.4
        ("2001:db8:1:2:3:4:567:89ab", "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.bl.test"),
    ],
)  # fmt: skip
def test_what_a_list_is_asked(remote: str, expected: str | None) -> None:
    assert question(remote, "bl.test") == expected


@pytest.mark.parametrize(
    ("records", "listed"),
    [([], False), (["127.0.0.2"], True), (["127.255.255.254"], False), (["192.0.2.1"], False), (["192.0.2.1", "127.0.0.10"], True)],
)  # fmt: skip
def test_what_a_list_answers(records: list[str], listed: bool) -> None:
    assert is_listed(map(IPv4Address, records)) is listed


def test_who_is_listed() -> None:
    refusal = decide_listed("192.0.2.1", "bl.test", "see https://bl.test/", "ana")
    assert refusal is not None
    assert (refusal.code, refusal.enhanced) == (550, "5.7.1")
    assert refusal.text == "[192.0.2.1] is listed by bl.test: see https://bl.test/"
    assert decide_listed("192.0.2.1", "bl.test", "", "PostMaster") is None
    assert decide_listed("192.0.2.1", None, "", "ana") is None


async def test_a_client_that_a_list_names(directory: MessageStore, person: Person) -> None:
    async with nameserver() as dns:
        dns.load(
            '2.0.0.127.bl.test A 127.0.0.4\n2.0.0.127.bl.test TXT "Because\\010 of it"\n3.0.0.127.bl.test A 127.255.255.254'
        )
        dns.fail("4.0.0.127.bl.test")
        async with listening(directory, dns=(dns.endpoint,), dnsbl=("other.test", "bl.test")) as address:
            answer = await attempt(address, person.address, source="127.0.0.2")
            assert answer.startswith("550 5.7.1 [127.0.0.2] is listed by bl.test: Because")
            for source in ("127.0.0.1", "127.0.0.3", "127.0.0.4"):
                assert (await attempt(address, person.address, source=source)).startswith("250")
            # One connection asks once.
            client = RawClient(*await asyncio.open_connection(*address, local_addr=("127.0.0.2", 0)))
            await client.reply()
            await client.say("EHLO c.test", "MAIL FROM:<>")
            for _ in range(3):
                assert (await client.say(f"RCPT TO:<{person.address}>")).startswith("550 5.7.1")
            await client.close()
            assert dns.asked("2.0.0.127.bl.test A") == 1


# Names


def names(dns: Nameserver) -> None:
    dns.load(
        "1.0.0.127.in-addr.arpa PTR client.outside.test.\nclient.outside.test A 127.0.0.1\n"
        "2.0.0.127.in-addr.arpa PTR forged.test.\nforged.test A 192.0.2.1\n3.0.0.127.in-addr.arpa PTR gone.test."
    )


async def test_a_name_that_its_address_confirms(directory: MessageStore, person: Person) -> None:
    async with nameserver() as dns:
        names(dns)
        async with listening(directory, dns=(dns.endpoint,), reverse_dns=True) as address:
            for source in ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"):
                assert (await attempt(address, person.address, source=source)).startswith("250")
    received = [trace_and_message(stored)[0]["Received"] for stored in await inbox(directory, person.id)]
    assert received[0].startswith("from client.test (client.outside.test [127.0.0.1]) by ")
    for number, field in enumerate(received[1:], 2):
        assert field.startswith(f"from client.test ([127.0.0.{number}]) by ")


# Rates


def test_a_rate() -> None:
    assert decide_rate(0) is None
    reply = decide_rate(0.5)
    assert reply is not None
    assert (reply.code, reply.enhanced) == (450, "4.7.0")
    levels = Levels(Bound(60, 1.0))
    for _ in range(60):
        assert levels.wait("a", 100.0) == 0
        levels.add("a", 100.0)
    assert levels.wait("a", 100.0) > 0
    assert levels.wait("b", 100.0) == 0
    assert levels.wait("a", 101.0) == 0


async def test_too_many_messages_from_one_address(
    directory: MessageStore, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = msgspec.structs.replace(Limits(), smtp_rate=2)
    async with listening(directory, limits=limits) as address:
        # Loopback has no bound.
        for _ in range(3):
            assert (await attempt(address, person.address)).startswith("250")
        monkeypatch.setattr(arrival, "remote_key", lambda remote: remote)
        answers = [(await attempt(address, person.address))[:9] for _ in range(3)]
        assert answers == ["250 2.0.0", "250 2.0.0", "450 4.7.0"]
        assert (await attempt(address, person.address, source="127.0.0.2")).startswith("250")


# rspamd


class FakeRspamd:
    """An HTTP server that answers what it is told, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answer = b""
        self.delay = 0.0
        self.asked: list[tuple[str, dict[str, list[str]], bytes]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields: dict[str, list[str]] = {}
        for line in head[1:-2]:
            name, _, value = line.partition(": ")
            fields.setdefault(name, []).append(value)
        body = await reader.readexactly(int(fields["Content-Length"][0]))
        self.asked.append((head[0], fields, body))
        await asyncio.sleep(self.delay)
        writer.write(self.answer)
        writer.close()

    def says(self, **answer: object) -> None:
        body = json.dumps(answer).encode()
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


@pytest.fixture
async def rspamd() -> AsyncIterator[tuple[FakeRspamd, str]]:
    fake = FakeRspamd()
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0, limit=1 << 20)
    port = server.sockets[0].getsockname()[1]
    yield fake, f"http://127.0.0.1:{port}"
    server.close()


async def mailbox_of(store: MessageStore, person: Person, role: str) -> list[bytes]:
    account = await store.account(person.id)
    mailbox = account.mailboxes.by_role(role)
    assert mailbox is not None
    index = await account.index(mailbox.id)
    return [await one.read() async for batch in fetch_messages(account, mailbox.id, list(index.uids)) for one in batch]


async def test_rspamd_judges(directory: MessageStore, person: Person, rspamd: tuple[FakeRspamd, str]) -> None:
    fake, url = rspamd
    async with listening(directory, rspamd_url=url) as address:
        fake.says(action="no action", score=1.5, required_score=15, symbols={}, unknown=[1])
        assert (await attempt(address, person.address)).startswith("250")
        [stored] = await inbox(directory, person.id)
        assert b"\r\nX-Spam-Status: No, score=1.50 required=15.00\r\nReceived: " in stored
        request, fields, body = fake.asked[0]
        assert request == "POST /checkv2 HTTP/1.1"
        assert (fields["IP"], fields["Helo"], fields["From"]) == (["127.0.0.1"], ["client.test"], ["s@outside.test"])
        assert (fields["Rcpt"], fields["MTA-Name"]) == ([person.address], [HOSTNAME])
        assert fields["Queue-Id"][0].encode() in stored
        assert body.startswith(b"Received: from client.test ")
        assert body.endswith(b"\r\nSubject: x\r\n\r\nbody\r\n")
        for action, expected in (
            ("reject", "550 5.7.1 The message"), ("soft reject", "451 4.7.1"), ("greylist", "451 4.7.1"), ("add header", "250"),
            ("rewrite subject", "250"), ("never heard of", "250"),
        ):  # fmt: skip
            fake.says(action=action, score=20, required_score=15)
            assert (await attempt(address, person.address)).startswith(expected), action
        fake.says(action="reject", messages={"smtp_message": "Go\r\n250 away"})
        assert await attempt(address, person.address) == "550 5.7.1 Go??250 away"
    assert len(await inbox(directory, person.id)) == 2
    junk = await mailbox_of(directory, person, "junk")
    assert len(junk) == 2
    assert b"\r\nX-Spam: Yes\r\nX-Spam-Status: Yes, score=20.00 required=15.00\r\nReceived: " in junk[0]


OK = b"HTTP/1.1 200 OK\r\n"
BROKEN = [
    b"", b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n", OK + b"Content-Length: 100\r\n\r\n{", b"no http at all\r\n\r\n",
    OK + b"Content-Length: 2\r\n\r\n[]", OK + b'Content-Length: 12\r\n\r\n{"action":1}', OK[:14],
    OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
    b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nx",
]  # fmt: skip


async def test_mail_is_taken_when_rspamd_is_not_well(
    directory: MessageStore, person: Person, rspamd: tuple[FakeRspamd, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake, url = rspamd
    monkeypatch.setattr(rspamd_module, "MAX_ANSWER", 1000)
    async with listening(directory, rspamd_url=url) as address:
        for answer in (*BROKEN, OK + b"Content-Length: 5000\r\n\r\n" + b" " * 5000):
            fake.answer = answer
            assert (await attempt(address, person.address)).startswith("250"), answer
        monkeypatch.setattr(rspamd_module, "PATIENCE", 0.2)
        fake.says(action="reject")
        fake.delay = 1.0
        assert (await attempt(address, person.address)).startswith("250")
    async with listening(directory, rspamd_url="http://127.0.0.1:1") as address:
        assert (await attempt(address, person.address)).startswith("250")
    assert len(await inbox(directory, person.id)) == len(BROKEN) + 3


@given(st.binary(max_size=200), st.text(max_size=30))
def test_any_answer_and_any_client(body: bytes, text: str) -> None:
    with suppress(VerdictError):
        read_verdict(200, body)
    checked = Checked(text, text, text, [text], text, text)
    for name, value in request_headers(checked):
        assert "\r" not in name + value
        assert "\n" not in name + value


@pytest.mark.parametrize(
    "url", ["https://a:1", "127.0.0.1:1", "http://", "http://a b", "http://a:1/ x", "http://u:p@a"]
)
def test_addresses_of_rspamd(url: str) -> None:
    assert load_settings({}, {"CORREIO_RSPAMD_URL": "http://[::1]:11333/x"}).rspamd_url == "http://[::1]:11333/x"
    with pytest.raises(ConfigError, match="CORREIO_RSPAMD_URL"):
        load_settings({}, {"CORREIO_RSPAMD_URL": url})


def test_zones() -> None:
    assert load_settings({}, {"CORREIO_DNSBL": "zen.spamhaus.org, bl.test"}).dnsbl == ("zen.spamhaus.org", "bl.test")
    with pytest.raises(ConfigError, match="CORREIO_DNSBL"):
        load_settings({}, {"CORREIO_DNSBL": "zen"})
