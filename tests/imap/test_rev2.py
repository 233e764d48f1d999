"""What ENABLE IMAP4rev2 changes (RFC 9051 appendix E), and that nothing of it shows without."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.imap.conftest import Imap
from tests.peers.imap import ImapClient, Literal, Literal8
from tests.peers.served import Person

RAW = b"From: a@example.test\r\nSubject: x\r\n\r\ny\r\n"


async def modern(imap: Imap, person: Person, count: int = 0, select: bytes = b"") -> ImapClient:
    client = await imap.client(person)
    assert (await client.ok(b"ENABLE IMAP4rev2")).untagged == [b"ENABLED IMAP4rev2"]
    for _ in range(count):
        await client.append(b"INBOX", RAW)
    if select:
        await client.ok(b"SELECT " + select)
    return client


async def test_select_tells_the_mailbox_and_nothing_that_is_gone(imap: Imap, person: Person) -> None:
    old, new = await imap.client(person), await modern(imap, person, 2)
    lines = (await new.ok(b"SELECT INBOX")).untagged
    assert b'LIST (\\HasNoChildren \\Subscribed) "/" INBOX' in lines
    assert not any(b"RECENT" in line or b"[UNSEEN" in line for line in lines)
    for wanted in (b"2 EXISTS", b"OK [UIDVALIDITY ", b"OK [UIDNEXT 3]", b"OK [PERMANENTFLAGS ", b"FLAGS ("):
        assert any(line.startswith(wanted) for line in lines), wanted
    assert not any(b"\\Recent" in line for line in (await new.ok(b"FETCH 1:* FLAGS")).untagged)
    # It took \Recent from nobody, and an older client still has all of it.
    lines = (await old.ok(b"SELECT INBOX")).untagged
    assert b"2 RECENT" in lines
    assert any(b"[UNSEEN 1]" in line for line in lines)
    assert not any(line.startswith(b"LIST") for line in lines)
    assert (await old.ok(b"SEARCH ALL")).untagged == [b"SEARCH 1 2"]
    for client in (old, new):
        await client.close()


async def test_enable_after_select_hides_recent(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    await client.append(b"INBOX", RAW)
    await client.ok(b"SELECT INBOX")
    assert b"\\Recent" in (await client.ok(b"FETCH 1 FLAGS")).untagged[0]
    await client.ok(b"ENABLE IMAP4rev2")
    assert (await client.ok(b"FETCH 1 FLAGS")).untagged == [b"1 FETCH (FLAGS ())"]
    await client.close()


async def test_search_is_answered_with_esearch(imap: Imap, person: Person) -> None:
    client = await modern(imap, person, 3, b"INBOX")
    for keys, expected in (
        (b"SEARCH ALL", b"ALL 1:3"),
        (b"UID SEARCH 2:*", b"UID ALL 2:3"),
        (b"SEARCH FLAGGED", b""),
        (b"SEARCH CHARSET UTF-8 SUBJECT x", b"ALL 1:3"),
    ):
        (line,) = (await client.ok(keys)).untagged
        assert re.fullmatch(rb'ESEARCH \(TAG "a\d+"\) ?' + expected, line), line
    await client.close()


async def test_what_nobody_asked_for_carries_the_uid(imap: Imap, person: Person) -> None:
    client, other = await modern(imap, person, 2, b"INBOX"), await imap.client(person, b"INBOX")
    await other.ok(b"STORE 2 +FLAGS (\\Flagged)")
    assert (await client.ok(b"NOOP")).untagged == [b"2 FETCH (UID 2 FLAGS (\\Flagged))"]
    tag = client.send(b"IDLE")
    assert (await client.response()).startswith(b"+")
    await other.ok(b"STORE 1 +FLAGS (\\Answered)")
    async with asyncio.timeout(20):
        assert await client.response() == b"* 1 FETCH (UID 1 FLAGS (\\Answered))"
    client.writer.write(b"DONE\r\n")
    assert (await client.finish(tag)).status == "OK"
    assert (await client.ok(b"STORE 1 +FLAGS (k)")).untagged[-1] == b"1 FETCH (UID 1 FLAGS (\\Answered k))"
    await other.append(b"INBOX", RAW)
    assert (await client.ok(b"NOOP")).untagged == [b"3 EXISTS"]
    for one in (client, other):
        await one.close()


async def test_names_are_utf8_in_both_directions(imap: Imap, person: Person) -> None:
    new, old = await modern(imap, person), await imap.client(person)
    await new.ok('CREATE "Ünï/日本"'.encode())
    await new.ok('SUBSCRIBE "Ünï/日本"'.encode())
    listed = (await new.ok('LIST "" "Ü*"'.encode())).untagged
    assert listed == ['LIST (\\HasChildren) "/" "Ünï"'.encode(), 'LIST (\\HasNoChildren) "/" "Ünï/日本"'.encode()]
    assert (await old.ok(b'LIST "" &ANw-n&AO8-/*')).untagged == [b'LIST (\\HasNoChildren) "/" &ANw-n&AO8-/&ZeVnLA-']
    assert (await new.ok(b"STATUS ", Literal("Ünï".encode()), b" (MESSAGES)")).untagged == [
        'STATUS "Ünï" (MESSAGES 0)'.encode()
    ]
    # An ampersand is an ampersand.
    await new.ok(b'CREATE "a&b"')
    assert (await old.ok(b'LIST "" a*')).untagged == [b'LIST (\\HasNoChildren) "/" a&-b']
    assert (await new.command(b'CREATE "\xff\xfe"')).status == "BAD"
    for one in (new, old):
        await one.close()


async def test_a_name_that_was_normalised_is_told(imap: Imap, person: Person) -> None:
    client = await modern(imap, person)
    written, stored = '"A\u0308/b"'.encode(), '"\u00c4/b"'.encode()
    oldname = b' ("OLDNAME" (' + written + b"))"
    assert (await client.ok(b"CREATE " + written)).untagged == [b'LIST (\\HasNoChildren) "/" ' + stored + oldname]
    assert b'LIST (\\HasNoChildren) "/" ' + stored + oldname in (await client.ok(b"SELECT " + written)).untagged
    assert b'LIST (\\HasNoChildren) "/" ' + stored in (await client.ok(b"EXAMINE " + stored)).untagged
    reply = await client.ok(b"RENAME " + written + b" plain")
    assert reply.untagged == [b'LIST (\\HasNoChildren) "/" plain' + oldname]
    reply = await client.ok(b"RENAME plain " + written)
    assert reply.untagged == [b'LIST (\\HasNoChildren) "/" ' + stored + b' ("OLDNAME" (plain))']
    reply = await client.ok(b"DELETE " + written)
    assert reply.untagged[-1] == b'LIST (\\NonExistent) "/" ' + stored + oldname
    assert (await client.ok(b"CREATE ascii")).untagged == []
    await client.close()
    # A client of IMAP4rev1 is not told in a form that it does not know.
    old = await imap.client(person)
    assert (await old.ok(b"CREATE A&Awg-x")).untagged == []
    await old.close()


async def test_well_known_keywords_are_listed_once(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    await client.append(b"INBOX", RAW, b"($forwarded mine) ")
    lines = (await client.ok(b"SELECT INBOX")).untagged
    for start in (b"FLAGS (", b"OK [PERMANENTFLAGS ("):
        (line,) = [line for line in lines if line.startswith(start)]
        for keyword in (b"$forwarded", b"$MDNSent", b"$Junk", b"$NotJunk", b"$Phishing", b"mine"):
            assert len(re.findall(re.escape(keyword) + rb"[ )]", line, re.IGNORECASE)) == 1, (keyword, line)
    await client.close()


async def test_removed_items_are_there_for_who_asks(imap: Imap, person: Person) -> None:
    # RFC 9051 appendix A: a server of both revisions may answer them when they are asked for.
    client = await modern(imap, person, 1, b"INBOX")
    await client.ok(b"CHECK")
    await client.ok(b'LSUB "" *')
    assert (await client.ok(b"STATUS INBOX (RECENT)")).untagged == [b"STATUS INBOX (RECENT 1)"]
    assert b"RFC822.HEADER {" in (await client.ok(b"FETCH 1 RFC822.HEADER")).untagged[0]
    await client.close()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (b"DELETE parent", b""),
        (b"DELETE parent", b"HASCHILDREN"),
        (b"CREATE parent/child", b"ALREADYEXISTS"),
        (b"CREATE INBOX", b"ALREADYEXISTS"),
        (b"DELETE INBOX", b"CANNOT"),
        (b"DELETE nowhere", b"NONEXISTENT"),
        (b"SELECT nowhere", b"NONEXISTENT"),
        (b"STATUS nowhere (MESSAGES)", b"NONEXISTENT"),
        (b"RENAME nowhere a", b"NONEXISTENT"),
        (b"RENAME parent/child INBOX", b"ALREADYEXISTS"),
        (b"RENAME parent/child parent/child/below", b"CANNOT"),
        (b'CREATE "a//b"', b"CANNOT"),
        (b"CREATE " + b"a/" * 40 + b"b", b"LIMIT|CANNOT"),
        (b"CREATE x (USE (\\Sent))", b"USEATTR"),
        (b"SEARCH CHARSET x-none ALL", b"BADCHARSET .*"),
        (b"COPY 1 nowhere", b"TRYCREATE"),
        (b"MOVE 1 nowhere", b"TRYCREATE"),
        (b"UNSUBSCRIBE never-subscribed", b""),
    ],
    ids=lambda value: value.decode()[:30],
)
async def test_response_codes(imap: Imap, person: Person, command: bytes, code: bytes) -> None:
    client = await modern(imap, person, 1)
    await client.ok(b"CREATE parent/child")
    if code == b"HASCHILDREN":
        await client.ok(b"DELETE parent")
    await client.ok(b"SELECT INBOX")
    reply = await client.command(command)
    assert reply.status == ("NO" if code else "OK"), reply
    assert re.fullmatch(code, reply.code), reply
    await client.close()


async def test_the_rest_of_the_code_table(imap: Imap, person: Person) -> None:
    client, other = await modern(imap, person, 3, b"INBOX"), await imap.client(person, b"INBOX")
    assert (await client.ok(b"SELECT INBOX")).untagged[0].startswith(b"OK [CLOSED]")
    assert (await client.command(b"APPEND nowhere ", Literal(RAW))).code == b"TRYCREATE"
    assert re.fullmatch(rb"APPENDUID \d+ 4", (await client.ok(b"APPEND INBOX ", Literal(RAW))).code)
    assert re.fullmatch(rb"COPYUID \d+ 1:2 1:2", (await client.ok(b"COPY 1:2 Archive")).code)
    assert (await client.ok(b"UID COPY 99 Archive")).code == b""
    await other.ok(b"STORE 1 +FLAGS (\\Deleted)")
    await other.ok(b"EXPUNGE")
    # The numbers stay until an EXPUNGE may be sent, and none may during FETCH, STORE and SEARCH.
    for command, status in ((b"FETCH 1 FLAGS", "NO"), (b"STORE 1 +FLAGS (k)", "NO"), (b"SEARCH ALL", "OK")):
        reply = await client.command(command)
        assert (reply.status, reply.code) == (status, b"EXPUNGEISSUED"), command
        assert not any(b"EXPUNGE" in line for line in reply.untagged), command
    assert b"1 EXPUNGE" in (await client.ok(b"NOOP")).untagged
    encoded = b"Content-Transfer-Encoding: x-mine\r\n\r\nabc"
    await client.append(b"INBOX", encoded)
    assert (await client.command(b"FETCH 4 BINARY.PEEK[1]")).code == b"UNKNOWN-CTE"
    assert (await client.command(b"FETCH 4 BINARY.SIZE[1]")).code == b"UNKNOWN-CTE"
    assert (await client.ok(b"EXAMINE INBOX")).code == b"READ-ONLY"
    assert (await client.ok(b"SELECT INBOX")).code == b"READ-WRITE"
    for one in (client, other):
        await one.close()


async def test_deleted_and_size_in_status(imap: Imap, person: Person) -> None:
    client = await modern(imap, person, 3, b"INBOX")
    await client.ok(b"STORE 1:2 +FLAGS (\\Deleted)")
    wanted = b"STATUS INBOX (DELETED 2 SIZE %d)" % (3 * len(RAW))
    assert (await client.ok(b"STATUS INBOX (DELETED SIZE)")).untagged == [wanted]
    assert wanted in (await client.ok(b'LIST "" INBOX RETURN (STATUS (DELETED SIZE))')).untagged
    await client.close()


async def test_extended_list_of_the_rfc(imap: Imap, person: Person) -> None:
    client = await modern(imap, person)
    for name in (b"foo2", b"foo2/bar1", b"foo2/bar2", b"baz2/bar2", b"eps2/mamba"):
        await client.ok(b"CREATE " + name)
    for name in (b"foo2/bar1", b"foo2/bar2", b"baz2/bar2", b"eps2", b"eps2/mamba", b"qux2/bar2"):
        await client.ok(b"SUBSCRIBE " + name)
    shown = (await client.ok(b'LIST (RECURSIVEMATCH SUBSCRIBED) "" "*2"')).untagged
    below = b' ("CHILDINFO" ("SUBSCRIBED"))'
    assert set(shown) == {
        b'LIST (\\HasChildren) "/" foo2' + below,
        b'LIST (\\HasNoChildren \\Subscribed) "/" foo2/bar2',
        b'LIST (\\HasChildren) "/" baz2' + below,
        b'LIST (\\HasNoChildren \\Subscribed) "/" baz2/bar2',
        b'LIST (\\HasChildren \\Subscribed) "/" eps2' + below,
        b'LIST (\\NonExistent) "/" qux2' + below,
        b'LIST (\\NonExistent \\Subscribed) "/" qux2/bar2',
    }
    assert len(shown) == 7
    # In the extended syntax an empty pattern means nothing; in the basic one it asks for the separator.
    assert (await client.ok(b'LIST "" ("" eps2)')).untagged == [b'LIST (\\HasChildren) "/" eps2']
    assert (await client.ok(b'LIST "" ""')).untagged == [b'LIST (\\Noselect) "/" ""']
    assert (await client.command(b'LIST (RECURSIVEMATCH REMOTE) "" "*"')).status == "BAD"
    assert (await client.command(b'LIST (RECURSIVEMATCH) "" "*"')).status == "BAD"
    await client.close()


async def test_binary_append_needs_the_literal8(imap: Imap, person: Person) -> None:
    client = await modern(imap, person)
    raw = b"Subject: b\r\n\r\n\0\1"
    assert (await client.command(b"APPEND INBOX ", Literal(raw))).status == "BAD"
    assert (await client.command(b"APPEND INBOX ", Literal8(raw))).status == "OK"
    await client.ok(b"SELECT INBOX")
    assert (await client.ok(b"FETCH 1 BINARY.PEEK[1]")).untagged == [b"1 FETCH (BINARY[1] ~{2}\r\n\0\1)"]
    await client.close()
