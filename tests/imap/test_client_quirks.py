"""What real clients do that the grammar does not foresee or that servers get wrong."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.imap.conftest import Imap
from tests.peers.imap import ImapClient, Reply
from tests.peers.served import Person

RAW = b"From: a@example.test\r\nSubject: x\r\n\r\ny\r\n"


async def filled(imap: Imap, person: Person, count: int) -> ImapClient:
    client = await imap.client(person)
    for _ in range(count):
        await client.append(b"INBOX", RAW)
    await client.ok(b"SELECT INBOX")
    return client


@pytest.mark.parametrize("cut", [1, 3, 5, 6, 7, 12])
async def test_ios_sends_commands_right_after_done(imap: Imap, person: Person, cut: int) -> None:
    """In one segment with DONE, or split anywhere."""
    client = await filled(imap, person, 1)
    tag = client.send(b"IDLE")
    assert (await client.response()).startswith(b"+")
    sent = b"DONE\r\nz1 FETCH 1 FLAGS\r\nz2 IDLE\r\nDONE\r\nz3 NOOP\r\n"
    client.writer.write(sent[:cut])
    await asyncio.sleep(0)
    client.writer.write(sent[cut:])
    assert (await client.finish(tag)).status == "OK"
    assert (await client.finish("z1")).untagged[0].startswith(b"1 FETCH (FLAGS ")
    # An IDLE whose DONE is there already still answers both.
    assert (await client.response()).startswith(b"+")
    assert (await client.finish("z2")).status == "OK"
    assert (await client.finish("z3")).status == "OK"
    await client.close()


async def test_iphone_asks_for_changes_since_zero(imap: Imap, person: Person) -> None:
    client = await filled(imap, person, 3)
    reply = await client.ok(b"UID FETCH 1:* (UID FLAGS) (CHANGEDSINCE 0)")
    assert [re.sub(rb"\(\d+\)\)$", b"", line) for line in reply.untagged] == [
        b"%d FETCH (UID %d FLAGS (\\Recent) MODSEQ " % (at, at) for at in (1, 2, 3)
    ]
    assert (await client.ok(b"UID STORE 1 (UNCHANGEDSINCE 0) +FLAGS (k)")).code == b"MODIFIED 1"
    await client.close()


async def test_outlook_needs_the_tag_of_esearch_quoted(imap: Imap, person: Person) -> None:
    client = await filled(imap, person, 2)
    for command, rest in ((b"UID SEARCH RETURN () ALL", b" UID ALL 1:2"), (b"SEARCH RETURN (COUNT) SEEN", b" COUNT 0")):
        (line,) = (await client.ok(command)).untagged
        assert re.fullmatch(rb'ESEARCH \(TAG "a\d+"\)' + rest, line)
    await client.close()


async def test_no_expunge_while_a_long_fetch_is_read(imap: Imap, person: Person) -> None:
    client, other = await filled(imap, person, 3), await imap.client(person, b"INBOX")
    big = b"Subject: b\r\n\r\n" + b"0123456789abcdef" * 65_536
    for _ in range(4):
        await other.append(b"INBOX", big)
    await client.ok(b"NOOP")
    client.reader._transport.pause_reading()  # type: ignore[attr-defined]
    tags = [client.send(b"FETCH 1:7 (UID BODY.PEEK[])"), client.send(b"STORE 7 +FLAGS (k)"), client.send(b"SEARCH ALL")]
    await other.ok(b"STORE 1:2 +FLAGS (\\Deleted)")
    await other.ok(b"EXPUNGE")
    client.reader._transport.resume_reading()  # type: ignore[attr-defined]
    replies = [await client.finish(tag) for tag in tags]
    assert not any(re.match(rb"\d+ EXPUNGE", line) for reply in replies for line in reply.untagged)
    # The numbers are those from before, through to the end.
    sizes = [len(items["BODY[]"]) for uid, items in replies[0].fetched().items() if uid > 3]
    assert sizes == [len(big)] * 4
    assert any(line.startswith(b"7 FETCH") for line in replies[1].untagged)
    news = (await client.ok(b"NOOP")).untagged
    assert [line for line in news if b"EXPUNGE" in line] == [b"2 EXPUNGE", b"1 EXPUNGE"]
    for one in (client, other):
        await one.close()


async def test_renaming_inbox_leaves_inbox_and_its_children(imap: Imap, person: Person) -> None:
    client, watcher = await imap.client(person), await filled(imap, person, 3)
    for name in (b"INBOX/child", b"top/a/b"):
        await client.ok(b"CREATE " + name)
    await client.ok(b"RENAME inbox old/mail")
    assert await names(client, b"*") >= {b"INBOX", b"INBOX/child", b"old", b"old/mail"}
    assert (await client.ok(b"STATUS INBOX (MESSAGES UIDNEXT)")).untagged == [b"STATUS INBOX (MESSAGES 0 UIDNEXT 4)"]
    assert (await client.ok(b"STATUS old/mail (MESSAGES)")).untagged == [b"STATUS old/mail (MESSAGES 3)"]
    # Whoever had INBOX open sees its messages go.
    assert (await watcher.ok(b"NOOP")).untagged == [b"%d EXPUNGE" % at for at in (3, 2, 1)]
    await client.ok(b"RENAME INBOX again")
    assert (await client.command(b"RENAME INBOX again")).code == b"ALREADYEXISTS"
    for one in (client, watcher):
        await one.close()


async def names(client: ImapClient, pattern: bytes) -> set[bytes]:
    return {line.split(b'"/" ')[1] for line in (await client.ok(b'LIST "" ' + pattern)).untagged}


async def test_renaming_takes_the_children_along(imap: Imap, person: Person) -> None:
    client, inside = await imap.client(person), await imap.client(person)
    await client.ok(b"CREATE top/a/b")
    await client.append(b"top/a/b", RAW)
    await inside.ok(b"SELECT top/a/b")
    await client.ok(b"RENAME top new/place")
    assert await names(client, b"top*") == set()
    assert await names(client, b"new*") == {b"new", b"new/place", b"new/place/a", b"new/place/a/b"}
    # The session inside goes on, since it is the same mailbox.
    await client.append(b"new/place/a/b", RAW)
    assert b"2 EXISTS" in (await inside.ok(b"NOOP")).untagged
    await client.ok(b"CREATE top")
    seen = {(await status(client, name, b"UIDVALIDITY")).of("STATUS")[0].split()[-1] for name in (b"top", b"new/place")}
    assert len(seen) == 2, "the new mailbox of the old name is another one"
    for one in (client, inside):
        await one.close()


async def status(client: ImapClient, name: bytes, item: bytes) -> Reply:
    return await client.ok(b"STATUS " + name + b" (" + item + b")")


async def test_subscriptions_to_what_does_not_exist(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    await client.ok(b"SUBSCRIBE not/there")
    await client.ok(b"SUBSCRIBE not/there")
    assert b'LSUB (\\Noselect) "/" not/there' in (await client.ok(b'LSUB "" *')).untagged
    assert await names(client, b"not*") == set()
    missing = b'LIST (\\NonExistent \\Subscribed) "/" not/there'
    assert missing in (await client.ok(b'LIST (SUBSCRIBED) "" *')).untagged
    # STATUS of it is asked for by some, and left out.
    assert not (await client.ok(b'LIST (SUBSCRIBED) "" not* RETURN (STATUS (MESSAGES))')).of("STATUS")
    assert (await client.command(b"SELECT not/there")).code == b"NONEXISTENT"
    await client.ok(b"CREATE not/there")
    there = b'LIST (\\HasNoChildren \\Subscribed) "/" not/there'
    assert there in (await client.ok(b'LIST (SUBSCRIBED) "" *')).untagged
    # A mailbox that goes stays subscribed (RFC 9051 section 6.3.7), until the client has had enough.
    await client.ok(b"DELETE not/there")
    assert missing in (await client.ok(b'LIST (SUBSCRIBED) "" *')).untagged
    await client.ok(b"UNSUBSCRIBE not/there")
    await client.ok(b"UNSUBSCRIBE not/there")
    assert (await client.ok(b'LIST (SUBSCRIBED) "" not*')).untagged == []
    await client.close()
