"""REPLACE and UID REPLACE (RFC 8508)."""

from __future__ import annotations

import re

import pytest

from correio.mail.directory import find_user
from correio.mail.message_store import MessageStore
from correio.store.accounts import update_account
from tests.imap.conftest import Imap
from tests.peers.imap import ImapClient, Literal
from tests.peers.served import Person

OLD = b"Subject: draft\r\n\r\nfirst\r\n"
NEW = b"Subject: draft\r\n\r\nsecond\r\n"


async def drafted(imap: Imap, person: Person, count: int = 1) -> ImapClient:
    client = await imap.client(person)
    for _ in range(count):
        await client.append(b"Drafts", OLD, b"(\\Seen \\Draft mine) ")
    await client.ok(b"SELECT Drafts")
    return client


async def test_a_draft_is_saved_again(imap: Imap, person: Person) -> None:
    client = await drafted(imap, person, 3)
    reply = await client.ok(b'REPLACE 2 Drafts (\\Draft) " 1-Feb-2026 13:04:05 +0000" ', Literal(NEW))
    # RFC 8508 section 4.3: APPENDUID in an untagged OK, before the expunge.
    assert re.match(rb"OK \[APPENDUID \d+ 4\]", reply.untagged[0])
    assert reply.untagged[1:3] == [b"2 EXPUNGE", b"3 EXISTS"]
    assert reply.code == b""
    found = (await client.ok(b"FETCH 3 (UID FLAGS INTERNALDATE BODY.PEEK[] EMAILID)")).fetched()[4]
    assert found["BODY[]"] == NEW
    # Nothing is inherited.
    assert set(found["FLAGS"]) == {b"\\Draft", b"\\Recent"}
    assert found["INTERNALDATE"] == b" 1-Feb-2026 13:04:05 +0000"
    assert (await client.ok(b"UID SEARCH ALL")).untagged == [b"SEARCH 1 3 4"]
    await client.close()


async def test_by_uid_and_into_another_mailbox(imap: Imap, person: Person) -> None:
    client, other = await drafted(imap, person), await imap.client(person, b"Drafts")
    reply = await client.ok(b"UID REPLACE 1 Sent (\\Seen) ", Literal(NEW))
    assert re.match(rb"OK \[APPENDUID \d+ 1\]", reply.untagged[0])
    assert reply.untagged[1:] == [b"1 EXPUNGE"]
    assert (await other.ok(b"NOOP")).untagged == [b"1 EXPUNGE"]
    assert (await client.ok(b"STATUS Sent (MESSAGES UNSEEN)")).untagged == [b"STATUS Sent (MESSAGES 1 UNSEEN 0)"]
    assert (await client.ok(b"STATUS Drafts (MESSAGES UIDNEXT)")).untagged == [b"STATUS Drafts (MESSAGES 0 UIDNEXT 2)"]
    for one in (client, other):
        await one.close()


async def test_what_fails_changes_nothing(imap: Imap, person: Person) -> None:
    client, other = await drafted(imap, person, 2), await imap.client(person, b"Drafts")
    for command, status, code in (
        (b"REPLACE 3 Drafts ", "BAD", b""),
        (b"REPLACE 0 Drafts ", "BAD", b""),
        (b"REPLACE 1:2 Drafts ", "BAD", b""),
        (b"UID REPLACE 9 Drafts ", "NO", b"NONEXISTENT"),
        (b"REPLACE 1 nowhere ", "NO", b"TRYCREATE"),
    ):
        reply = await client.command(command, Literal(NEW))
        assert (reply.status, reply.code) == (status, code), command
        assert reply.untagged == []
    await other.ok(b"STORE 1 +FLAGS (\\Deleted)")
    await other.ok(b"EXPUNGE")
    reply = await client.command(b"REPLACE 1 Drafts ", Literal(NEW))
    assert (reply.status, reply.code) == ("NO", b"EXPUNGEISSUED")
    await client.ok(b"NOOP")
    assert (await client.ok(b"UID SEARCH ALL")).untagged == [b"SEARCH 2"]
    await client.ok(b"EXAMINE Drafts")
    assert (await client.command(b"REPLACE 1 Drafts ", Literal(NEW))).status == "NO"
    await client.ok(b"UNSELECT")
    assert (await client.command(b"REPLACE 1 Drafts ", Literal(NEW))).status == "BAD"
    for one in (client, other):
        await one.close()


@pytest.mark.parametrize("room", [0, -1], ids=["just-enough", "one-octet-short"])
async def test_only_the_difference_counts_against_the_quota(
    imap: Imap, person: Person, directory: MessageStore, room: int
) -> None:
    client = await drafted(imap, person)
    user = await find_user(directory, person.address)
    await update_account(directory.database, user.id, quota=len(NEW) + room)
    reply = await client.command(b"REPLACE 1 Drafts ", Literal(NEW))
    if room < 0:
        assert (reply.status, reply.code, reply.untagged) == ("NO", b"OVERQUOTA", [])
        assert (await client.ok(b"FETCH 1 BODY.PEEK[TEXT]")).untagged == [b"1 FETCH (BODY[TEXT] {7}\r\nfirst\r\n)"]
    else:
        assert reply.status == "OK"
    await client.close()


async def test_a_shorter_message_fits_where_too_much_is_held(
    imap: Imap, person: Person, directory: MessageStore
) -> None:
    client = await drafted(imap, person, 3)
    user = await find_user(directory, person.address)
    await update_account(directory.database, user.id, quota=1, message_quota=1)
    assert (await client.command(b"APPEND Drafts ", Literal(OLD))).code == b"OVERQUOTA"
    assert (await client.command(b"REPLACE 1 Drafts ", Literal(NEW))).code == b"OVERQUOTA"
    await client.ok(b"REPLACE 1 Drafts ", Literal(OLD[:-1]))
    await client.close()


async def test_a_resynchronising_client_sees_it_as_an_expunge(imap: Imap, person: Person) -> None:
    client = await drafted(imap, person, 2)
    await client.ok(b"ENABLE QRESYNC")
    (status,) = (await client.ok(b"STATUS Drafts (UIDVALIDITY HIGHESTMODSEQ)")).of("STATUS")
    uidvalidity, before = (int(number) for number in re.findall(rb"\d+", status))
    reply = await client.ok(b"UID REPLACE 1 Drafts ", Literal(NEW))
    assert reply.untagged[1] == b"VANISHED 1"
    assert reply.code.startswith(b"HIGHESTMODSEQ ")
    await client.close()
    client = await imap.client(person)
    await client.ok(b"ENABLE QRESYNC")
    lines = (await client.ok(b"SELECT Drafts (QRESYNC (%d %d))" % (uidvalidity, before))).untagged
    assert b"VANISHED (EARLIER) 1" in lines
    assert len([line for line in lines if b"FETCH (UID 3 " in line]) == 1
    await client.close()


async def test_it_is_one_transaction(imap: Imap, person: Person, directory: MessageStore) -> None:
    client = await drafted(imap, person)
    before = directory.committer.statistics.groups
    await client.ok(b"REPLACE 1 Drafts ", Literal(NEW))
    assert directory.committer.statistics.groups == before + 1
    await client.close()
