"""CONDSTORE and QRESYNC (RFC 7162)."""

from __future__ import annotations

import re

from tests.imap.conftest import Imap
from tests.peers.imap import ImapClient
from tests.peers.served import Person

RAW = b"Subject: x\r\n\r\ny\r\n"


async def filled(imap: Imap, person: Person, count: int) -> ImapClient:
    client = await imap.client(person)
    for _ in range(count):
        await client.append(b"INBOX", RAW)
    await client.ok(b"SELECT INBOX")
    return client


async def state(client: ImapClient) -> tuple[int, int]:
    """UIDVALIDITY and HIGHESTMODSEQ."""
    (line,) = (await client.ok(b"STATUS INBOX (UIDVALIDITY HIGHESTMODSEQ)")).of("STATUS")
    found = re.fullmatch(rb"INBOX \(UIDVALIDITY (\d+) HIGHESTMODSEQ (\d+)\)", line)
    assert found
    return int(found[1]), int(found[2])


async def test_changed_since_gives_what_changed(imap: Imap, person: Person) -> None:
    client = await filled(imap, person, 4)
    _, before = await state(client)
    await client.ok(b"STORE 2 +FLAGS.SILENT (\\Flagged)")
    (line,) = (await client.ok(b"FETCH 1:* (FLAGS) (CHANGEDSINCE %d)" % before)).untagged
    assert re.fullmatch(rb"2 FETCH \(FLAGS \(\\Recent \\Flagged\) MODSEQ \(\d+\)\)", line)
    assert len((await client.ok(b"UID FETCH 1:* (FLAGS) (CHANGEDSINCE 0)")).untagged) == 4
    await client.close()


async def test_unchanged_since_keeps_what_others_changed(imap: Imap, person: Person) -> None:
    client, other = await filled(imap, person, 3), await imap.client(person, b"INBOX")
    _, before = await state(client)
    await other.ok(b"STORE 2 +FLAGS (\\Flagged)")
    reply = await client.ok(b"STORE 1:3 (UNCHANGEDSINCE %d) +FLAGS.SILENT (\\Seen)" % before)
    assert reply.code == b"MODIFIED 2"
    assert sum(b"MODSEQ" in line and b"FLAGS" not in line for line in reply.untagged) == 2
    flags = (await client.ok(b"FETCH 1:3 (UID FLAGS)")).fetched()
    assert [b"\\Seen" in flags[uid]["FLAGS"] for uid in (1, 2, 3)] == [True, False, True]
    assert (await client.ok(b"UID STORE 2 (UNCHANGEDSINCE 1) +FLAGS (\\Seen)")).code == b"MODIFIED 2"
    for one in (client, other):
        await one.close()


async def test_announcements_carry_modseq_once_it_is_known(imap: Imap, person: Person) -> None:
    client, other = await filled(imap, person, 1), await imap.client(person, b"INBOX")
    await other.ok(b"STORE 1 +FLAGS (a)")
    assert b"MODSEQ" not in (await client.ok(b"NOOP")).untagged[-1]
    await client.ok(b"ENABLE CONDSTORE")
    await other.ok(b"STORE 1 +FLAGS (b)")
    assert b"MODSEQ" in (await client.ok(b"NOOP")).untagged[-1]
    for one in (client, other):
        await one.close()


async def test_qresync_needs_enable(imap: Imap, person: Person) -> None:
    client = await filled(imap, person, 1)
    assert (await client.command(b"SELECT INBOX (QRESYNC (1 1))")).status == "BAD"
    assert (await client.command(b"UID FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)")).status == "BAD"
    await client.close()


async def test_expunges_are_vanished(imap: Imap, person: Person) -> None:
    client, other = await filled(imap, person, 5), await imap.client(person, b"INBOX")
    await client.ok(b"ENABLE QRESYNC")
    await other.ok(b"STORE 1:2,5 +FLAGS (\\Deleted)")
    await other.ok(b"UID EXPUNGE 1:2")
    lines = (await client.ok(b"NOOP")).untagged
    assert lines[0] == b"VANISHED 1:2"
    assert all(b" FETCH (UID " in line for line in lines[1:])
    reply = await client.ok(b"EXPUNGE")
    assert reply.untagged == [b"VANISHED 5"]
    assert reply.code.startswith(b"HIGHESTMODSEQ ")
    for one in (client, other):
        await one.close()


async def test_select_brings_a_client_up_to_date(imap: Imap, person: Person) -> None:
    client = await filled(imap, person, 6)
    uidvalidity, before = await state(client)
    await client.ok(b"STORE 2:3 +FLAGS (\\Deleted)")
    await client.ok(b"EXPUNGE")
    await client.ok(b"UID STORE 5 +FLAGS (\\Flagged)")
    await client.close()
    client = await imap.client(person)
    await client.ok(b"ENABLE QRESYNC")
    lines = (await client.ok(b"SELECT INBOX (QRESYNC (%d %d))" % (uidvalidity, before))).untagged
    assert b"VANISHED (EARLIER) 2:3" in lines
    (changed,) = [line for line in lines if b"FETCH" in line]
    assert re.fullmatch(rb"3 FETCH \(UID 5 FLAGS \(\\Flagged\) MODSEQ \(\d+\)\)", changed)
    lines = (await client.ok(b"SELECT INBOX (QRESYNC (%d %d 1:2,6))" % (uidvalidity, before))).untagged
    assert lines[0].startswith(b"OK [CLOSED]")
    assert b"VANISHED (EARLIER) 2" in lines
    assert not any(b"FETCH" in line for line in lines)
    lines = (await client.ok(b"SELECT INBOX (QRESYNC (%d %d))" % (uidvalidity + 1, before))).untagged
    assert not any(b"VANISHED" in line or b"FETCH" in line for line in lines)
    reply = await client.ok(b"UID FETCH 1:4 (FLAGS) (CHANGEDSINCE %d VANISHED)" % before)
    assert reply.untagged == [b"VANISHED (EARLIER) 2:3"]
    # Older than anything the server remembers: all that is not there is told.
    lines = (await client.ok(b"SELECT INBOX (QRESYNC (%d 1))" % uidvalidity)).untagged
    assert b"VANISHED (EARLIER) 2:3" in lines
    await client.close()
