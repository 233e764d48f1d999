"""Finding words: the same with blocks and without, in few round trips, and nothing left of what is expunged."""

from __future__ import annotations

import base64
import quopri
import random

import msgspec
import pytest

from correio.mail.account import Account
from correio.mail.append import NewMessage, append_messages
from correio.mail.expunge import expunge_messages
from correio.mail.mailbox_commands import create_mailbox, delete_mailbox
from correio.mail.message_store import MessageStore
from correio.mail.move import move_messages
from correio.mail.retention import TOMBSTONES, sweep
from correio.mail.search import HeaderWords, TextWords, Words, find_words, load_records
from correio.mail.search_block import MOST_HEADER, MOST_TEXT, SPAN, SearchEntry, Section, pack_block
from correio.mail.search_block import find_words as find_in_section
from correio.mail.search_record import MOST_REFERENCES, search_record
from correio.mime.model import Summary
from correio.store.search_blocks import find_blocks
from tests.mail.conftest import message

HEAD = b"From: Ana <ana@x.example>\r\nMIME-Version: 1.0\r\n"


def part(kind: str, charset: str, encoding: str, text: str) -> bytes:
    octets = text.encode(charset)
    body = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}.get(encoding, bytes)(octets)
    return f"Content-Type: {kind}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body


def mixed(*parts: bytes) -> bytes:
    return (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\nPreamble\r\n"
        + b"".join(b"--b\r\n" + one + b"\r\n" for one in parts)
        + b"--b--\r\nEpilogue\r\n"
    )


ATTACHED = (
    b'Content-Type: application/pdf; name="Bericht.pdf"\r\nContent-Disposition: attachment\r\n\r\nbinary words\r\n'
)
INNER = b"Content-Type: message/rfc822\r\n\r\nSubject: =?utf-8?q?inner_gr=C3=BC=C3=9Fe?=\r\n\r\ninner text\r\n"
REPORT = b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n"
SPECIAL: dict[int, bytes] = {
    3: HEAD + part("text/plain", "koi8-r", "8bit", "Встреча в полдень"),
    4: HEAD + part("text/plain", "iso-2022-jp", "7bit", "日本語のテキスト"),
    5: HEAD + part("text/plain", "utf-16", "base64", "Größe ＷＩＤＥ"),
    6: mixed(part("text/plain", "utf-8", "quoted-printable", "caf\u00e9 au lait"), ATTACHED),
    7: mixed(part("text/html", "utf-8", "base64", "<p>M&uuml;ller <b>&amp;</b> Sons</p>"), INNER, REPORT),
    8: b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= aus\r\n =?iso-8859-1?q?K=F6ln?=\r\nX-Empty:\r\n\r\nplain\r\n",
    9: HEAD + b"Content-Type: text/plain; format=flowed\r\n\r\nbroken \r\nlines and\r\n>quoted\r\n",
    10: HEAD + b"Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\ntwo \r\nhalves\r\n",
    11: HEAD + b"Content-Transfer-Encoding: x-none\r\n\r\nopaque words\r\n",
    12: HEAD + part("text/plain", "utf-8", "base64", "needle in much text. " + "hay " * 3_000),
    13: HEAD + b"\r\n" + b"hay " * (MOST_TEXT // 4) + b"\r\nneedle beyond\r\n",
    14: b"From: a@x\r\nsubject : odd\r\nTo: a, b\r\nTo: c@second.example\r\n\r\n",
    16: b"Subject: fields\r\nand no field at all\r\nTo: a\r\n\r\nplain\r\n",
}
ASKED: list[tuple[Words, set[int]]] = [
    (TextWords("встреча", header=False), {3}),
    (TextWords("ВСТРЕЧА В", header=True), {3}),
    (TextWords("日本語", header=False), {4}),
    (TextWords("GRÖSSE wide", header=False), {5}),
    (TextWords("CAFE\u0301 AU", header=False), {6}),
    (TextWords("Bericht.PDF", header=True), {6}),
    (TextWords("bericht.pdf", header=False), set()),
    (TextWords("binary words", header=True), set()),
    (TextWords("preamble", header=False), set()),
    (TextWords("müller", header=False), {7}),
    (TextWords("<p>m&uuml;", header=False), {7}),
    (TextWords("inner grüsse", header=True), {7}),
    (TextWords("inner grüße", header=False), set()),
    (TextWords("inner text", header=False), {7}),
    (TextWords("reporting-mta", header=False), {7}),
    (TextWords("Grüße aus Köln", header=True), {8}),
    (HeaderWords("subject", "GRÜSSE AUS KÖLN"), {8}),
    (HeaderWords("x-empty", ""), {8}),
    (HeaderWords("x-empty", "x"), set()),
    (HeaderWords("subject", "inner"), set()),
    (TextWords("broken lines and", header=False), {9}),
    (TextWords("broken \r\nlines", header=False), {9}),
    (TextWords(">quoted", header=False), {9}),
    (TextWords("twohalves", header=False), {10}),
    (TextWords("opaque", header=True), set()),
    (TextWords("needle", header=False), {12, 13}),
    (HeaderWords("subject", "odd"), {14}),
    (HeaderWords("to", "c@second"), {14}),
    (HeaderWords("to", "b c@"), set()),
    (HeaderWords("subject", "message 1"), {1, 15, 17, 18, 19, *range(100, 141)}),
    (TextWords("no field at all", header=True), {16}),
    (HeaderWords("and", "field"), set()),
    (TextWords("", header=False), set(range(1, 141))),
]
COUNT = 140


async def filled(account: Account) -> str:
    """A mailbox of more than one block, of which one is whole."""
    mailbox = account.mailboxes.by_role("inbox")
    assert mailbox is not None
    raw = [SPECIAL.get(uid, message(uid)) for uid in range(1, COUNT + 1)]
    await append_messages(account, mailbox.id, [NewMessage(one, verbatim=True) for one in raw])
    return mailbox.id


async def blocks(account: Account, mailbox_id: str) -> set[int]:
    return set(await find_blocks(account.store.database, account.id, mailbox_id, list(range(5)), [Section.RECORDS]))


def forget(store: MessageStore) -> None:
    """Be a process that has just begun, as far as searches go."""
    for cache in (store.search_keeper.sections, store.search_keeper.records, store.documents):
        for key in list(cache._entries):
            cache.drop(key)  # type: ignore[arg-type]


async def test_the_same_is_found_with_blocks_and_without(account: Account) -> None:
    mailbox_id = await filled(account)
    store = account.store
    uids = list(range(1, COUNT + 1))
    loose = [await find_words(account, mailbox_id, uids, words) for words, _ in ASKED]
    assert loose == [expected for _, expected in ASKED]
    records = await load_records(account, mailbox_id, uids)
    await store.search_keeper.settle()
    assert await blocks(account, mailbox_id) == {0}
    for cold in (True, False):
        for words, expected in ASKED:
            if cold:
                forget(store)
            assert await find_words(account, mailbox_id, uids, words) == expected, words
            assert await find_words(account, mailbox_id, [3, 8, 130], words) == expected & {3, 8, 130}, words
        forget(store)
        assert await load_records(account, mailbox_id, uids) == records


async def test_a_search_reads_blocks_and_nothing_else(account: Account) -> None:
    mailbox_id = await filled(account)
    store = account.store
    await store.search_keeper.settle()
    uids = [uid for uid in range(1, SPAN) if uid != 13]
    await account.index(mailbox_id)
    for ask in (
        lambda: find_words(account, mailbox_id, uids, TextWords("needle", header=True)),
        lambda: find_words(account, mailbox_id, uids, HeaderWords("subject", "message")),
        lambda: load_records(account, mailbox_id, uids),
    ):
        forget(store)
        before = store.database.round_trips.count
        await ask()
        assert store.database.round_trips.count - before == 1
        await ask()
        assert store.database.round_trips.count - before == 1, "what was read is kept"


async def test_nothing_of_what_is_expunged_stays(account: Account, other_process: MessageStore) -> None:
    mailbox_id = await filled(account)
    store = account.store
    await store.search_keeper.settle()
    uids = list(range(1, COUNT + 1))
    await expunge_messages(account, mailbox_id, [4], only_deleted=False)
    archive = await create_mailbox(account, "Elsewhere")
    await move_messages(account, mailbox_id, [3], archive.id)
    await store.search_keeper.settle()
    held = (await find_blocks(store.database, account.id, mailbox_id, [0], list(Section)))[0]
    assert "встреча".encode() not in b"".join(held.values())
    forget(store)
    there = [uid for uid in uids if uid not in (3, 4)]
    assert await find_words(account, mailbox_id, there, TextWords("日本語", header=True)) == set()
    assert len(await load_records(account, mailbox_id, there)) == COUNT - 2
    assert 4 not in await load_records(account, mailbox_id, uids)
    assert await find_words(account, archive.id, [1], TextWords("встреча", header=True)) == {1}
    # What another process expunged goes with its tombstone at the latest.
    other = await other_process.account(account.id)
    await expunge_messages(other, mailbox_id, [6], only_deleted=False)
    other_process.search_keeper._waiting.clear()
    await sweep(store, store.now() + TOMBSTONES + 10)
    forget(store)
    assert 6 not in await load_records(account, mailbox_id, uids)
    await account.refresh()
    await expunge_messages(account, mailbox_id, uids, only_deleted=False)
    await store.search_keeper.settle()
    assert await blocks(account, mailbox_id) == set()


def test_a_block_fits_into_a_document_whatever_is_in_it() -> None:
    """Nothing here gets smaller, and what there is no room for is left to the messages."""
    chance = random.Random(7)
    record = search_record(0, "E", "T", Summary(), b"")
    entries = [
        SearchEntry(
            msgspec.structs.replace(record, uid=uid, references=[chance.randbytes(15_000).hex()]),
            chance.randbytes(MOST_HEADER),
            chance.randbytes(MOST_TEXT),
        )
        for uid in range(SPAN)
    ]
    sections = pack_block(entries)
    assert 12 * 2**20 < sum(map(len, sections.values())) < 16 * 2**20
    found = find_in_section(sections[Section.TEXTS], TextWords("", header=False))
    assert found.known == found.matching == set(range(len(found.known)))
    assert 0 < len(found.known) < SPAN


def test_endless_references_keep_their_ends() -> None:
    summary = Summary(references=[f"{number}@sender.example" for number in range(1000)])
    kept = search_record(1, "E", "T", summary, b"").references
    assert kept[0] == summary.references[0]
    assert kept[1:] == summary.references[-len(kept) + 1 :]
    assert sum(map(len, kept)) <= MOST_REFERENCES


async def test_blocks_go_with_their_mailbox(account: Account) -> None:
    mailbox = await create_mailbox(account, "Short lived")
    await append_messages(account, mailbox.id, [NewMessage(message(at)) for at in range(SPAN)])
    await account.store.search_keeper.settle()
    assert await blocks(account, mailbox.id) == {0}
    await delete_mailbox(account, mailbox.id)
    await account.store.bury_now(account.id, mailbox.id)
    assert await blocks(account, mailbox.id) == set()


async def test_a_search_that_misses_a_block_has_it_made(account: Account) -> None:
    mailbox_id = await filled(account)
    store = account.store
    await store.search_keeper.settle()
    await store.database["search_blocks"].delete_many({"account": account.id, "mailbox": mailbox_id})
    forget(store)
    assert await find_words(account, mailbox_id, list(range(1, COUNT + 1)), TextWords("встреча", header=False)) == {3}
    await store.search_keeper.settle()
    assert await blocks(account, mailbox_id) == {0}


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"x\x9c\x03\x00\x00\x00\x00\x01"])
async def test_a_damaged_block_is_passed_over(account: Account, damage: bytes) -> None:
    mailbox_id = await filled(account)
    store = account.store
    await store.search_keeper.settle()
    await store.database["search_blocks"].update_one(
        {"_id": f"{mailbox_id}:0"}, {"$set": {section.value: damage for section in Section}}
    )
    forget(store)
    uids = list(range(1, COUNT + 1))
    assert await find_words(account, mailbox_id, uids, TextWords("needle", header=True)) == {12, 13}
    assert len(await load_records(account, mailbox_id, uids)) == COUNT
    await expunge_messages(account, mailbox_id, [12], only_deleted=False)
    await store.search_keeper.settle()
    assert await blocks(account, mailbox_id) == set()
