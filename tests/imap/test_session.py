"""Whole sessions over real sockets: states, mailboxes, messages, and what is said when."""

from __future__ import annotations

import asyncio
import base64
import imaplib
import re

import pytest

from correio.config import Limits
from tests.imap.conftest import Imap, Serve
from tests.peers.imap import ImapClient, Literal, Reply
from tests.peers.served import Person
from tests.wire.certificate import client_context

ONE = b"From: a@example.test\r\nSubject: one\r\nDate: Mon, 1 Jun 2026 23:30:00 -0500\r\n\r\nfirst\r\n"
TWO = (
    b'From: =?utf-8?B?QmrDtnJu?= <b@example.test>\r\nTo: "Last, First" <fl@example.test>\r\nSubject: two\r\n'
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\nCaf=C3=A9 needle\r\n--b\r\n"
    b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n"
)


async def filled(imap: Imap, person: Person, *messages: bytes) -> ImapClient:
    client = await imap.client(person)
    for message in messages or (ONE, TWO):
        await client.append(b"INBOX", message)
    await client.ok(b"SELECT INBOX")
    return client


def numbers(reply: Reply) -> list[int]:
    (line,) = reply.of("SEARCH")
    return [int(word) for word in line.split()]


# Signing in.


async def test_plain_text_passwords_are_for_private_connections(imap: Imap, person: Person) -> None:
    wire = await imap.wire()
    assert b"STARTTLS" in wire.greeting
    assert b"AUTH=PLAIN" in wire.greeting
    wire.send(b"a STARTTLS\r\nb NOOP\r\n")
    assert (await wire.line()).startswith(b"a OK")
    await wire.writer.start_tls(client_context())
    wire.send(b"c CAPABILITY\r\n")
    lines = await wire.until(b"c OK")
    assert len(lines) == 2, "what came in plain text behind STARTTLS was answered"
    assert b"STARTTLS" not in lines[0]
    wire.send(f"d LOGIN {person.address} {{{len(person.password)}+}}\r\n{person.password}\r\ne STARTTLS\r\n".encode())
    assert (await wire.until(b"d "))[-1].startswith(b"d OK [CAPABILITY IMAP4rev1")
    assert (await wire.line()).startswith(b"e BAD")
    await wire.close()


async def test_a_password_off_loopback_needs_tls(imap: Imap, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protocols.wire.connection.is_loopback", lambda address: False)
    wire = await imap.wire()
    assert b"LOGINDISABLED" in wire.greeting
    assert [word for word in wire.greeting.split() if word.startswith(b"AUTH=")] == [b"AUTH=SCRAM-SHA-256"]
    wire.send(f'a LOGIN {person.address} "{person.password}"\r\nb AUTHENTICATE PLAIN\r\n'.encode())
    assert (await wire.line()).startswith(b"a NO [PRIVACYREQUIRED]")
    assert (await wire.line()).startswith(b"b NO [PRIVACYREQUIRED]")
    await wire.close()
    secure = await imap.wire(tls=True)
    secure.send(f'a LOGIN {person.address} "{person.password}"\r\n'.encode())
    assert (await secure.line()).startswith(b"a OK")
    await secure.close()


async def test_authenticate_in_every_form(imap: Imap, person: Person) -> None:
    plain = base64.b64encode(f"\0{person.address}\0{person.password}".encode())
    name, password = (base64.b64encode(text.encode()) for text in (person.address, person.password))
    for script in (
        [(b"a AUTHENTICATE PLAIN " + plain, b"a OK")],
        [(b"a AUTHENTICATE plain", b"+"), (plain, b"a OK")],
        [(b"a AUTHENTICATE LOGIN", b"+ VXNlcm5hbWU6"), (name, b"+ UGFzc3dvcmQ6"), (password, b"a OK")],
        [(b"a AUTHENTICATE PLAIN", b"+"), (b"*", b"a BAD"), (b"b NOOP", b"b OK")],
        [(b"a AUTHENTICATE PLAIN", b"+"), (b"!", b"a BAD"), (b"b NOOP", b"b OK")],
        [(b"a AUTHENTICATE PLAIN", b"+"), (base64.b64encode(b"\0x\0y"), b"a NO [AUTHENTICATIONFAILED]")],
        [(b"a AUTHENTICATE PLAIN =", b"a NO"), (b"b AUTHENTICATE GSSAPI", b"b NO")],
    ):
        wire = await imap.wire()
        for line, answer in script:
            wire.send(line + b"\r\n")
            got = await wire.line()
            assert got.startswith(answer), (line, got)
        await wire.close()


async def test_too_many_bad_commands_end_with_bye(imap: Imap) -> None:
    wire = await imap.wire()
    wire.send(b"x NONSENSE\r\n" * 100)
    lines = (await wire.rest()).splitlines()
    assert len(lines) == 21
    assert lines[-1].startswith(b"* BYE [CLIENTBUG]")


# One transcript, split everywhere.


async def test_a_session_split_at_every_octet_is_the_same(imap: Imap, person: Person) -> None:
    script = (
        f"1 LOGIN {person.address} {{{len(person.password)}+}}\r\n{person.password}\r\n".encode()
        + b"2 SELECT INBOX\r\n3 FETCH 1:* (FLAGS)\r\n4 IDLE\r\nDONE\r\n5 SEARCH SUBJECT {3+}\r\none\r\n6 NOSUCH\r\n7 LOGOUT\r\n"
    )
    setup = await filled(imap, person, ONE)
    await setup.ok(b"STORE 1 FLAGS (\\Seen)")
    await setup.close()

    async def run(*pieces: bytes) -> bytes:
        wire = await imap.wire()
        for piece in pieces:
            wire.send(piece)
            await asyncio.sleep(0)
        return await wire.rest()

    whole = await run(script)
    assert [line[:4] for line in whole.splitlines() if line[:1].isdigit()] == [
        b"1 OK", b"2 OK", b"3 OK", b"4 OK", b"5 OK", b"6 BA", b"7 OK"
    ]  # fmt: skip
    assert await run(*(script[at : at + 1] for at in range(len(script)))) == whole
    for cut in range(1, len(script), 3):
        assert await run(script[:cut], script[cut:]) == whole, script[:cut][-20:]


# Reading.


async def test_every_item_of_fetch(imap: Imap, person: Person) -> None:
    client = await filled(imap, person)
    for items in (
        b"ALL",
        b"FULL",
        b"FAST",
        b"(UID ENVELOPE BODYSTRUCTURE FLAGS)",
        b"(UID EMAILID THREADID SAVEDATE BODY)",
    ):
        reply = await client.ok(b"FETCH 1:2 " + items)
        assert len(reply.untagged) == 2
    found = (
        await client.ok(
            b"FETCH 2 (UID RFC822.SIZE BODY.PEEK[] BODY.PEEK[HEADER.FIELDS (to)] BODY.PEEK[1] BODY.PEEK[1.MIME] "
            b"BODY.PEEK[TEXT]<2.3> BINARY.PEEK[1] BINARY.PEEK[2] BINARY.SIZE[2] BODY.PEEK[9] BODY.PEEK[]<9999.5>)"
        )
    ).fetched()[2]
    assert found["BODY[]"] == TWO
    assert found["BODY[1]"] == b"Caf=C3=A9 needle"
    assert found["BINARY[1]"] == "Caf\u00e9 needle".encode()
    assert found["BINARY[2]"] == b"\0\1\2"
    assert found["BODY[TEXT]<2>"] == b"b\r\n"
    assert found["BODY[]<9999>"] == b""
    assert found["BODY[9]"] is None
    await client.close()


async def test_reading_sets_seen_and_says_so(imap: Imap, person: Person) -> None:
    client = await filled(imap, person)
    reply = await client.ok(b"FETCH 1 BODY[TEXT]")
    assert b"\\Seen" in reply.untagged[0]
    assert len(reply.untagged) == 1
    assert (await client.ok(b"FETCH 1 BODY[TEXT]")).untagged == [b"1 FETCH (BODY[TEXT] {7}\r\nfirst\r\n)"]
    await client.ok(b"EXAMINE INBOX")
    assert b"\\Seen" not in (await client.ok(b"FETCH 2 RFC822")).untagged[0]
    assert b"\\Seen" not in (await client.ok(b"FETCH 2 FLAGS")).untagged[0]
    await client.close()


async def test_recent_is_for_the_first_session(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    await client.append(b"INBOX", ONE)
    assert b"RECENT 1" in (await client.ok(b"STATUS INBOX (RECENT)")).untagged[0]
    assert (await client.ok(b"EXAMINE INBOX")).of("RECENT") == [b"1"]
    assert (await client.ok(b"SELECT INBOX")).of("RECENT") == [b"1"]
    assert b"\\Recent" in (await client.ok(b"FETCH 1 FLAGS")).untagged[0]
    other = await imap.client(person)
    assert (await other.ok(b"SELECT INBOX")).of("RECENT") == [b"0"]
    assert b"\\Recent" not in (await other.ok(b"FETCH 1 FLAGS")).untagged[0]
    await client.append(b"INBOX", ONE)
    await client.ok(b"CLOSE")
    assert (await client.ok(b"SELECT INBOX")).of("RECENT") == [b"0"]
    for one in (client, other):
        await one.close()


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (b"ALL", [1, 2]),
        (b"NOT ALL", []),
        (b"OR SUBJECT one SUBJECT two", [1, 2]),
        (b"SUBJECT one SUBJECT two", []),
        (b"NOT (SUBJECT one)", [2]),
        (b"OR (SUBJECT one NOT ALL) (SUBJECT two 2)", [2]),
        (b"FROM bj\xc3\xb6rn".replace(b"bj\xc3\xb6rn", b"{6+}\r\nBJ\xc3\x96RN"), [2]),
        (b'TO "last, first"', [2]),
        (b"HEADER To {0+}\r\n", [2]),
        (b"HEADER X-None {0+}\r\n", []),
        (b"BODY {12+}\r\ncaf\xc3\xa9 NEEDLE", [2]),
        (b"BODY two", []),
        (b"TEXT two", [2]),
        (b"TEXT AAEC", []),
        (b"BODY first", [1]),
        (b"SENTON 1-Jun-2026", [1]),
        (b"SENTBEFORE 1-Jun-2026", []),
        (b"SENTSINCE 2-Jun-2026", []),
        (b"ON 5-Feb-2020", [1]),
        (b"BEFORE 5-Feb-2020", []),
        (b"SINCE 6-Feb-2020", [2]),
        (b"SAVEDSINCE 6-Feb-2020", [1, 2]),
        (b"OLDER 86400", [1]),
        (b"YOUNGER 86400", [2]),
        (b"LARGER 100", [2]),
        (b"SMALLER 100", [1]),
        (b"KEYWORD $label", [1]),
        (b"UNKEYWORD $Label", [2]),
        (b"SEEN", [1]),
        (b"UNSEEN UNDELETED", [2]),
        (b"UID 1:*", [1, 2]),
        (b"UID 4294967295", []),
        (b"7:9", []),
        (b"*", [2]),
        (b"MODSEQ 1", [1, 2]),
        (b"EMAILID nobody", []),
        (b"RECENT", [1, 2]),
        (b"OLD", []),
        (b"NEW", [2]),
    ],
)
async def test_search(imap: Imap, person: Person, keys: bytes, expected: list[int]) -> None:
    client = await imap.client(person)
    await client.append(b"INBOX", ONE, b'(\\Seen $Label) " 5-Feb-2020 12:00:00 +0000" ')
    await client.append(b"INBOX", TWO)
    await client.ok(b"SELECT INBOX")
    reply = await client.ok(b"SEARCH " + keys)
    assert [int(word) for word in reply.of("SEARCH")[0].split(b" (")[0].split()] == expected
    await client.close()


async def test_words_are_found_anywhere_in_a_large_text(imap: Imap, person: Person) -> None:
    head = b"Subject: large\r\n\r\n"
    filler = b"x" * 70 + b"\r\n"
    text = filler * 8000
    edge = 262_144 - 5
    raw = head + text[: edge - edge % 72] + b"y" * (edge % 72) + b"needle across\r\n" + text
    client = await filled(imap, person, raw)
    assert numbers(await client.ok(b'SEARCH BODY "NEEDLE across"')) == [1]
    assert numbers(await client.ok(b"SEARCH BODY nowhere")) == []
    await client.close()


async def test_extended_search(imap: Imap, person: Person) -> None:
    client = await filled(imap, person, ONE, TWO, ONE)
    reply = await client.ok(b"UID SEARCH RETURN (COUNT MIN MAX) SUBJECT one")
    assert re.fullmatch(rb'ESEARCH \(TAG "a\d+"\) UID COUNT 2 MIN 1 MAX 3', reply.untagged[0])
    assert (await client.ok(b"SEARCH RETURN () ALL")).untagged[0].endswith(b" ALL 1:3")
    await client.close()


# Changing.


async def test_store_in_every_form(imap: Imap, person: Person) -> None:
    client = await filled(imap, person, ONE)
    assert (await client.ok(b"STORE 1 FLAGS (\\Flagged $Work)")).untagged[
        -1
    ] == b"1 FETCH (FLAGS (\\Recent \\Flagged $Work))"
    assert (await client.ok(b"STORE 1 +FLAGS.SILENT \\Seen")).untagged == []
    assert (await client.ok(b"UID STORE 1 -FLAGS (\\Flagged)")).untagged == [
        b"1 FETCH (UID 1 FLAGS (\\Recent \\Seen $Work))"
    ]
    assert (await client.ok(b"NOOP")).untagged == []
    assert (await client.ok(b"UID STORE 99 +FLAGS (\\Seen)")).untagged == []
    await client.ok(b"EXAMINE INBOX")
    assert (await client.command(b"STORE 1 +FLAGS (\\Seen)")).status == "NO"
    await client.close()


async def test_new_keywords_are_told_before_they_are_used(imap: Imap, person: Person) -> None:
    client = await filled(imap, person, ONE)
    lines = (await client.ok(b"STORE 1 +FLAGS ($New)")).untagged
    assert lines[0].startswith(b"FLAGS (")
    assert b"$New" in lines[0]
    assert lines[-1].startswith(b"1 FETCH")
    await client.close()


async def test_append_copy_and_move_tell_the_uids(imap: Imap, person: Person) -> None:
    client = await filled(imap, person, ONE)
    await client.ok(b"CREATE Box")
    reply = await client.ok(b"APPEND INBOX (\\Seen) ", Literal(ONE), b" (\\Draft) ", Literal(TWO))
    assert re.fullmatch(rb"APPENDUID \d+ 2:3", reply.code)
    assert (await client.command(b"APPEND Nowhere ", Literal(ONE))).code == b"TRYCREATE"
    assert (await client.command(b"COPY 1 Nowhere")).code == b"TRYCREATE"
    assert re.fullmatch(rb"COPYUID \d+ 1:3 1:3", (await client.ok(b"COPY 1:* Box")).code)
    reply = await client.ok(b"UID MOVE 1,3 Box")
    assert [line.split(b"]")[0][:10] for line in reply.untagged] == [b"OK [COPYUI", b"3 EXPUNGE", b"1 EXPUNGE"]
    assert (await client.ok(b"STATUS Box (MESSAGES)")).untagged == [b"STATUS Box (MESSAGES 5)"]
    await client.close()


async def test_expunge_close_and_unselect(imap: Imap, person: Person) -> None:
    client = await filled(imap, person, ONE, ONE, ONE, ONE)
    await client.ok(b"STORE 1,2,4 +FLAGS.SILENT (\\Deleted)")
    assert (await client.ok(b"UID EXPUNGE 4")).untagged == [b"4 EXPUNGE"]
    assert (await client.ok(b"EXPUNGE")).untagged == [b"2 EXPUNGE", b"1 EXPUNGE"]
    await client.ok(b"STORE 1 +FLAGS.SILENT (\\Deleted)")
    await client.ok(b"UNSELECT")
    assert (await client.command(b"FETCH 1 FLAGS")).status == "BAD"
    assert (await client.ok(b"SELECT INBOX")).of("EXISTS") == [b"1"]
    assert (await client.ok(b"CLOSE")).untagged == []
    assert (await client.ok(b"SELECT INBOX")).of("EXISTS") == [b"0"]
    await client.close()


async def test_multiappend_is_all_or_none(imap: Imap, person: Person) -> None:
    client = await filled(imap, person, ONE)
    reply = await client.command(b"APPEND INBOX ", Literal(ONE), b" ", Literal(b"nul \0 here"))
    assert reply.status == "BAD"
    assert (await client.ok(b"STATUS INBOX (MESSAGES)")).untagged == [b"STATUS INBOX (MESSAGES 1)"]
    await client.close()


# What happens elsewhere.


async def test_what_others_do_is_told(imap: Imap, person: Person) -> None:
    one, two = await filled(imap, person, ONE, ONE, ONE), await imap.client(person, b"INBOX")
    await two.ok(b"STORE 1 +FLAGS (\\Flagged)")
    assert (await one.ok(b"NOOP")).untagged == [b"1 FETCH (FLAGS (\\Recent \\Flagged))"]
    await two.ok(b"STORE 2 +FLAGS (\\Deleted)")
    await two.ok(b"EXPUNGE")
    for command in (b"FETCH 1 FLAGS", b"SEARCH ALL", b"STORE 1 +FLAGS (\\Seen)"):
        reply = await one.ok(command)
        assert not reply.of("EXPUNGE"), command
    gone = await one.command(b"FETCH 1:3 (FLAGS)")
    assert (gone.status, gone.code, len(gone.of("FETCH"))) == ("NO", b"EXPUNGEISSUED", 2)
    await two.append(b"INBOX", TWO)
    reply = await one.ok(b"NOOP")
    assert reply.untagged == [b"2 EXPUNGE", b"3 EXISTS", b"3 RECENT"]
    for client in (one, two):
        await client.close()


async def test_idle_tells_at_once_and_ends_with_done(imap: Imap, person: Person) -> None:
    idler = await imap.wire()
    idler.send(f'a LOGIN {person.address} "{person.password}"\r\nb SELECT INBOX\r\nc IDLE\r\n'.encode())
    await idler.until(b"+ ")
    other = await imap.client(person, b"INBOX")
    await other.append(b"INBOX", ONE)
    assert await idler.line() == b"* 1 EXISTS"
    assert await idler.line() == b"* 1 RECENT"
    await other.ok(b"STORE 1 +FLAGS (\\Deleted)")
    assert await idler.line() == b"* 1 FETCH (FLAGS (\\Recent \\Deleted))"
    await other.ok(b"EXPUNGE")
    assert await idler.line() == b"* 1 EXPUNGE"
    idler.send(b"DONE\r\nd NOOP\r\n")
    assert (await idler.line()).startswith(b"c OK")
    assert (await idler.line()).startswith(b"d OK")
    idler.send(b"e IDLE\r\nnonsense\r\nf NOOP\r\n")
    lines = await idler.until(b"f OK")
    assert [line[:5] for line in lines] == [b"+ idl", b"e BAD", b"f OK "]
    await idler.close()
    await other.close()


async def test_a_deleted_mailbox_sends_its_sessions_away(imap: Imap, person: Person) -> None:
    one, two = await imap.client(person), await imap.client(person)
    await one.ok(b"CREATE Box")
    await one.ok(b"SELECT Box")
    await two.ok(b"SELECT Box")
    assert b"OK [CLOSED]" in (await one.ok(b"DELETE Box")).untagged[0]
    two.writer.write(b"x NOOP\r\n")
    assert (await two.response()).startswith(b"* BYE [NONEXISTENT]")
    await one.ok(b"NOOP")
    for client in (one, two):
        await client.close()


# Mailboxes.


async def test_the_life_of_a_mailbox(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    await client.ok(b"CREATE &ANw-ber/Deep")
    assert (await client.command(b"CREATE &ANw-ber")).code == b"ALREADYEXISTS"
    names = (await client.ok(b'LIST "" &ANw-*')).untagged
    assert names == [b'LIST (\\HasChildren) "/" &ANw-ber', b'LIST (\\HasNoChildren) "/" &ANw-ber/Deep']
    await client.ok(b"RENAME &ANw-ber Under")
    assert len((await client.ok(b'LIST "" Under*')).untagged) == 2
    assert (await client.command(b"DELETE INBOX")).status == "NO"
    assert (await client.command(b"DELETE Nowhere")).code == b"NONEXISTENT"
    await client.ok(b"DELETE Under/Deep")
    await client.ok(b"DELETE Under")
    assert (await client.ok(b'LIST "" Under*')).untagged == []
    assert (await client.ok(b'LIST "" ""')).untagged == [b'LIST (\\Noselect) "/" ""']
    assert (await client.ok(b"NAMESPACE")).untagged == [b'NAMESPACE (("" "/")) NIL NIL']
    await client.close()


async def test_subscriptions_and_extended_list(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    for name in (b"a/b/c", b"d"):
        await client.ok(b"CREATE " + name)
    for _, name in enumerate(line.split(b'"/" ')[1] for line in (await client.ok(b'LSUB "" *')).untagged):
        await client.ok(b"UNSUBSCRIBE " + name)
    await client.ok(b"SUBSCRIBE a/b/c")
    await client.ok(b"SUBSCRIBE gone/away")
    assert (await client.ok(b'LSUB "" %')).untagged == [b'LSUB (\\Noselect) "/" a', b'LSUB (\\Noselect) "/" gone']
    listed = (await client.ok(b'LIST (SUBSCRIBED) "" * RETURN (CHILDREN)')).untagged
    assert listed == [
        b'LIST (\\HasNoChildren \\Subscribed) "/" a/b/c',
        b'LIST (\\NonExistent \\Subscribed) "/" gone/away',
    ]
    listed = (await client.ok(b'LIST (SUBSCRIBED RECURSIVEMATCH) "" %')).untagged
    assert listed == [
        b'LIST (\\HasChildren) "/" a ("CHILDINFO" ("SUBSCRIBED"))',
        b'LIST (\\NonExistent) "/" gone ("CHILDINFO" ("SUBSCRIBED"))',
    ]
    listed = (await client.ok(b'LIST (SPECIAL-USE) "" * RETURN (STATUS (MESSAGES))')).untagged
    assert b'LIST (\\HasNoChildren \\Sent) "/" Sent' in listed
    assert b"STATUS Sent (MESSAGES 0)" in listed
    assert not any(b"INBOX" in line for line in listed)
    await client.ok(b"UNSUBSCRIBE gone/away")
    await client.close()


async def test_special_use_can_be_given_once(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    assert (await client.command(b"CREATE Sent2 (USE (\\Sent))")).code == b"USEATTR"
    assert (await client.command(b"CREATE Odd (USE (\\Nosuch))")).code == b"USEATTR"
    await client.ok(b"DELETE Archive")
    await client.ok(b"CREATE Old (USE (\\Archive))")
    assert (await client.ok(b'LIST "" Old')).untagged == [b'LIST (\\HasNoChildren \\Archive) "/" Old']
    await client.close()


async def test_utf8_names(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    assert (await client.ok(b"ENABLE UTF8=ACCEPT NOSUCH")).untagged == [b"ENABLED UTF8=ACCEPT"]
    name = '"\u00dcber"'.encode()
    await client.ok(b"CREATE " + name)
    assert (await client.ok(b'LIST "" "\xc3\x9c*"')).untagged == [b'LIST (\\HasNoChildren) "/" ' + name]
    raw = "Subject: \u00fc\r\n\r\nx\r\n".encode()
    await client.ok(b"APPEND " + name + b" UTF8 (~{%d+}\r\n" % len(raw) + raw + b")")
    await client.ok(b"SELECT " + name)
    assert (await client.ok(b"UID FETCH 1 (BODY.PEEK[])")).fetched()[1]["BODY[]"] == raw
    await client.close()


# Limits.


async def test_large_messages_stream_and_larger_ones_are_refused(serve: Serve, person: Person) -> None:
    async with serve(Limits(message_size=3_000_000)) as imap:
        client = await imap.client(person)
        raw = b"Subject: large\r\n\r\n" + b"0123456789abcdef" * 70 * 1000 + b"\r\n" * 1_000_000
        raw = raw[:2_999_998] + b"\r\n"
        uid = await client.append(b"INBOX", raw)
        await client.ok(b"SELECT INBOX")
        assert (await client.ok(b"UID FETCH %d (BODY.PEEK[])" % uid)).fetched()[uid]["BODY[]"] == raw
        assert (await client.command(b"APPEND INBOX ", Literal(raw + b"x\r\n"))).code == b"TOOBIG"
        wire = await imap.wire()
        wire.send(f'a LOGIN {person.address} "{person.password}"\r\nb APPEND INBOX {{99999999999+}}\r\n'.encode())
        lines = (await wire.rest()).splitlines()
        assert [line[:5] for line in lines[-2:]] == [b"b NO ", b"* BYE"]
        await client.close()


async def test_nobody_makes_the_server_hold_a_literal_before_sign_in(imap: Imap) -> None:
    wire = await imap.wire()
    wire.send(b"a APPEND INBOX {1000000}\r\nb LOGIN {1000000}\r\nc NOOP\r\n")
    assert [line[:5] for line in await wire.until(b"c OK")] == [b"a BAD", b"b BAD", b"c OK "]
    await wire.close()


async def test_silent_clients_are_sent_away_before_sign_in(serve: Serve) -> None:
    async with serve(Limits(login_timeout=0.05)) as imap:
        wire = await imap.wire()
        assert (await wire.rest()).startswith(b"* BYE")


async def test_stopping_says_bye(serve: Serve, person: Person) -> None:
    async with serve(Limits()) as imap:
        wire = await imap.wire()
        stopping = asyncio.create_task(imap.server.close(5))
        assert (await wire.rest()).startswith(b"* BYE [UNAVAILABLE]")
        await stopping


# Another program.


async def test_imaplib_round_trip(imap: Imap, person: Person) -> None:
    def run() -> bytes:
        with imaplib.IMAP4(imap.plain.host, imap.plain.port) as client:
            client.login(person.address, person.password)
            client.append("INBOX", "(\\Seen)", imaplib.Time2Internaldate(0), TWO)
            client.select("INBOX")
            _, found = client.uid("SEARCH", "SUBJECT", "two")
            _, data = client.uid("FETCH", found[0].decode(), "(BODY.PEEK[] INTERNALDATE)")
            client.store("1", "+FLAGS", "(\\Deleted)")
            assert client.expunge() == ("OK", [b"1"])
            part = data[0]
            assert isinstance(part, tuple)
            return bytes(part[1])

    assert await asyncio.to_thread(run) == TWO
