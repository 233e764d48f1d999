"""The dialogue over real sockets."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import poplib
import secrets
import ssl

import pytest
from argon2 import PasswordHasher

from correio.errors import AlreadyExistsError, UnavailableError
from correio.mail.append import NewMessage, append_messages
from correio.mail.directory import add_domain, add_user, disable_user
from correio.mail.expunge import expunge_messages
from correio.mail.message_store import MessageStore
from protocols.pop3.commands import quit as quit_module
from protocols.pop3.server import Pop3Server
from protocols.wire import connection as wire_connection
from tests.peers.pop3 import Pop3Client
from tests.peers.sasl import plain
from tests.peers.served import Person
from tests.smtp.listeners import Listener, RawClient, inbox, listening, trusting

MESSAGES = [
    b"Subject: one\r\n\r\n.dot\r\n..dots\r\n.\r\nend\r\n",
    b"Subject: two\r\n\r\n" + b"line\r\n" * 10,
    b"Subject: no line end\r\n\r\nx",
    b"Subject: \xc3\xa9\r\n\r\n" + b"y" * 1000 + b"\r\n",
    b"no header and no body",
    b"Subject: big\r\n\r\n" + b".stuffed line\r\n" * 40_000,
]


@pytest.fixture
async def filled(person: Person, directory: MessageStore) -> Person:
    """Somebody with the messages in INBOX."""
    await fill(directory, person, MESSAGES)
    return person


async def fill(store: MessageStore, person: Person, messages: list[bytes]) -> None:
    account = await store.account(person.id)
    mailbox = account.mailboxes.by_role("inbox")
    assert mailbox is not None
    await append_messages(account, mailbox.id, [NewMessage(raw=raw) for raw in messages])


async def signed_in(listener: Listener, person: Person) -> Pop3Client:
    client = await Pop3Client.connect(listener.address)
    return await client.signed_in(person.address, person.password)


def ended(message: bytes) -> bytes:
    """A message as RETR sends it: the last line has an end."""
    return message if message.endswith(b"\r\n") else message + b"\r\n"


async def test_stat_list_uidl_retr(pop3: Listener, filled: Person) -> None:
    client = await signed_in(pop3, filled)
    octets = sum(map(len, MESSAGES))
    assert await client.ok(b"STAT") == b"+OK %d %d" % (len(MESSAGES), octets)
    assert list((await client.sizes()).values()) == [len(message) for message in MESSAGES]
    assert await client.ok(b"LIST 2") == b"+OK 2 %d" % len(MESSAGES[1])
    uids = [line.split()[1] for line in (await client.multiline(b"UIDL")).splitlines()]
    assert len(set(uids)) == len(MESSAGES)
    assert await client.ok(b"UIDL 3") == b"+OK 3 " + uids[2]
    assert await client.retrieve_all() == [ended(message) for message in MESSAGES]
    # Out of order and again.
    for number in (6, 1, 4, 4, 5, 6):
        assert await client.multiline(b"RETR %d" % number) == ended(MESSAGES[number - 1])
    await client.ok(b"QUIT")
    again = await signed_in(pop3, filled)
    assert [line.split()[1] for line in (await again.multiline(b"UIDL")).splitlines()] == uids
    await again.close()


async def test_top(pop3: Listener, filled: Person) -> None:
    client = await signed_in(pop3, filled)
    assert await client.multiline(b"TOP 2 0") == b"Subject: two\r\n\r\n"
    assert await client.multiline(b"TOP 2 3") == b"Subject: two\r\n\r\n" + b"line\r\n" * 3
    assert await client.multiline(b"TOP 2 9999999") == MESSAGES[1]
    assert await client.multiline(b"TOP 1 2") == b"Subject: one\r\n\r\n.dot\r\n..dots\r\n"
    assert await client.multiline(b"TOP 6 1") == b"Subject: big\r\n\r\n.stuffed line\r\n"
    # A line without a colon is no header.
    assert await client.multiline(b"TOP 5 0") == b""
    assert await client.multiline(b"TOP 5 1") == b"no header and no body\r\n"
    for wrong in (b"TOP 1", b"TOP 1 x", b"TOP 1 -1", b"TOP 7 1", b"TOP 1 1 1", b"TOP 1 " + b"9" * 30):
        assert (await client.command(wrong)).startswith(b"-ERR")
    await client.close()


DIALOGUE = [
    (b"NOOP", b"-ERR Sign in"), (b"STAT", b"-ERR Sign in"), (b"XYZZY", b"-ERR There is no"), (b"", b"-ERR"), (b"APOP a b", b"-ERR"),
    (b"USER", b"-ERR"), (b"PASS x", b"-ERR USER"), (b"AUTH A B C", b"-ERR"), (b"AUTH GSSAPI", b"-ERR"), (b"AUTH PLAIN !!", b"-ERR"),
    (b"CAPA x", b"-ERR"), (b"USER nobody@correio.test", b"+OK"), (b"PASS wrong", b"-ERR [AUTH]"), (b"PASS wrong", b"-ERR USER"),
    (b"user %s", b"+OK"), (b"pass %p", b"+OK 6 messages"), (b"USER a", b"-ERR"), (b"STLS", b"-ERR"), (b"AUTH PLAIN", b"-ERR"),
    (b"NOOP", b"+OK"), (b"NOOP x", b"-ERR"), (b"STAT x", b"-ERR"), (b"LIST 0", b"-ERR"), (b"LIST 7", b"-ERR"), (b"LIST x", b"-ERR"),
    (b"LIST 1 2", b"-ERR"),
    (b"UIDL 99999999999999999999999", b"-ERR"), (b"RETR", b"-ERR"), (b"RETR 7", b"-ERR"), (b"DELE", b"-ERR"),
    (b"DELE 2", b"+OK"), (b"DELE 2", b"-ERR"), (b"RETR 2", b"-ERR"), (b"TOP 2 0", b"-ERR"),
    (b"LIST 2", b"-ERR"), (b"UIDL 2", b"-ERR"),
    (b"STAT", b"+OK 5 "), (b"RSET", b"+OK 6 messages"), (b"LIST 2", b"+OK 2 "), (b"NOOP " + b"x" * 300, b"-ERR"),
    (b"NOOP " + b"x" * 100_000, b"-ERR The line"), (b"NOOP", b"+OK"), (b"QUIT x", b"-ERR"), (b"QUIT", b"+OK"),
]  # fmt: skip


async def test_dialogue(pop3: Listener, filled: Person) -> None:
    client = await Pop3Client.connect(pop3.address)
    assert client.greeting.startswith(b"+OK mx.correio.test")
    # No time stamp: APOP would need passwords that can be read (RFC 1939 section 7).
    assert b"<" not in client.greeting
    for line, expected in DIALOGUE:
        answer = await client.command(
            line.replace(b"%s", filled.address.encode()).replace(b"%p", filled.password.encode())
        )
        assert answer.startswith(expected), (line, answer)
    assert await client.reader.read() == b""
    await client.close()


async def test_the_same_transcript_split_at_every_octet(
    pop3: Listener, person: Person, directory: MessageStore
) -> None:
    await fill(directory, person, MESSAGES[:3])
    sign_in = b"UTF8\r\nAUTH PLAIN\r\n*\r\nAUTH PLAIN\r\n" + plain(person.address, person.password) + b"\r\n"
    wire = b"CAPA\r\n" + sign_in + b"STAT\r\nRETR 1\r\nTOP 2 1\r\nUIDL 9\r\nDELE 1\r\nRSET\r\nRETR 3\r\nQUIT\r\n"

    async def whole(cut: int) -> bytes:
        client = await RawClient.connect(pop3.address)
        client.writer.write(wire[:cut])
        await client.writer.drain()
        await asyncio.sleep(0.002)
        client.writer.write(wire[cut:])
        answer = await client.rest()
        await client.close()
        return answer

    expected = await whole(0)
    assert expected.count(b"\r\n+OK ") == 10
    assert expected.count(b"\r\n+ \r\n") == 2
    assert expected.count(b"\r\n-ERR ") == 2
    for cut in range(1, len(wire)):
        assert await whole(cut) == expected, cut


async def test_delete_at_quit_alone(pop3: Listener, filled: Person, directory: MessageStore) -> None:
    client = await signed_in(pop3, filled)
    for number in (1, 2, 6):
        await client.ok(b"DELE %d" % number)
    client.writer.transport.abort()
    for _ in range(500):
        if pop3.server.connections == 0:
            break
        await asyncio.sleep(0.01)
    assert len(await inbox(directory, filled.id)) == 6
    client = await signed_in(pop3, filled)
    for number in (1, 2, 6):
        await client.ok(b"DELE %d" % number)
    await client.ok(b"QUIT")
    assert await inbox(directory, filled.id) == [MESSAGES[2], MESSAGES[3], MESSAGES[4]]


async def test_a_quit_that_fails_says_so(
    pop3: Listener, filled: Person, directory: MessageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> list[int]:
        raise UnavailableError("The database is away.")

    monkeypatch.setattr(quit_module, "expunge_messages", away)
    client = await signed_in(pop3, filled)
    await client.ok(b"DELE 1")
    assert (await client.command(b"QUIT")).startswith(b"-ERR [SYS/TEMP]")
    assert len(await inbox(directory, filled.id)) == 6


async def test_two_sessions_have_the_same_maildrop(pop3: Listener, filled: Person, directory: MessageStore) -> None:
    first, second = await signed_in(pop3, filled), await signed_in(pop3, filled)
    for number in (1, 2):
        await first.ok(b"DELE %d" % number)
    for number in (2, 3):
        await second.ok(b"DELE %d" % number)
    await first.ok(b"QUIT")
    assert await second.ok(b"STAT") == b"+OK 4 %d" % sum(map(len, MESSAGES[:1] + MESSAGES[3:]))
    assert (await second.command(b"RETR 1")).startswith(b"-ERR The message has been removed")
    assert await second.multiline(b"RETR 4") == MESSAGES[3]
    await second.ok(b"QUIT")
    assert await inbox(directory, filled.id) == MESSAGES[3:]


async def test_a_disabled_account_is_sent_away(pop3: Listener, filled: Person, directory: MessageStore) -> None:
    client = await signed_in(pop3, filled)
    await client.ok(b"DELE 1")
    await disable_user(directory, filled.address)
    assert (await client.command(b"QUIT")).startswith(b"-ERR [AUTH]")
    assert await client.reader.read() == b""
    await disable_user(directory, filled.address, disabled=False)
    assert len(await inbox(directory, filled.id)) == 6


async def test_a_snapshot(pop3: Listener, filled: Person, directory: MessageStore) -> None:
    client = await signed_in(pop3, filled)
    await fill(directory, filled, [b"A: later\r\n\r\n"])
    account = await directory.account(filled.id)
    mailbox = account.mailboxes.by_role("inbox")
    assert mailbox is not None
    index = await account.index(mailbox.id)
    await expunge_messages(account, mailbox.id, [index.uids[1]], only_deleted=False)
    assert await client.ok(b"STAT") == b"+OK 6 %d" % sum(map(len, MESSAGES))
    assert (await client.command(b"RETR 2")).startswith((b"-ERR", b"+OK"))
    await client.close()
    await asyncio.sleep(0)


async def test_a_removed_message_is_an_error(pop3: Listener, filled: Person, directory: MessageStore) -> None:
    client = await signed_in(pop3, filled)
    account = await directory.account(filled.id)
    mailbox = account.mailboxes.by_role("inbox")
    assert mailbox is not None
    await expunge_messages(account, mailbox.id, only_deleted=False, uids=list((await account.index(mailbox.id)).uids))
    answers = [await client.command(b"RETR %d" % number) for number in range(1, 7)]
    assert all(answer.startswith(b"-ERR The message has been removed") for answer in answers)
    # Marks on what others removed are no failure.
    await client.ok(b"DELE 1")
    await client.ok(b"QUIT")


async def test_sasl(pop3: Listener, filled: Person) -> None:
    response = plain(filled.address, filled.password)
    client = await Pop3Client.connect(pop3.address)
    names = b"SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN LOGIN"
    assert b"SASL " + names in (await client.multiline(b"CAPA")).splitlines()
    assert (await client.multiline(b"AUTH")).split() == names.split()
    assert await client.command(b"AUTH PLAIN") == b"+ "
    assert (await client.command(b"*")).startswith(b"-ERR")
    assert await client.command(b"AUTH PLAIN") == b"+ "
    await client.ok(response)
    await client.ok(b"QUIT")
    client = await Pop3Client.connect(pop3.address)
    await client.ok(b"auth plain " + response)
    await client.ok(b"QUIT")
    client = await Pop3Client.connect(pop3.address)
    assert await client.command(b"AUTH LOGIN") == b"+ " + base64.b64encode(b"Username:")
    assert await client.command(base64.b64encode(filled.address.encode())) == b"+ " + base64.b64encode(b"Password:")
    await client.ok(base64.b64encode(filled.password.encode()))
    await client.close()
    client = await Pop3Client.connect(pop3.address)
    other = plain(filled.address, filled.password, "x@correio.test")
    assert (await client.command(b"AUTH PLAIN " + other)).startswith(b"-ERR [AUTH]")
    assert (await client.command(b"AUTH PLAIN =")).startswith(b"-ERR PLAIN")
    await client.close()


async def test_stls_drops_injected_plain_text(pop3: Listener, filled: Person) -> None:
    client = await Pop3Client.connect(pop3.address)
    await client.ok(b"USER " + filled.address.encode())
    client.writer.write(b"STLS\r\nUSER evil@correio.test\r\n")
    assert (await client.line()).startswith(b"+OK")
    await client.writer.start_tls(trusting())
    assert (await client.command(f"PASS {filled.password}".encode())).startswith(b"-ERR USER")
    capabilities = (await client.multiline(b"CAPA")).splitlines()
    assert b"STLS" not in capabilities
    assert (await client.command(b"STLS")).startswith(b"-ERR")
    await client.signed_in(filled.address, filled.password)
    await client.close()


async def test_no_password_in_plain_text_off_loopback(
    pop3: Listener, filled: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire_connection, "is_loopback", lambda _: False)
    client = await Pop3Client.connect(pop3.address)
    capabilities = (await client.multiline(b"CAPA")).splitlines()
    assert b"STLS" in capabilities
    assert b"SASL SCRAM-SHA-256" in capabilities
    assert b"USER" not in capabilities
    for line in (b"USER a", b"PASS b", b"AUTH PLAIN", b"AUTH LOGIN", b"AUTH OAUTHBEARER", b"AUTH XOAUTH2"):
        assert (await client.command(line)).startswith(b"-ERR STLS")
    await client.ok(b"STLS")
    await client.writer.start_tls(trusting())
    await client.signed_in(filled.address, filled.password)
    await client.close()


async def test_implicit_tls(directory: MessageStore, server_tls: ssl.SSLContext, filled: Person) -> None:
    async with listening(Pop3Server, directory, server_tls, implicit_tls=True) as listener:
        client = await Pop3Client.connect(listener.address, trusting())
        await client.signed_in(filled.address, filled.password)
        assert await client.multiline(b"RETR 6") == MESSAGES[5]
        await client.ok(b"QUIT")


INTERNATIONAL = "From: José <josé@exämple.test>\r\nSubject: Olá\r\n\r\n.Olá\r\nfim\r\n".encode()
SLOPPY = "From: José <jose@example.test>\r\nSubject: Olá\r\n\r\nOlá\r\n".encode()


async def test_utf8(pop3: Listener, person: Person, directory: MessageStore) -> None:
    large = INTERNATIONAL + b"x" * 78 + b"\r\n" + b".line\r\n" * 60_000
    await fill(directory, person, [INTERNATIONAL, SLOPPY, large])
    client = await Pop3Client.connect(pop3.address)
    assert b"UTF8 USER" in (await client.multiline(b"CAPA")).splitlines()
    await client.ok(b"UTF8")
    assert (await client.command(b"UTF8 x")).startswith(b"-ERR")
    assert (await client.command(b"STLS")).startswith(b"-ERR STLS comes before")
    await client.signed_in(person.address, person.password)
    assert b"UTF8 USER" in (await client.multiline(b"CAPA")).splitlines()
    assert (await client.command(b"UTF8")).startswith(b"-ERR")
    assert [await client.multiline(b"RETR %d" % number) for number in (1, 2, 3)] == [INTERNATIONAL, SLOPPY, large]
    assert await client.multiline(b"TOP 1 0") == INTERNATIONAL.partition(b".Ol")[0]
    await client.ok(b"QUIT")


async def test_without_utf8_an_internationalised_message_has_a_surrogate(
    pop3: Listener, person: Person, directory: MessageStore
) -> None:
    large = INTERNATIONAL + b"x" * 78 + b"\r\n" + b".line\r\n" * 60_000
    await fill(directory, person, [INTERNATIONAL, SLOPPY, large])
    client = await signed_in(pop3, person)
    header = b"From: =?UTF-8?B?Sm9zw6k=?= <invalid@internationalized-address.invalid>\r\nSubject: =?UTF-8?B?T2zDoQ==?=\r\n\r\n"
    assert await client.multiline(b"RETR 1") == header + INTERNATIONAL.partition(b"\r\n\r\n")[2]
    assert await client.multiline(b"RETR 3") == header + large.partition(b"\r\n\r\n")[2]
    assert await client.multiline(b"TOP 1 0") == header
    assert await client.multiline(b"TOP 3 1") == header + ".Olá\r\n".encode()
    # No standard allows this one, every program reads it, and nothing of it is changed.
    assert await client.multiline(b"RETR 2") == SLOPPY
    # What is stored is what came.
    assert await inbox(directory, person.id) == [INTERNATIONAL, SLOPPY, large]
    await client.close()


async def test_the_surrogate_of_a_long_header(pop3: Listener, person: Person, directory: MessageStore) -> None:
    addresses = ",\r\n ".join(f"pessoa{number}@exämple.test" for number in range(400))
    await fill(directory, person, [f"To: {addresses}\r\nA: b\r\n\r\nOlá\r\n".encode()])
    client = await signed_in(pop3, person)
    expected = ",\r\n ".join(f"pessoa{number}@xn--exmple-cua.test" for number in range(400))
    assert await client.multiline(b"RETR 1") == f"To: {expected}\r\nA: b\r\n\r\nOlá\r\n".encode()
    assert await client.multiline(b"TOP 1 0") == f"To: {expected}\r\nA: b\r\n\r\n".encode()
    await client.close()


async def test_names_and_passwords_in_utf8(pop3: Listener, directory: MessageStore) -> None:
    with contextlib.suppress(AlreadyExistsError):
        await add_domain(directory, "exämple.test")
    hashed = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("coração")
    maria = await add_user(directory, f"maría{secrets.token_hex(4)}@exämple.test", hashed)

    def sign_in(password: str) -> bytes:
        client = poplib.POP3(*pop3.address)
        client.encoding = "UTF-8"
        assert "UTF8" in client.capa()
        client.utf8()
        client.user(maria.address)
        answer = client.pass_(password)
        client.quit()
        return answer

    assert (await asyncio.to_thread(sign_in, "coração")).startswith(b"+OK 0")
    assert (await asyncio.to_thread(sign_in, "corac\u0327a\u0303o")).startswith(b"+OK 0")
    client = await Pop3Client.connect(pop3.address)
    assert (await client.command(b"USER mar\xeda@x.test")).startswith(b"-ERR")
    await client.close()


async def test_poplib(pop3: Listener, filled: Person) -> None:
    def fetch() -> list[bytes]:
        client = poplib.POP3(*pop3.address)
        client.stls(trusting())
        client.user(filled.address)
        client.pass_(filled.password)
        found = [b"\r\n".join(client.retr(number)[1]) + b"\r\n" for number in range(1, 6)]
        client.quit()
        return found

    assert await asyncio.to_thread(fetch) == [ended(message) for message in MESSAGES[:5]]


async def test_timeouts(directory: MessageStore, filled: Person) -> None:
    async with listening(Pop3Server, directory, login_timeout=0.2, idle_timeout=0.4) as listener:
        client = await Pop3Client.connect(listener.address)
        assert (await client.line()).startswith(b"-ERR")
        assert await client.reader.read() == b""
        client = await signed_in(listener, filled)
        assert (await client.line()).startswith(b"-ERR")
        await client.close()


async def test_connection_limits(directory: MessageStore) -> None:
    async with listening(Pop3Server, directory, connections_per_address=1) as listener:
        first = await Pop3Client.connect(listener.address)
        second = await Pop3Client.connect(listener.address)
        assert second.greeting.startswith(b"-ERR [SYS/TEMP]")
        assert await second.reader.read() == b""
        await first.close()


async def test_too_many_errors(pop3: Listener) -> None:
    client = await Pop3Client.connect(pop3.address)
    for _ in range(51):
        assert (await client.command(b"XYZZY")).startswith(b"-ERR")
    assert await client.reader.read() == b""


async def test_a_failure_in_the_middle_of_a_message_cuts_the_connection(
    pop3: Listener, filled: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> object:
        class Broken:
            size = 1 << 20

            async def stream(self) -> object:
                yield b"A: b\r\n"
                raise UnavailableError("The database is away.")

        return Broken()

    client = await Pop3Client.connect(pop3.address)
    await client.ok(b"UTF8")
    await client.signed_in(filled.address, filled.password)
    monkeypatch.setattr("protocols.pop3.read_ahead.ReadAhead.message", broken)
    # However much of it has left already: never the end.
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await client.multiline(b"RETR 1")


async def test_quit_removes_any_number_in_one_transaction(
    pop3: Listener, person: Person, directory: MessageStore
) -> None:
    await fill(directory, person, [b"A: %d\r\n\r\n" % number for number in range(400)])
    client = await signed_in(pop3, person)
    client.writer.write(b"".join(b"DELE %d\r\n" % number for number in range(1, 400)))
    assert all([(await client.line()).startswith(b"+OK") for _ in range(399)])
    trips = directory.database.round_trips
    before, transactions = trips.count, trips.by_name["commitTransaction"]
    await client.ok(b"QUIT")
    assert trips.by_name["commitTransaction"] - transactions == 1
    assert trips.count - before == 4
    assert await inbox(directory, person.id) == [b"A: 399\r\n\r\n"]


async def test_many_messages(pop3: Listener, person: Person, directory: MessageStore) -> None:
    messages = [b"A: %d\r\n\r\n" % number + b"x" * number + b"\r\n" for number in range(300)]
    await fill(directory, person, messages)
    client = await signed_in(pop3, person)
    assert await client.retrieve_all() == messages
    client.writer.write(b"".join(b"DELE %d\r\n" % number for number in range(1, 301)) + b"QUIT\r\n")
    assert all([(await client.line()).startswith(b"+OK") for _ in range(301)])
    assert await inbox(directory, person.id) == []
