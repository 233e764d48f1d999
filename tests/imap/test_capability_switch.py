"""Capabilities by state, and those that an operator has switched off for an account."""

from __future__ import annotations

import re

import pytest

from correio.mail.directory import switch_capabilities
from correio.mail.message_store import MessageStore
from protocols.imap.core.capability import AFTER_SIGN_IN, EXTENSIONS
from protocols.imap.core.capability_switch import SWITCHABLE, switched_off
from tests.imap.conftest import Imap
from tests.imap.wire import Wire
from tests.peers.imap import ImapClient, Literal, Literal8, Reply
from tests.peers.served import Person
from tests.wire.certificate import client_context

RAW = b"Subject: x\r\n\r\ny\r\n"


def listed(line: bytes) -> set[bytes]:
    found = re.search(rb"CAPABILITY ([^\]\r]*)", line)
    assert found, line
    names = found[1].split(b" ")
    assert len(names) == len(set(names)), "a capability is named twice"
    return set(names)


async def asked(wire: Wire) -> set[bytes]:
    wire.send(b"c CAPABILITY\r\n")
    return listed((await wire.until(b"c OK"))[0])


# By state.


async def test_each_state_has_its_own(imap: Imap, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protocols.wire.connection.is_loopback", lambda address: False)
    wire = await imap.wire()
    plain = listed(wire.greeting)
    assert plain == await asked(wire)
    assert {b"IMAP4rev1", b"STARTTLS", b"LOGINDISABLED"} <= plain
    assert not plain & {b"AUTH=PLAIN", b"AUTH=LOGIN", b"AUTH=OAUTHBEARER", b"AUTH=XOAUTH2"}
    wire.send(b"s STARTTLS\r\n")
    assert (await wire.line()).startswith(b"s OK")
    await wire.writer.start_tls(client_context())
    private = await asked(wire)
    assert b"AUTH=PLAIN" in private
    assert not private & {b"STARTTLS", b"LOGINDISABLED"}
    wire.send(f'l LOGIN {person.address} "{person.password}"\r\n'.encode())
    signed_in = listed(await wire.line())
    assert signed_in == await asked(wire)
    assert not any(name.startswith((b"AUTH=", b"STARTTLS", b"LOGINDISABLED")) for name in signed_in)
    assert {name.encode() for name in AFTER_SIGN_IN} <= signed_in
    assert not private & {name.encode() for name in AFTER_SIGN_IN}
    # What was there before and is no way to sign in is there still.
    assert {name for name in private if not name.startswith(b"AUTH=")} <= signed_in
    wire.send(b"e ENABLE CONDSTORE QRESYNC\r\n")
    await wire.until(b"e OK")
    assert await asked(wire) == signed_in, "ENABLE changes no capability (RFC 9051 section 6.3.1)"
    await wire.close()


async def test_implicit_tls_offers_no_start_tls(imap: Imap) -> None:
    wire = await imap.wire(tls=True)
    assert b"STARTTLS" not in listed(wire.greeting)
    assert b"AUTH=PLAIN" in listed(wire.greeting)
    await wire.close()


# By account.


async def without(imap: Imap, directory: MessageStore, person: Person, *names: str) -> ImapClient:
    await switch_capabilities(directory, person.address, off=names)
    account = await directory.account(person.id)
    await account.refresh()
    return await imap.client(person)


NEEDING: dict[str, tuple[bytes, ...]] = {
    "BINARY": (b"FETCH 1 BINARY[1]", b"FETCH 1 BINARY.SIZE[1]"),
    "COMPRESS=DEFLATE": (b"COMPRESS DEFLATE",),
    "CONDSTORE": (
        b"FETCH 1 MODSEQ", b"FETCH 1 FLAGS (CHANGEDSINCE 1)", b"SEARCH MODSEQ 1", b"STORE 1 (UNCHANGEDSINCE 1) FLAGS (k)",
        b"STATUS INBOX (HIGHESTMODSEQ)", b"SELECT INBOX (CONDSTORE)",
    ),
    "CREATE-SPECIAL-USE": (b"CREATE x (USE (\\Archive))",),
    "ENABLE": (b"ENABLE CONDSTORE",),
    "ESORT": (b"SORT RETURN (MIN) (DATE) UTF-8 ALL",),
    "ESEARCH": (b"SEARCH RETURN (MIN) ALL", b"UID SEARCH RETURN () ALL"),
    "ID": (b"ID NIL",),
    "IDLE": (b"IDLE",),
    "METADATA": (b'GETMETADATA "" /private/comment', b'SETMETADATA "" (/private/comment NIL)'),
    "NOTIFY": (b"NOTIFY NONE",),
    "PARTIAL": (b"SEARCH RETURN (PARTIAL 1:10) ALL", b"UID FETCH 1:* FLAGS (PARTIAL 1:10)"),
    "SEARCHRES": (b"SEARCH RETURN (SAVE) ALL", b"FETCH $ FLAGS", b"STORE $ +FLAGS (k)", b"SEARCH UID $"),
    "SORT": (b"SORT (DATE) UTF-8 ALL", b"UID SORT (DATE) UTF-8 ALL"),
    "SORT=DISPLAY": (b"SORT (DISPLAYFROM) UTF-8 ALL",),
    "THREAD=ORDEREDSUBJECT": (b"THREAD ORDEREDSUBJECT UTF-8 ALL",),
    "THREAD=REFERENCES": (b"UID THREAD REFERENCES UTF-8 ALL",),
    "LIST-EXTENDED": (b'LIST (SUBSCRIBED) "" *', b'LIST "" (a b)', b'LIST "" * RETURN ()'),
    "LIST-STATUS": (b'LIST "" * RETURN (STATUS (MESSAGES))',),
    "MOVE": (b"MOVE 1 Archive", b"UID MOVE 1 Archive"),
    "NAMESPACE": (b"NAMESPACE",),
    "OBJECTID": (b"FETCH 1 EMAILID", b"SEARCH OR THREADID x SEEN", b"STATUS INBOX (MAILBOXID)"),
    "PREVIEW": (b"FETCH 1 PREVIEW", b"FETCH 1 (PREVIEW (LAZY))"),
    "QUOTA": (b"GETQUOTAROOT INBOX",),
    "QUOTA=RES-STORAGE": (b"STATUS INBOX (DELETED-STORAGE)",),
    "SAVEDATE": (b"FETCH 1 SAVEDATE", b"SEARCH NOT SAVEDSINCE 1-Feb-2020"),
    "SPECIAL-USE": (b'LIST (SPECIAL-USE) "" *', b'LIST "" * RETURN (SPECIAL-USE)'),
    "STATUS=SIZE": (b"STATUS INBOX (SIZE)", b'LIST "" * RETURN (STATUS (SIZE))'),
    "APPENDLIMIT": (b"STATUS INBOX (APPENDLIMIT)",),
    "UIDPLUS": (b"UID EXPUNGE 1",),
    "UNSELECT": (b"UNSELECT",),
    "WITHIN": (b"SEARCH (YOUNGER 5)", b"SEARCH OR OLDER 5 SEEN"),
}  # fmt: skip
"""Commands that are there with a capability and are not without it."""


@pytest.mark.parametrize("capability", sorted(NEEDING))
async def test_what_is_off_is_neither_shown_nor_understood(
    imap: Imap, directory: MessageStore, person: Person, capability: str
) -> None:
    other = await imap.client(person)
    await other.append(b"INBOX", RAW)
    await other.close()
    client = await without(imap, directory, person, capability)
    shown = await names_of(client)
    assert not {name for name in shown if name in switched_off([capability])}
    await client.ok(b"SELECT INBOX")
    for command in NEEDING[capability]:
        reply = await client.command(command)
        assert (reply.status, b"switched off" in reply.text) == ("BAD", True), (command, reply)
    await client.close()
    await switch_capabilities(directory, person.address, on=[capability])
    await (await directory.account(person.id)).refresh()
    again = await imap.client(person, b"INBOX")
    shown = await names_of(again)
    assert capability in shown or any(name.startswith(capability + "=") for name in shown)
    for command in NEEDING[capability]:
        if command not in (b"IDLE", b"COMPRESS DEFLATE"):
            reply = await again.command(command)
            assert reply.status == "OK" or b"USEATTR" in reply.text, (command, reply)
            await again.ok(b"SELECT INBOX")
    await again.close()


async def names_of(client: ImapClient) -> set[str]:
    return {name.upper() for name in (await client.ok(b"CAPABILITY")).of("CAPABILITY")[0].decode().split()}


ELSEWHERE = frozenset(
    {"CHILDREN", "IMAP4REV2", "LITERAL+", "LITERAL-", "MULTIAPPEND", "QRESYNC", "REPLACE", "UTF8=ACCEPT"}
)
"""Tested below."""
SHOWN_ONLY = frozenset({"I18NLEVEL=1", "INPROGRESS", "QUOTA=RES-MAILBOX", "QUOTA=RES-MESSAGE"})
"""No command asks for them: they say how other commands are answered."""


def test_every_capability_that_can_be_switched_is_tested() -> None:
    assert all(switched_off([name]) <= SWITCHABLE for name in SWITCHABLE)
    assert SWITCHABLE - {*NEEDING, *ELSEWHERE, *SHOWN_ONLY} == set()
    assert {name.upper() for name in (*EXTENSIONS, *AFTER_SIGN_IN)} - SWITCHABLE == {"SASL-IR"}


async def test_without_uidplus_no_uids_are_told(imap: Imap, directory: MessageStore, person: Person) -> None:
    client = await without(imap, directory, person, "UIDPLUS")
    assert (await client.ok(b"APPEND INBOX ", Literal(RAW))).code == b""
    await client.ok(b"SELECT INBOX")
    assert (await client.ok(b"COPY 1 Archive")).code == b""
    moved = await client.ok(b"MOVE 1 Archive")
    assert not any(b"COPYUID" in line for line in moved.untagged)
    await client.close()


async def test_without_children_and_special_use_list_is_plain(
    imap: Imap, directory: MessageStore, person: Person
) -> None:
    client = await without(imap, directory, person, "CHILDREN", "SPECIAL-USE")
    assert b'LIST () "/" Sent' in (await client.ok(b'LIST "" *')).untagged
    assert (await client.ok(b'LIST "" Sent RETURN (CHILDREN)')).untagged == [b'LIST (\\HasNoChildren) "/" Sent']
    await client.close()


async def test_without_codes_select_is_short(imap: Imap, directory: MessageStore, person: Person) -> None:
    client = await without(imap, directory, person, "CONDSTORE", "OBJECTID")
    lines = (await client.ok(b"SELECT INBOX")).untagged
    assert not any(b"HIGHESTMODSEQ" in line or b"MAILBOXID" in line for line in lines)
    assert (await client.ok(b"CREATE a")).code == b""
    assert (await client.ok(b"ENABLE QRESYNC CONDSTORE UTF8=ACCEPT")).untagged == [b"ENABLED UTF8=ACCEPT"]
    assert (await client.command(b"SELECT INBOX (QRESYNC (1 1))")).status == "BAD"
    await client.close()


async def test_without_what_it_contains_there_is_no_rev2(imap: Imap, directory: MessageStore, person: Person) -> None:
    client = await without(imap, directory, person, "NAMESPACE", "UTF8=ACCEPT")
    assert (await client.ok(b"ENABLE IMAP4rev2 UTF8=ACCEPT")).untagged == [b"ENABLED"]
    assert "IMAP4REV2" not in await names_of(client)
    await client.close()


async def test_without_multiappend_and_replace(imap: Imap, directory: MessageStore, person: Person) -> None:
    client = await without(imap, directory, person, "MULTIAPPEND", "REPLACE", "BINARY")
    assert (await client.command(b"APPEND INBOX ", Literal(RAW), b" ", Literal(RAW))).status == "BAD"
    assert (await client.command(b"APPEND INBOX ", Literal8(RAW))).status == "BAD"
    await client.append(b"INBOX", RAW)
    await client.ok(b"SELECT INBOX")
    assert (await client.command(b"REPLACE 1 INBOX ", Literal(RAW))).status == "BAD"
    assert (await client.command(b"UID REPLACE 1 INBOX ", Literal(RAW))).status == "BAD"
    assert (await client.ok(b"SEARCH ALL")).untagged == [b"SEARCH 1"]
    await client.close()


async def unasked(client: ImapClient, size: int) -> Reply:
    tag = client.send(b"APPEND INBOX ", Literal(b"x" * size))
    return await client.finish(tag)


async def test_literals_that_come_unasked(imap: Imap, directory: MessageStore, person: Person) -> None:
    client = await without(imap, directory, person, "LITERAL+")
    shown = await names_of(client)
    assert "LITERAL-" in shown
    assert "LITERAL+" not in shown
    assert (await unasked(client, 4096)).status == "OK"
    reply = await unasked(client, 4097)
    assert (reply.status, reply.code) == ("BAD", b"TOOBIG")
    await client.append(b"INBOX", b"x" * 5000)
    await client.close()
    client = await without(imap, directory, person, "LITERAL-")
    assert not await names_of(client) & {"LITERAL-", "LITERAL+", "IMAP4REV2"}
    assert (await unasked(client, 1)).status == "BAD"
    await client.append(b"INBOX", b"x" * 5000)
    await client.close()


async def test_any_literal_may_come_unasked_otherwise(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    shown = await names_of(client)
    assert "LITERAL+" in shown
    # RFC 7888 section 5: never both.
    assert "LITERAL-" not in shown
    assert (await unasked(client, 100_000)).status == "OK"
    await client.close()
