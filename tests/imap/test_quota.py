"""QUOTA (RFC 9208) over a socket."""

from __future__ import annotations

from correio.mail.directory import set_quota
from correio.mail.message_store import MessageStore
from tests.imap.conftest import Imap
from tests.peers.imap import Literal
from tests.peers.served import Person

SMALL = b"Subject: small\r\n\r\nx\r\n"


async def bounded(
    directory: MessageStore, person: Person, *, octets: int | None = None, messages: int | None = None
) -> None:
    await set_quota(directory, person.address, octets=octets, messages=messages)


async def test_what_is_bounded_is_listed_with_its_use(imap: Imap, person: Person, directory: MessageStore) -> None:
    client = await imap.client(person)
    names = (await client.ok(b"CAPABILITY")).of("CAPABILITY")[0].split()
    assert {b"QUOTA", b"QUOTA=RES-STORAGE", b"QUOTA=RES-MESSAGE", b"QUOTA=RES-MAILBOX"} <= set(names)
    assert b"QUOTASET" not in names
    reply = await client.ok(b"GETQUOTAROOT INBOX")
    assert reply.untagged == [b'QUOTAROOT INBOX ""', b'QUOTA "" (MAILBOX 6 10000)']
    await bounded(directory, person, octets=5000, messages=7)
    await client.append(b"INBOX", SMALL)
    await client.append(b"INBOX", b"Subject: x\r\n\r\n" + b"y" * 1020 + b"\r\n")
    # Units of 1024 octets, rounded up: 21 + 1036 octets are two, 5000 are five.
    assert (await client.ok(b'GETQUOTA ""')).untagged == [b'QUOTA "" (STORAGE 2 5 MESSAGE 2 7 MAILBOX 6 10000)']
    await bounded(directory, person, octets=-1)
    reply = await client.ok(b'GETQUOTAROOT "There is no such mailbox"')
    assert reply.untagged == [b'QUOTAROOT "There is no such mailbox" ""', b'QUOTA "" (MESSAGE 2 7 MAILBOX 6 10000)']
    refused = await client.command(b"GETQUOTA other")
    assert (refused.status, refused.code, refused.untagged) == ("NO", b"NONEXISTENT", [])
    assert (await client.command(b'SETQUOTA "" (STORAGE 1)')).status == "BAD"
    for wrong in (b"GETQUOTA", b"GETQUOTA a b", b"GETQUOTAROOT"):
        assert (await client.command(wrong)).status == "BAD"
    await client.close()


async def test_what_grows_is_refused_over_quota(imap: Imap, person: Person, directory: MessageStore) -> None:
    client = await imap.client(person)
    for _ in range(2):
        await client.append(b"INBOX", SMALL)
    await client.ok(b"SELECT INBOX")
    await bounded(directory, person, messages=3)
    both = await client.command(b"APPEND INBOX ", Literal(SMALL), b" ", Literal(SMALL))
    assert (both.status, both.code) == ("NO", b"OVERQUOTA")
    copied = await client.command(b"COPY 1:2 Archive")
    assert (copied.status, copied.code) == ("NO", b"OVERQUOTA")
    assert (await client.ok(b"STATUS Archive (MESSAGES)")).untagged == [b"STATUS Archive (MESSAGES 0)"]
    await client.ok(b"COPY 1 Archive")
    # Moving takes no room, also where there is none.
    await bounded(directory, person, octets=1, messages=1)
    await client.ok(b"MOVE 1 Archive")
    await client.ok(b"STORE 1 +FLAGS (\\Deleted $Work)")
    full = await client.command(b"APPEND INBOX ", Literal(SMALL))
    assert (full.status, full.code) == ("NO", b"OVERQUOTA")
    await client.ok(b"EXPUNGE")
    await bounded(directory, person, octets=3 * len(SMALL), messages=3)
    await client.append(b"INBOX", SMALL)
    full = await client.command(b"APPEND INBOX ", Literal(SMALL))
    assert (full.status, full.code) == ("NO", b"OVERQUOTA")
    await client.close()


async def test_status_tells_what_an_expunge_would_free(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    for size in (10, 200, 3000):
        await client.append(b"INBOX", b"A: b\r\n\r\n" + b"x" * size)
    await client.ok(b"SELECT INBOX")
    await client.ok(b"STORE 2:3 +FLAGS.SILENT (\\Deleted)")
    [line] = (await client.ok(b"STATUS INBOX (MESSAGES DELETED DELETED-STORAGE)")).of("STATUS")
    assert line == b"INBOX (MESSAGES 3 DELETED 2 DELETED-STORAGE %d)" % (2 * 8 + 3200)
    [listed] = (await client.ok(b'LIST "" INBOX RETURN (STATUS (DELETED-STORAGE))')).of("STATUS")
    assert listed == b"INBOX (DELETED-STORAGE 3216)"
    await client.ok(b"EXPUNGE")
    [line] = (await client.ok(b"STATUS INBOX (DELETED DELETED-STORAGE)")).of("STATUS")
    assert line == b"INBOX (DELETED 0 DELETED-STORAGE 0)"
    await client.close()
