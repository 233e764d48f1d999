"""SEARCH, SORT, THREAD, ``$`` and PARTIAL through a real listener."""

from __future__ import annotations

import re

import pytest

from correio.mail.account import Account
from correio.mail.append import NewMessage, append_messages
from correio.mail.message_store import MessageStore
from tests.imap.conftest import Imap
from tests.peers.imap import ImapClient, Literal, Reply
from tests.peers.served import Person


def letter(subject: str, day: int, *lines: str, sender: str = "Ann <ann@x.test>", zone: str = "+0000") -> bytes:
    head = [f"From: {sender}", f"Subject: {subject}", f"Date: Mon, {day} Jun 2026 12:00:00 {zone}", *lines]
    return ("\r\n".join(head) + "\r\n\r\ntext\r\n").encode()


async def filled(imap: Imap, person: Person, *messages: bytes) -> ImapClient:
    client = await imap.client(person)
    await client.ok(b"APPEND INBOX ", *[piece for one in messages for piece in (b" ", Literal(one))][1:])
    await client.ok(b"SELECT INBOX")
    return client


def said(reply: Reply) -> bytes:
    (line,) = reply.untagged
    return re.sub(rb'TAG "a\d+"', b"TAG", line)


# Charsets.


async def test_charsets(imap: Imap, person: Person) -> None:
    client = await filled(imap, person, letter("Größe", 1), letter("other", 2))
    for charset, octets in ((b"UTF-8", "größe".encode()), (b"iso-8859-1", b"GR\xd6SSE"), (b'"cp1252"', b"gr\xf6\xdfe")):
        assert said(await client.ok(b"SEARCH CHARSET " + charset + b" SUBJECT ", Literal(octets))) == b"SEARCH 1"
    assert said(await client.ok(b"SEARCH SUBJECT ", Literal("größe".encode()))) == b"SEARCH 1"
    for command in (
        b"SEARCH CHARSET x-none ALL",
        b"UID SEARCH RETURN (SAVE) CHARSET utf-16 ALL",
        b"SORT (DATE) x-none ALL",
        b"THREAD REFERENCES x-none ALL",
    ):
        reply = await client.command(command)
        assert (reply.status, reply.code, reply.untagged) == ("NO", b"BADCHARSET (US-ASCII UTF-8)", [])
    reply = await client.command(b"SEARCH CHARSET US-ASCII SUBJECT ", Literal(b"\xc3\xb6"))
    assert reply.status == "BAD"
    await client.ok(b"ENABLE UTF8=ACCEPT")
    assert (await client.command(b"SEARCH CHARSET UTF-8 ALL")).status == "BAD"
    await client.close()


# SORT.

SORTED = (
    letter("Re: banana", 3, "To: Zed <z@x.test>", "Cc: b@x.test", sender="b@x.test"),
    letter("apple", 2, "To: =?utf-8?q?=C3=84nne?= <y@x.test>", "Cc: a@x.test", sender="Zoe <A@x.test>"),
    letter("[list] Apple (fwd)", 2, "To: Team: x@x.test;", sender='"bob" <c@x.test>', zone="+0600"),
    letter("cherry", 2, zone="-1100", sender="\u00c9mile <d@x.test>"),
)


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        (b"SUBJECT", [2, 3, 1, 4]),
        (b"REVERSE SUBJECT", [4, 1, 2, 3]),
        (b"REVERSE SUBJECT REVERSE ARRIVAL", [4, 1, 2, 3]),
        (b"DATE", [3, 2, 4, 1]),
        (b"SUBJECT DATE", [3, 2, 1, 4]),
        (b"FROM", [2, 1, 3, 4]),
        (b"CC", [3, 4, 2, 1]),
        (b"TO", [4, 3, 2, 1]),
        (b"DISPLAYFROM", [1, 3, 4, 2]),
        (b"DISPLAYTO", [4, 2, 3, 1]),
        (b"SIZE", None),
        (b"ARRIVAL", [1, 2, 3, 4]),
        (b"REVERSE ARRIVAL", [1, 2, 3, 4]),
    ],
)
async def test_sort(imap: Imap, person: Person, criteria: bytes, expected: list[int] | None) -> None:
    client = await filled(imap, person, *SORTED)
    if expected is None:
        expected = sorted(range(1, 5), key=lambda number: (len(SORTED[number - 1]), number))
    assert said(await client.ok(b"SORT (" + criteria + b") UTF-8 ALL")) == b"SORT " + b" ".join(
        b"%d" % n for n in expected
    )
    await client.close()


async def test_sort_with_uids_and_nothing_found(imap: Imap, person: Person) -> None:
    client = await filled(imap, person, letter("gone", 1), *SORTED)
    await client.ok(b"STORE 1 +FLAGS.SILENT (\\Deleted)")
    await client.ok(b"EXPUNGE")
    assert said(await client.ok(b"UID SORT (SUBJECT) UTF-8 ALL")) == b"SORT 3 4 2 5"
    assert said(await client.ok(b"SORT (SUBJECT) UTF-8 NOT FROM b@x SUBJECT apple")) == b"SORT 2 3"
    assert said(await client.ok(b"SORT (DATE) US-ASCII SUBJECT nowhere")) == b"SORT"
    assert re.fullmatch(
        rb"SORT 4 1 \(MODSEQ \d+\)", said(await client.ok(b"SORT (REVERSE SUBJECT) UTF-8 MODSEQ 1 OR 1 4"))
    )
    await client.close()


async def test_extended_sort(imap: Imap, person: Person) -> None:
    """RFC 5267 section 3: MIN and MAX are the first and the last of the order, and ALL stands in it."""
    client = await filled(imap, person, *SORTED)
    for options, expected in (
        (b"", b"ALL 2:3,1,4"),
        (b"MIN MAX COUNT", b"MIN 2 MAX 4 COUNT 4"),
        (b"COUNT ALL", b"COUNT 4 ALL 2:3,1,4"),
        (b"PARTIAL 2:3", b"PARTIAL (2:3 3,1)"),
        (b"PARTIAL -1:-2", b"PARTIAL (-1:-2 1,4)"),
        (b"PARTIAL 9:7", b"PARTIAL (9:7 NIL)"),
    ):
        assert (
            said(await client.ok(b"UID SORT RETURN (" + options + b") (SUBJECT) UTF-8 ALL"))
            == b"ESEARCH (TAG) UID " + expected
        )
    assert said(await client.ok(b"SORT RETURN (MIN COUNT) (DATE) UTF-8 SUBJECT no")) == b"ESEARCH (TAG) COUNT 0"
    assert (await client.ok(b"SORT RETURN (SAVE MIN) (REVERSE SUBJECT) UTF-8 ALL")).untagged[0].endswith(b" MIN 4")
    assert said(await client.ok(b"SEARCH $")) == b"SEARCH 4"
    await client.close()


# THREAD.


async def test_thread(imap: Imap, person: Person) -> None:
    client = await filled(
        imap,
        person,
        letter("A", 1, "Message-ID: <1@x>"),
        letter("Re: A", 3, "Message-ID: <2@x>", "References: <1@x>"),
        letter("B", 2, 'Message-ID: <"3"@x>'),
        letter("Re: A", 2, "Message-ID: <4@x>", "In-Reply-To: <1@x> <9@x>"),
        letter("off", 4, "Message-ID: <5@x>", "References: <none@x>", "In-Reply-To: <1@x>"),
        letter("off too", 5, "Message-ID: <6@x>", "References: <3@x>\r\n\t<2@x>"),
    )
    assert said(await client.ok(b"THREAD REFERENCES UTF-8 ALL")) == b"THREAD (1 (4)(2 6))(3)(5)"
    assert said(await client.ok(b"THREAD ORDEREDSUBJECT UTF-8 ALL")) == b"THREAD (1 (4)(2))(3)(5)(6)"
    assert said(await client.ok(b"UID THREAD REFERENCES US-ASCII UID 2,6")) == b"THREAD (2 6)"
    assert said(await client.ok(b"THREAD REFERENCES UTF-8 SUBJECT nowhere")) == b"THREAD"
    assert (await client.command(b"THREAD REFS UTF-8 ALL")).status == "BAD"
    await client.close()


# The saved result.


async def saved(client: ImapClient) -> list[int]:
    return [int(word) for word in said(await client.ok(b"UID SEARCH $")).split()[1:]]


async def test_saved_results(imap: Imap, person: Person) -> None:
    client = await filled(imap, person, *(letter(f"s{number % 2}", number) for number in range(1, 7)))
    assert await saved(client) == []
    assert (await client.ok(b"FETCH $ (UID)")).untagged == []
    assert (await client.ok(b"SEARCH RETURN (SAVE) SUBJECT s1")).untagged == []
    assert await saved(client) == [1, 3, 5]
    # In every command that takes a set, by number and by UID.
    assert [line.split()[0] for line in (await client.ok(b"FETCH $ (UID)")).untagged] == [b"1", b"3", b"5"]
    assert sorted((await client.ok(b"UID FETCH $,2 (FLAGS)")).fetched()) == [1, 2, 3, 5]
    await client.ok(b"STORE $ +FLAGS.SILENT (\\Flagged)")
    assert said(await client.ok(b"SEARCH FLAGGED")) == b"SEARCH 1 3 5"
    await client.ok(b"UID STORE $ -FLAGS.SILENT (\\Flagged)")
    await client.ok(b"CREATE Box")
    assert (await client.ok(b"COPY $ Box")).code.endswith(b" 1,3,5 1:3")
    assert (await client.ok(b"UID COPY $ Box")).code.endswith(b" 1,3,5 4:6")
    assert said(await client.ok(b"SEARCH NOT $")) == b"SEARCH 2 4 6"
    assert said(await client.ok(b"SEARCH OR UID $ 2")) == b"SEARCH 1 2 3 5"
    assert said(await client.ok(b"SORT (REVERSE DATE) UTF-8 $")) == b"SORT 5 3 1"
    assert said(await client.ok(b"THREAD ORDEREDSUBJECT UTF-8 $")) == b"THREAD (1 (3)(5))"
    # A search without SAVE, or one that is BAD, leaves it; one that is NO empties it.
    await client.ok(b"SEARCH SUBJECT s0")
    assert (await client.command(b"SEARCH RETURN (SAVE) NONSENSE")).status == "BAD"
    assert await saved(client) == [1, 3, 5]
    # It may be used where it is replaced.
    await client.ok(b"UID SEARCH RETURN (SAVE COUNT) $ 1:3")
    assert await saved(client) == [1, 3]
    assert (await client.command(b"SEARCH RETURN (SAVE) CHARSET x-none ALL")).status == "NO"
    assert await saved(client) == []
    await client.close()


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        (b"SAVE", [1, 2, 3, 4]),
        (b"SAVE ALL", [1, 2, 3, 4]),
        (b"SAVE MIN", [1]),
        (b"MAX SAVE", [4]),
        (b"SAVE MIN MAX", [1, 4]),
        (b"SAVE MIN COUNT", [1, 2, 3, 4]),
        (b"SAVE PARTIAL 2:3", [2, 3]),
        (b"SAVE PARTIAL -1:-1", [4]),
        (b"SAVE PARTIAL 2:2 MIN MAX", [1, 2, 4]),
        (b"SAVE PARTIAL 2:3 COUNT", [1, 2, 3, 4]),
        (b"SAVE PARTIAL 7:9", []),
    ],
)
async def test_what_is_saved(imap: Imap, person: Person, options: bytes, kept: list[int]) -> None:
    """RFC 5182 section 2.4, RFC 9394 section 3.2"""
    client = await filled(imap, person, *(letter("x", number) for number in range(1, 5)))
    await client.ok(b"SEARCH RETURN (" + options + b") ALL")
    assert await saved(client) == kept
    await client.close()


async def test_the_saved_result_follows_expunges_and_ends_with_the_mailbox(imap: Imap, person: Person) -> None:
    client = await filled(imap, person, *(letter("x", number) for number in range(1, 6)))
    await client.ok(b"SEARCH RETURN (SAVE) 2:4")
    other = await imap.client(person, b"INBOX")
    await other.ok(b"STORE 1,3 +FLAGS.SILENT (\\Deleted)")
    await other.ok(b"EXPUNGE")
    await client.ok(b"NOOP")
    assert await saved(client) == [2, 4]
    assert [line.split()[0] for line in (await client.ok(b"FETCH $ (UID)")).untagged] == [b"1", b"2"]
    await client.ok(b"UID STORE $ +FLAGS.SILENT (\\Deleted)")
    assert len((await client.ok(b"UID EXPUNGE $")).of("EXPUNGE")) == 2
    assert await saved(client) == []
    await client.ok(b"SEARCH RETURN (SAVE) ALL")
    assert await saved(client) == [5]
    assert (await client.ok(b"MOVE $ Trash")).of("EXPUNGE") == [b"1"]
    await client.ok(b"SEARCH RETURN (SAVE) ALL")
    for command in (b"EXAMINE INBOX", b"SELECT INBOX"):
        await client.ok(b"SELECT Trash")
        await client.ok(b"SEARCH RETURN (SAVE) ALL")
        assert await saved(client) == [1]
        await client.ok(command)
        assert await saved(client) == []
    for one in (client, other):
        await one.close()


# PARTIAL.


async def test_pages_of_a_search(imap: Imap, person: Person) -> None:
    client = await filled(imap, person, *(letter(f"s{number % 2}", number) for number in range(1, 8)))
    for options, expected in (
        (b"PARTIAL 1:2", b"PARTIAL (1:2 1,3)"),
        (b"PARTIAL 3:2", b"PARTIAL (3:2 3,5)"),
        (b"PARTIAL 4:500", b"PARTIAL (4:500 7)"),
        (b"PARTIAL 5:6", b"PARTIAL (5:6 NIL)"),
        (b"PARTIAL -1:-2", b"PARTIAL (-1:-2 5,7)"),
        (b"PARTIAL -4:-100", b"PARTIAL (-4:-100 1)"),
        (b"PARTIAL -5:-6", b"PARTIAL (-5:-6 NIL)"),
        (b"COUNT PARTIAL 2:2", b"COUNT 4 PARTIAL (2:2 3)"),
    ):
        assert (
            said(await client.ok(b"UID SEARCH RETURN (" + options + b") SUBJECT s1"))
            == b"ESEARCH (TAG) UID " + expected
        )
    assert said(await client.ok(b"SEARCH RETURN (PARTIAL 1:9) SUBJECT none")) == b"ESEARCH (TAG) PARTIAL (1:9 NIL)"
    await client.close()


async def test_pages_of_a_fetch(imap: Imap, person: Person) -> None:
    client = await filled(imap, person, *(letter("x", number) for number in range(1, 8)))
    for items in (b"(FLAGS)", b"(ENVELOPE)", b"(BODY.PEEK[])"):
        for uids, page, expected in (
            (b"1:*", b"1:2", [1, 2]),
            (b"1:*", b"-1:-2", [6, 7]),
            (b"2:3,5:6", b"2:3", [3, 5]),
            (b"2:3,5:6", b"-2:-9", [2, 3, 5]),
            (b"1:*", b"8:9", []),
            (b"9:20", b"1:5", []),
        ):
            reply = await client.ok(b"UID FETCH " + uids + b" " + items + b" (PARTIAL " + page + b")")
            assert sorted(reply.fetched()) == expected, (uids, page)
    await client.ok(b"SEARCH RETURN (SAVE) 2:5")
    assert sorted((await client.ok(b"UID FETCH $ (FLAGS) (PARTIAL -1:-1)")).fetched()) == [5]
    reply = await client.ok(b"UID FETCH 7 (MODSEQ)")
    await client.ok(b"STORE 1,4,6 +FLAGS.SILENT (\\Seen)")
    since = b"%d" % int(re.sub(rb"\D", b"", reply.untagged[0].split(b"MODSEQ")[1]))
    reply = await client.ok(b"UID FETCH 1:* (FLAGS) (PARTIAL -1:-2 CHANGEDSINCE " + since + b")")
    assert sorted(reply.fetched()) == [4, 6]
    # Only what is on the page becomes \Seen.
    await client.ok(b"UID FETCH 1:* (BODY[]) (PARTIAL 2:3)")
    assert said(await client.ok(b"SEARCH SEEN")) == b"SEARCH 1 2 3 4 6"
    await client.close()


# What it costs.


async def test_a_search_of_what_the_view_knows_asks_no_database(
    imap: Imap, person: Person, directory: MessageStore
) -> None:
    client = await filled(imap, person, *(letter("x", number) for number in range(1, 8)))
    await client.ok(b"SORT (SUBJECT) UTF-8 ALL")
    before = directory.database.round_trips.count
    for command in (
        b"SEARCH UNSEEN NOT FLAGGED OR (KEYWORD a) (UID 1:3)",
        b"UID SEARCH RETURN (COUNT) LARGER 10 SMALLER 100000 SINCE 1-Jan-2020 NOT BEFORE 1-Jan-2020 ON 1-Jan-2020",
        b"SEARCH SAVEDSINCE 1-Jan-2020 OLDER 1 YOUNGER 5 MODSEQ 2 2:4 RECENT",
        b"SORT (ARRIVAL REVERSE SIZE) UTF-8 ALL",
        b"SORT (SUBJECT FROM DATE) UTF-8 SENTSINCE 1-Jan-2020",
        b"THREAD REFERENCES UTF-8 ALL",
    ):
        await client.ok(command)
    assert directory.database.round_trips.count == before
    await client.close()


async def test_blocks_serve_a_session(imap: Imap, person: Person, directory: MessageStore) -> None:
    account: Account = await directory.account(person.id)
    inbox = account.mailboxes.by_role("inbox")
    assert inbox is not None
    letters = [letter(f"Re: s{number % 5}", 1 + number % 9, f"Message-ID: <{number}@x>") for number in range(300)]
    await append_messages(account, inbox.id, [NewMessage(one) for one in letters])
    await directory.search_keeper.settle()
    client = await imap.client(person, b"INBOX")
    before = directory.database.round_trips.count
    assert said(await client.ok(b"SORT RETURN (COUNT) (SUBJECT DATE) UTF-8 TEXT s3")) == b"ESEARCH (TAG) COUNT 60"
    # Two blocks in one trip and the messages behind them in another, for the words and for the order; a part each.
    assert directory.database.round_trips.count - before <= 4
    threads = said(await client.ok(b"THREAD REFERENCES UTF-8 ALL"))
    assert sorted(map(int, re.findall(rb"\d+", threads))) == list(range(1, 301))
    await client.close()
