"""METADATA (RFC 5464) over a socket: what is set comes back, within its bounds, and others hear of it."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from correio.mail.message_store import MessageStore
from tests.imap.conftest import Imap
from tests.peers.imap import ImapClient, Literal, Literal8, Reply
from tests.peers.imap_grammar import Reader
from tests.peers.served import Person

COMMENT = b"/private/comment"


def metadata(reply: Reply) -> dict[bytes, dict[bytes, bytes | None]]:
    """Mailbox -> entry -> value, of the METADATA responses with values."""
    found: dict[bytes, dict[bytes, bytes | None]] = {}
    for line in reply.of("METADATA"):
        reader = Reader(line)
        name = reader.value()
        assert isinstance(name, bytes)
        reader.space()
        pairs = reader.values()
        assert reader.finished
        assert pairs
        found.setdefault(bytes(name), {}).update(zip(pairs[::2], pairs[1::2], strict=True))  # type: ignore[arg-type]
    return found


async def got(client: ImapClient, *pieces: bytes) -> dict[bytes, dict[bytes, bytes | None]]:
    return metadata(await client.ok(b"GETMETADATA ", *pieces))


async def refused(client: ImapClient, code: bytes, *pieces: bytes) -> None:
    reply = await client.command(*pieces)
    assert (reply.status, reply.code) == ("NO", code), reply


@pytest.mark.parametrize(
    "value",
    [b"", b"x", b'a "quoted" \\ text', b"NIL", b"two\r\nlines", b"caf\xc3\xa9", bytes(range(1, 256)), b"x" * 5000],
    ids=["empty", "short", "quotes", "the word NIL", "lines", "utf-8", "every octet", "long"],
)
async def test_values_come_back_octet_for_octet(imap: Imap, person: Person, value: bytes) -> None:
    client = await imap.client(person)
    await client.ok(b"SETMETADATA INBOX (/private/comment ", Literal(value), b")")
    assert await got(client, b"INBOX /private/comment") == {b"INBOX": {COMMENT: value}}
    again = await imap.client(person)
    assert await got(again, b"INBOX /private/comment") == {b"INBOX": {COMMENT: value}}


async def test_nul_octets_need_a_literal8(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    value = bytes(range(256))
    await client.ok(b"SETMETADATA INBOX (/shared/vendor/x/blob ", Literal8(value), b")")
    reply = await client.ok(b"GETMETADATA INBOX /shared/vendor/x/blob")
    assert b" ~{256}\r\n" in reply.untagged[0]
    assert metadata(reply) == {b"INBOX": {b"/shared/vendor/x/blob": value}}
    assert (await client.command(b"SETMETADATA INBOX (/private/comment ", Literal(value), b")")).status == "BAD"


async def test_the_examples_of_the_rfc(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    assert b"METADATA" in (await client.ok(b"CAPABILITY")).untagged[0].split()
    # Section 4.3.
    await client.ok(b'SETMETADATA INBOX (/private/comment "My new comment" /shared/comment "This one is for you!")')
    assert await got(client, b'"INBOX" (/shared/comment /private/comment)') == {
        b"INBOX": {b"/shared/comment": b"This one is for you!", COMMENT: b"My new comment"}
    }
    await client.ok(b"SETMETADATA INBOX (/private/comment NIL)")
    assert await got(client, b"INBOX /private/comment") == {b"INBOX": {COMMENT: None}}
    # Section 4.2.1, the options where the syntax has them and where the example has them.
    await client.ok(b'SETMETADATA INBOX (/private/comment "small" /shared/comment ', Literal(b"x" * 2199), b")")
    for command in (
        b'GETMETADATA "INBOX" (MAXSIZE 1024) (/shared/comment /private/comment)',
        b'GETMETADATA (MAXSIZE 1024 DEPTH 0) "INBOX" (/shared/comment /private/comment)',
    ):
        reply = await client.ok(command)
        assert metadata(reply) == {b"INBOX": {COMMENT: b"small"}}
        assert reply.code == b"METADATA LONGENTRIES 2199"
    reply = await client.ok(b"GETMETADATA (MAXSIZE 10) INBOX /shared/comment")
    assert (reply.untagged, reply.code) == ([], b"METADATA LONGENTRIES 2199")
    assert (await client.ok(b"GETMETADATA (MAXSIZE 2199) INBOX /shared/comment")).code == b""
    # Section 4.2.2.
    await client.ok(
        b'SETMETADATA INBOX (/private/filters/values/small "SMALLER 5000" '
        b'/private/filters/values/boss "FROM \\"boss@example.com\\"" /private/filters/values/boss/deep "x")'
    )
    assert await got(client, b'"INBOX" (DEPTH 1) (/private/filters/values)') == {
        b"INBOX": {
            b"/private/filters/values/small": b"SMALLER 5000",
            b"/private/filters/values/boss": b'FROM "boss@example.com"',
        }
    }
    everything = await got(client, b"(DEPTH infinity) INBOX (/private /shared)")
    assert len(everything[b"INBOX"]) == 5
    assert b"/private/filters/values/boss/deep" in everything[b"INBOX"]
    assert await got(client, b"INBOX /private/filters") == {b"INBOX": {b"/private/filters": None}}


async def test_names_are_the_same_in_any_case_and_are_checked(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    await client.ok(b'SETMETADATA inbox (/Private/Comment "one")')
    assert await got(client, b"INBOX /PRIVATE/comment") == {b"INBOX": {b"/PRIVATE/comment": b"one"}}
    for entry in (
        b"comment", b"/comment", b"/public/comment", b"/private/", b"/private//x", b"//private", b'"/private/a*"',
        b'"/private/%"', b'""', b'"/private/caf\xc3\xa9"', b'"/private/a\tb"',
    ):  # fmt: skip
        await client.ok(b"NOOP")  # not so many mistakes in a row that the server hangs up
        assert (await client.command(b"GETMETADATA INBOX " + entry)).status == "BAD", entry
        assert (await client.command(b"SETMETADATA INBOX (" + entry + b' "x")')).status == "BAD", entry
    for command in (
        b"SETMETADATA INBOX ()", b"SETMETADATA INBOX (/private/a)", b'SETMETADATA INBOX /private/a "x"',
        b'SETMETADATA INBOX (/private "x")', b'SETMETADATA INBOX (/private/vendor/x "y")', b"GETMETADATA INBOX ()",
        b'SETMETADATA INBOX (/private/a "x" /PRIVATE/A "y")', b"GETMETADATA (DEPTH 2) INBOX /private/a",
        b"GETMETADATA (MAXSIZE) INBOX /private/a", b"GETMETADATA (COLOUR 1) INBOX /private/a", b"GETMETADATA INBOX",
    ):  # fmt: skip
        await client.ok(b"NOOP")
        assert (await client.command(command)).status == "BAD", command
    await refused(client, b"LIMIT", b'GETMETADATA INBOX "/private/' + b"x" * 600 + b'"')
    await refused(client, b"NONEXISTENT", b"GETMETADATA nowhere /private/comment")
    await refused(client, b"NONEXISTENT", b'SETMETADATA nowhere (/private/comment "x")')
    assert await got(client, b"(DEPTH infinity) INBOX /private") == {b"INBOX": {COMMENT: b"one"}}


async def test_bounds_are_told_and_nothing_is_half_done(imap: Imap, person: Person, directory: MessageStore) -> None:
    client = await imap.client(person)
    limits = directory.settings.limits
    most = limits.annotation_size
    await client.ok(b"SETMETADATA INBOX (/private/comment ", Literal(b"x" * most), b")")
    too_long = Literal(b"x" * (most + 1))
    code = b"METADATA MAXSIZE %d" % most
    await refused(client, code, b'SETMETADATA INBOX (/shared/comment "one" /private/comment ', too_long, b")")
    tag = client.send(b'SETMETADATA INBOX (/shared/comment "one" /private/comment ', too_long, b")")
    assert (await client.finish(tag)).code == code
    assert await got(client, b"INBOX /shared/comment") == {b"INBOX": {b"/shared/comment": None}}
    many = b" ".join(b'/private/x/%d "a"' % at for at in range(limits.annotations))
    await refused(client, b"METADATA TOOMANY", b"SETMETADATA INBOX (" + many + b")")
    many = b" ".join(b'/private/x/%d "a"' % at for at in range(limits.annotations - 1))
    await client.ok(b"SETMETADATA INBOX (" + many + b")")
    await refused(client, b"METADATA TOOMANY", b'SETMETADATA INBOX (/private/more "x")')
    # One out, one in; what is there can be changed; another mailbox has its own hundred.
    await client.ok(b'SETMETADATA INBOX (/private/x/0 NIL /private/more "x")')
    await client.ok(b'SETMETADATA INBOX (/private/more "y")')
    await client.ok(b'SETMETADATA Sent (/private/comment "x")')
    assert len((await got(client, b"(DEPTH infinity) INBOX /private"))[b"INBOX"]) == limits.annotations


async def test_all_entries_of_an_account_are_bounded_together(
    imap: Imap, person: Person, directory: MessageStore
) -> None:
    client = await imap.client(person)
    account = await directory.account(person.id)
    limits = directory.settings.limits
    most = limits.annotation_size
    for mailbox in (b"INBOX", b"Sent"):
        pieces = [b"SETMETADATA " + mailbox + b" ("]
        for at in range(limits.annotation_storage // most // 2):
            pieces += [b" /private/x/%d " % at, Literal(b"x" * most)]
        pieces[1] = pieces[1].lstrip()
        reply = await client.finish(client.send(*pieces, b")"))
        assert reply.status == "OK", reply
    await account.refresh()
    assert account.document.annotation_size == limits.annotation_storage
    await refused(client, b"METADATA TOOMANY", b'SETMETADATA "" (/private/comment "x")')
    await client.ok(b"DELETE Sent")
    await client.ok(b'SETMETADATA "" (/private/comment "x")')
    await account.refresh()
    assert account.document.annotation_size == limits.annotation_storage // 2 + 1


async def test_entries_follow_a_rename_and_go_with_the_mailbox(
    imap: Imap, person: Person, directory: MessageStore
) -> None:
    client = await imap.client(person)
    await client.ok(b"CREATE one/two")
    await client.ok(b'SETMETADATA one (/private/comment "outer")')
    await client.ok(b'SETMETADATA one/two (/private/comment "inner")')
    await client.ok(b"RENAME one three")
    assert await got(client, b"three /private/comment") == {b"three": {COMMENT: b"outer"}}
    assert await got(client, b"three/two /private/comment") == {b"three/two": {COMMENT: b"inner"}}
    # A name that stays for its children is not the mailbox it was, and can have entries all the same.
    await client.ok(b"DELETE three")
    assert await got(client, b"three /private/comment") == {b"three": {COMMENT: None}}
    await client.ok(b'SETMETADATA three (/private/comment "name")')
    assert await got(client, b"three /private/comment") == {b"three": {COMMENT: b"name"}}
    await client.ok(b"DELETE three/two")
    await client.ok(b"CREATE three/two")
    assert await got(client, b"three/two /private/comment") == {b"three/two": {COMMENT: None}}
    async with asyncio.timeout(20):
        while await directory.database["annotations"].count_documents({"account": person.id}) > 1:
            await asyncio.sleep(0.05)


async def test_renaming_inbox_copies_its_entries(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    await client.append(b"INBOX", b"A: b\r\n\r\n")
    await client.ok(b'SETMETADATA INBOX (/private/comment "mine")')
    await client.ok(b"RENAME INBOX old")
    for mailbox in (b"INBOX", b"old"):
        assert await got(client, mailbox + b" /private/comment") == {mailbox: {COMMENT: b"mine"}}
    await client.ok(b'SETMETADATA old (/private/comment "other")')
    assert await got(client, b"INBOX /private/comment") == {b"INBOX": {COMMENT: b"mine"}}


async def test_the_special_use_is_an_entry(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    assert await got(client, b"Drafts /private/specialuse") == {b"Drafts": {b"/private/specialuse": b"\\Drafts"}}
    assert await got(client, b"INBOX /private/specialuse") == {b"INBOX": {b"/private/specialuse": None}}
    await client.ok(b"CREATE Mine")
    await refused(client, b"USEATTR", b'SETMETADATA Mine (/private/specialuse "\\\\Drafts" /private/comment "x")')
    assert await got(client, b"Mine /private/comment") == {b"Mine": {COMMENT: None}}
    for value in (b'"\\\\All"', b'"Drafts"', b'"\\\\Sent \\\\Junk"', b'"x"'):
        await refused(client, b"USEATTR", b"SETMETADATA Mine (/private/specialuse " + value + b")")
    await client.ok(b"SETMETADATA Drafts (/private/specialuse NIL)")
    await client.ok(b'SETMETADATA Mine (/private/specialuse "\\\\drafts" /private/comment "x")')
    assert await got(client, b"(DEPTH 1) Mine /private") == {
        b"Mine": {COMMENT: b"x", b"/private/specialuse": b"\\Drafts"}
    }
    listed = (await client.ok(b'LIST (SPECIAL-USE) "" *')).untagged
    assert any(line.endswith(b'"/" Mine') and b"\\Drafts" in line for line in listed)
    assert not any(line.endswith(b'"/" Drafts') for line in listed)
    await refused(client, b"USEATTR", b'SETMETADATA INBOX (/private/specialuse "\\\\Drafts")')
    await client.ok(b"SETMETADATA INBOX (/private/specialuse NIL)")
    assert await got(client, b"INBOX /private/specialuse") == {b"INBOX": {b"/private/specialuse": None}}


async def test_the_server_has_entries(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    assert await got(client, b'"" (/shared/admin /private/comment)') == {b"": {b"/shared/admin": None, COMMENT: None}}
    await client.ok(b'SETMETADATA "" (/private/comment "mine" /private/vendor/x/y "z")')
    assert await got(client, b'(DEPTH infinity) "" /private') == {b"": {COMMENT: b"mine", b"/private/vendor/x/y": b"z"}}
    for entry in (b"/shared/comment", b"/shared/admin"):
        await refused(client, b"NOPERM", b'SETMETADATA "" (/private/a "x" ' + entry + b' "x")')
    assert await got(client, b'"" /private/a') == {b"": {b"/private/a": None}}


async def test_the_administrator_is_shown(imap: Imap, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = msgspec.structs.replace(imap.server.settings, contact="mailto:postmaster@correio.test")
    monkeypatch.setattr(imap.server, "settings", settings)
    client = await imap.client(person)
    assert await got(client, b'"" /shared/admin') == {b"": {b"/shared/admin": b"mailto:postmaster@correio.test"}}


async def test_others_changes_are_told_to_who_enabled_it(imap: Imap, person: Person) -> None:
    plain, other = await imap.client(person), await imap.client(person)
    listening = await imap.client(person)
    await other.ok(b'SETMETADATA INBOX (/private/before "x")')
    assert (await listening.ok(b"ENABLE METADATA")).untagged == [b"ENABLED METADATA"]
    assert (await listening.ok(b"NOOP")).untagged == []
    # Its own changes are no news, those of others are, without their values.
    await listening.ok(b'SETMETADATA Sent (/private/comment "mine")')
    await other.ok(b'SETMETADATA INBOX (/shared/comment "x" "/private/with space" "y")')
    await other.ok(b'SETMETADATA "" (/private/comment "x")')
    await other.ok(b"SETMETADATA INBOX (/shared/comment NIL)")
    await other.ok(b"SETMETADATA Junk (/private/specialuse NIL)")
    told = (await listening.ok(b"NOOP")).untagged
    assert sorted(told) == [
        b'METADATA "" /private/comment',
        b'METADATA INBOX "/private/with space" /shared/comment',
        b"METADATA Junk /private/specialuse",
    ]
    assert (await listening.ok(b"NOOP")).untagged == []
    assert (await plain.ok(b"NOOP")).untagged == []
    # The same value again is a change by RFC 5464's words; removing what is not there is none.
    await other.ok(b"SETMETADATA INBOX (/private/nothing NIL)")
    assert (await listening.ok(b"NOOP")).untagged == []
    assert (await other.ok(b"ENABLE METADATA")).untagged == [b"ENABLED METADATA"]
    await other.ok(b'SETMETADATA INBOX (/private/last "x")')
    assert (await listening.ok(b"CAPABILITY")).of("METADATA") == [b"INBOX /private/last"]
    assert (await other.ok(b"NOOP")).untagged == []


async def test_idle_hears_of_annotations(imap: Imap, person: Person) -> None:
    other, listening = await imap.client(person), await imap.client(person)
    await listening.ok(b"ENABLE METADATA")
    await other.ok(b'SETMETADATA INBOX (/private/one "x")')
    tag = listening.send(b"IDLE")
    async with asyncio.timeout(20):
        lines = {await listening.response(), await listening.response()}
        assert lines == {b"+ idling", b"* METADATA INBOX /private/one"}
        await other.ok(b'SETMETADATA INBOX (/private/two "x")')
        assert await listening.response() == b"* METADATA INBOX /private/two"
    listening.writer.write(b"DONE\r\n")
    assert (await listening.finish(tag)).untagged == []
