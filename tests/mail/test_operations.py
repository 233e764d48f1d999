"""Every operation of the mail core: its result, the counts it leaves, and its round trips."""

from __future__ import annotations

import asyncio
import base64
import os
import random

import pytest

from correio.errors import (
    AlreadyExistsError,
    ForbiddenError,
    InvalidInputError,
    LimitError,
    NotFoundError,
    QuotaExceededError,
    StateMismatchError,
    TooLargeError,
    UnavailableError,
)
from correio.ids import Kind, derived_id
from correio.mail.account import Account
from correio.mail.append import AddMessages, NewMessage, append_messages, item_for
from correio.mail.copy import copy_messages
from correio.mail.deliver import deliver
from correio.mail.expunge import expunge_messages
from correio.mail.fetch import fetch_messages, fetch_structures, find_message, find_messages
from correio.mail.flags import DELETED, FLAGGED, NO_FLAGS, SEEN, flag_set
from correio.mail.ingest import ingest
from correio.mail.mailbox_commands import (
    clear_recent,
    create_mailbox,
    delete_mailbox,
    rename_mailbox,
    subscribe,
)
from correio.mail.message_store import MessageStore
from correio.mail.move import move_messages
from correio.mail.routing import resolve_recipient
from correio.mail.store_flags import FlagChange, store_flags
from correio.mail.update_messages import MessageUpdate, destroy_messages, update_messages
from correio.store.accounts import update_account
from tests.mail.conftest import message


def box(account: Account, path: str) -> str:
    found = account.mailboxes.by_path(path)
    assert found is not None, path
    return found.id


async def fill(account: Account, count: int, path: str = "INBOX", flags=NO_FLAGS) -> list[int]:
    done = await append_messages(account, box(account, path), [NewMessage(message(at), flags) for at in range(count)])
    return [one.uid for one in done]


async def consistent(account: Account) -> None:
    """The counters and the index are what the messages say, read anew from the database."""
    store = await MessageStore.open(account.store.settings, await uri_of(account.store))
    try:
        fresh = await store.account(account.id)
        assert fresh.modseq == account.modseq
        assert [one.path for one in fresh.mailboxes] == [one.path for one in account.mailboxes]
        used = messages = 0
        for mailbox in fresh.mailboxes:
            index = await fresh.index(mailbox.id)
            ours = await account.index(mailbox.id)
            for column in ("uids", "modseqs", "flags", "dates", "sizes", "saved"):
                assert list(getattr(index, column)) == list(getattr(ours, column)), (mailbox.path, column)
            live = account.mailbox(mailbox.id)
            for name in ("uidnext", "modseq", "exists", "unseen", "size", "keywords", "subscribed", "uidvalidity"):
                assert getattr(mailbox, name) == getattr(live, name), (mailbox.path, name)
            assert mailbox.exists == len(index)
            assert mailbox.unseen == sum(not flags.seen for flags in index.flags)
            assert mailbox.size == sum(index.sizes)
            assert all(modseq <= mailbox.modseq <= fresh.modseq for modseq in index.modseqs)
            used += mailbox.size
            messages += mailbox.exists
        assert (fresh.used, fresh.messages) == (used, messages)
    finally:
        await store.close()


async def uri_of(store: MessageStore) -> str:
    host, port = next(iter(store.database.client.nodes))
    return f"mongodb://{host}:{port}/?directConnection=true"


class Trips:
    def __init__(self, account: Account) -> None:
        self._counter = account.store.database.round_trips
        self._start = self._counter.count

    @property
    def made(self) -> int:
        return self._counter.count - self._start


async def test_append_counts_and_costs(account):
    trips = Trips(account)
    done = await append_messages(account, box(account, "INBOX"), [NewMessage(message(1), flag_set({SEEN}), 1_000_000)])
    assert trips.made == 4
    assert done[0].uid == 1
    assert done[0].modseq == account.modseq
    inbox = account.mailboxes.by_path("inbox")
    assert (inbox.exists, inbox.unseen, inbox.uidnext, account.messages) == (1, 0, 2, 1)
    read = await find_message(account, done[0].id)
    assert await read.read() == message(1)
    assert (read.date, read.flags, read.parsed.summary.subject) == (1_000_000, flag_set({SEEN}), "message 1")
    await consistent(account)


async def test_bare_line_ends_become_crlf_unless_verbatim(account):
    inbox = box(account, "INBOX")
    raw = b"Subject: x\n\none\rtwo\r\nthree\n"
    plain, verbatim = await append_messages(account, inbox, [NewMessage(raw), NewMessage(raw, verbatim=True)])
    found = await find_messages(account, [plain.id, verbatim.id])
    assert await found[plain.id].read() == b"Subject: x\r\n\r\none\r\ntwo\r\nthree\r\n"
    assert await found[verbatim.id].read() == raw


@pytest.mark.parametrize("width", [76, 64, 60, 4, 0])
async def test_large_parts_come_back_whole_and_in_ranges(account, width):
    data = os.urandom(2_500_000)
    encoded = base64.b64encode(data)
    if width:
        step = width
        encoded = b"\r\n".join(encoded[at : at + step] for at in range(0, len(encoded), step))
    head = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    raw = head + encoded + b"\r\n"
    done = await append_messages(account, box(account, "INBOX"), [NewMessage(raw)])
    stored = await find_message(account, done[0].id)
    assert len(stored.document.source) < 1000
    assert await stored.read() == raw
    assert b"".join([piece async for piece in stored.stream()]) == raw
    random_ = random.Random(width)
    for _ in range(12):
        start = random_.randrange(len(raw))
        end = min(len(raw), start + random_.choice([1, 10, 5_000, 700_000]))
        assert await stored.read(start, end) == raw[start:end]
    assert await stored.read(len(raw) - 3, len(raw) + 10) == raw[-3:]
    assert await stored.decoded(stored.parsed.parts[0]) == data


async def test_equal_content_is_kept_once(account, directory, new_person):
    other = await directory.account((await new_person()).id)
    data = base64.encodebytes(os.urandom(30_000)).replace(b"\n", b"\r\n")
    head = b"Subject: %d\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    one = await append_messages(account, box(account, "INBOX"), [NewMessage(head % 1 + data)])
    two = await append_messages(other, box(other, "INBOX"), [NewMessage(head % 2 + data)])
    first, second = await find_message(account, one[0].id), await find_message(other, two[0].id)
    assert first.document.content == second.document.content != []
    assert await second.read() == head % 2 + data


async def test_many_whole_messages_take_few_round_trips(account):
    raw = [b"X: %d\r\n\r\n" % at + b"%d " % at * 20_000 for at in range(20)]
    done = await append_messages(account, box(account, "INBOX"), [NewMessage(one) for one in raw])
    uids = [one.uid for one in done]
    trips = Trips(account)
    got = []
    async for batch in fetch_messages(account, box(account, "INBOX"), uids, whole=True):
        got += [await one.read() for one in batch]
    assert got == raw
    assert trips.made <= 6


async def test_limits_are_told(account, directory):
    inbox = box(account, "INBOX")
    with pytest.raises(InvalidInputError):
        await append_messages(account, inbox, [NewMessage(b"")])
    with pytest.raises(TooLargeError):
        await append_messages(account, inbox, [NewMessage(bytes(account.store.settings.limits.message_size + 1))])
    with pytest.raises(NotFoundError):
        await append_messages(account, "Bnope", [NewMessage(message())])
    many = flag_set({f"k{at}" for at in range(account.store.settings.limits.keywords + 1)})
    with pytest.raises(LimitError):
        await append_messages(account, inbox, [NewMessage(message(), many)])
    await update_account(directory.database, account.id, quota=300)
    await account.refresh()
    await fill(account, 1)
    with pytest.raises(QuotaExceededError):
        await fill(account, 2)
    await consistent(account)


async def test_flags(account):
    uids = await fill(account, 5)
    inbox = box(account, "INBOX")
    trips = Trips(account)
    result = await store_flags(account, inbox, [*uids[:3], 99], FlagChange("add", flag_set({SEEN, "$Work"})))
    assert [row.uid for row in result.updated] == uids[:3]
    assert trips.made <= 5
    before = account.modseq
    again = await store_flags(account, inbox, uids[:3], FlagChange("add", flag_set({SEEN})))
    assert len(again.updated) == 3
    assert account.modseq == before, "nothing changed, so no clock moved"
    other_case = await store_flags(account, inbox, [uids[3]], FlagChange("replace", flag_set({"$WORK"})))
    assert other_case.updated[0].flags == flag_set({"$Work"}), "a keyword keeps its first spelling"
    late = await store_flags(
        account, inbox, uids, FlagChange("remove", flag_set({"$work"})), unchanged_since=before - 1
    )
    assert late.modified == uids[:4]
    await store_flags(account, inbox, uids, FlagChange("remove", flag_set({"$work", SEEN})))
    assert account.mailbox(inbox).unseen == 5
    await consistent(account)


async def test_two_changes_of_one_group_have_their_own_modseq(account):
    uids = await fill(account, 1)
    inbox = box(account, "INBOX")
    changes = [store_flags(account, inbox, uids, FlagChange("add", flag_set({f"$k{at}"}))) for at in range(6)]
    results = await asyncio.gather(*changes)
    seen = [result.updated[0].modseq for result in results]
    assert len(set(seen)) == 6
    assert sorted(seen)[-1] == account.modseq
    await consistent(account)


async def test_copy_move_and_expunge(account):
    uids = await fill(account, 6, flags=flag_set({FLAGGED}))
    inbox, archive, trash = box(account, "INBOX"), box(account, "Archive"), box(account, "Trash")
    source = await find_by_uid(account, inbox, uids[0])
    copied = await copy_messages(account, inbox, uids[:2], archive)
    assert copied.pairs == [(uids[0], 1), (uids[1], 2)]
    copy = await find_by_uid(account, archive, 1)
    assert (copy.email, copy.thread, copy.date, copy.flags) == (source.email, source.thread, source.date, source.flags)
    assert copy.id != source.id
    trips = Trips(account)
    moved = await move_messages(account, inbox, [*uids[2:5], 77], trash)
    assert trips.made <= 6
    assert moved.pairs == [(uids[2], 1), (uids[3], 2), (uids[4], 3)]
    assert list((await account.index(inbox)).uids) == [uids[0], uids[1], uids[5]]
    assert await expunge_messages(account, trash) == [], "only what is flagged \\Deleted goes"
    await store_flags(account, trash, [1, 3], FlagChange("add", flag_set({DELETED})))
    assert await expunge_messages(account, trash, [1, 2]) == [1]
    assert await expunge_messages(account, trash) == [3]
    assert await expunge_messages(account, trash, only_deleted=False, uids=[2]) == [2]
    assert (await account.index(trash)).removed_since(0) is None or account.mailbox(trash).exists == 0
    await consistent(account)


async def find_by_uid(account, mailbox_id, uid):
    async for batch in fetch_messages(account, mailbox_id, [uid]):
        for one in batch:
            return one
    raise AssertionError(uid)


async def test_a_move_keeps_the_id(account):
    done = await append_messages(account, box(account, "INBOX"), [NewMessage(message())])
    await move_messages(account, box(account, "INBOX"), [1], box(account, "Archive"))
    found = await find_message(account, done[0].id)
    assert (found.mailbox, found.uid, found.email) == (box(account, "Archive"), 1, done[0].email)
    async for batch in fetch_messages(account, box(account, "INBOX"), [1]):
        assert batch == [], "the place it left holds a tombstone"
    await move_messages(account, box(account, "Archive"), [1], box(account, "Archive"))
    assert (await find_message(account, done[0].id)).uid == 2
    await consistent(account)


async def test_updates_by_id(account):
    done = await append_messages(account, box(account, "INBOX"), [NewMessage(message(at)) for at in range(3)])
    ids = [one.id for one in done]
    archive = box(account, "Archive")
    update = MessageUpdate(add=frozenset({FLAGGED}), move_to=archive)
    result = await update_messages(account, [*ids[:2], "Mnope", ids[0]], update)
    assert result.missing == ["Mnope"]
    assert {one.mailbox for one in result.updated.values()} == {archive}
    old = (await find_message(account, ids[0])).modseq
    await update_messages(account, [ids[0]], MessageUpdate(replace=frozenset({SEEN})), if_modseq=old)
    with pytest.raises(StateMismatchError):
        await update_messages(account, [ids[0]], MessageUpdate(), if_modseq=old)
    with pytest.raises(NotFoundError):
        await update_messages(account, [ids[2]], MessageUpdate(move_to="Bnope"))
    both = await asyncio.gather(
        update_messages(account, [ids[2]], MessageUpdate(move_to=archive)),
        update_messages(account, [ids[2]], MessageUpdate(add=frozenset({SEEN}))),
    )
    assert all(ids[2] in one.updated for one in both), "the second waits for the first and finds it where it went"
    gone = await destroy_messages(account, [ids[1], "Mnope"])
    assert list(gone.updated) == [ids[1]]
    with pytest.raises(NotFoundError):
        await find_message(account, ids[1])
    await consistent(account)


async def test_mailboxes(account):
    made = await create_mailbox(account, "A/B/Ação")
    assert [one.path for one in account.mailboxes if one.path.startswith("A")] == ["A", "A/B", "A/B/Ação", "Archive"]
    with pytest.raises(AlreadyExistsError):
        await create_mailbox(account, "inBOX")
    for bad in ("", "a//b", "x" * 300, "a\nb", "/".join("a" * 40)):
        with pytest.raises(InvalidInputError):
            await create_mailbox(account, bad)
    await fill(account, 2, "A/B")
    await rename_mailbox(account, box(account, "A"), "Z/A2")
    assert account.mailbox(made.id).path == "Z/A2/B/Ação"
    assert account.mailboxes.by_path("Z/A2/B").exists == 2
    with pytest.raises(ForbiddenError):
        await rename_mailbox(account, box(account, "Z"), "Z/A2/Q")
    validity = account.mailboxes.by_path("Z/A2/B").uidvalidity
    await delete_mailbox(account, box(account, "Z/A2/B"))
    name = account.mailboxes.by_path("Z/A2/B")
    assert (name.selectable, name.exists, account.messages) == (False, 0, 0)
    with pytest.raises(ForbiddenError):
        await append_messages(account, name.id, [NewMessage(message())])
    again = await create_mailbox(account, "Z/A2/B")
    assert again.uidvalidity > validity
    with pytest.raises(ForbiddenError):
        await delete_mailbox(account, box(account, "INBOX"))
    await consistent(account)


async def test_renaming_inbox_moves_its_messages(account):
    await fill(account, 3)
    await create_mailbox(account, "INBOX/Child")
    target = await rename_mailbox(account, box(account, "INBOX"), "Old")
    assert (target.exists, account.mailboxes.by_path("INBOX").exists) == (3, 0)
    assert account.mailboxes.by_path("INBOX/Child") is not None
    await consistent(account)


async def test_subscriptions_outlive_their_mailbox(account):
    await subscribe(account, "Later", True)
    assert account.document.dangling_subscriptions == ["Later"]
    made = await create_mailbox(account, "Later")
    assert made.subscribed
    await delete_mailbox(account, made.id)
    assert account.document.dangling_subscriptions == ["Later"]
    await subscribe(account, "later", True)
    await subscribe(account, "Later", False)
    with pytest.raises(NotFoundError):
        await subscribe(account, "Later", False)


async def test_recent_is_told_once(account):
    await fill(account, 2)
    inbox = box(account, "INBOX")
    assert await clear_recent(account, inbox, 3) == 1
    assert await clear_recent(account, inbox, 3) == 3
    await fill(account, 1)
    assert account.mailbox(inbox).first_recent == 3


async def test_delivery(account, directory, new_person):
    people = [await directory.account((await new_person()).id) for _ in range(3)]
    to = [await resolve_recipient(directory, one.address.replace("@", "+tag@").upper()) for one in people]
    trips = Trips(account)
    assert await deliver(directory, message(7), "a@b.example", to, b"Received: by us\r\n") == [None] * 3
    assert trips.made <= 4
    for one, recipient in zip(people, to, strict=True):
        stored = await find_by_uid(one, box(one, "INBOX"), 1)
        head = f"Return-Path: <a@b.example>\r\nDelivered-To: {recipient.address}\r\nReceived: by us\r\n"
        assert await stored.read() == head.encode() + message(7)
        assert stored.parsed.summary.subject == "message 7"
    with pytest.raises(ForbiddenError):
        await resolve_recipient(directory, "a@elsewhere.example")
    with pytest.raises(NotFoundError):
        await resolve_recipient(directory, "nobody@correio.test")


@pytest.mark.parametrize("all_or_none", [True, False])
async def test_delivery_to_many_when_one_has_no_room(account, directory, new_person, all_or_none):
    other = await directory.account((await new_person()).id)
    await update_account(directory.database, other.id, quota=10)
    await other.refresh()
    to = [await resolve_recipient(directory, one.address) for one in (account, other)]
    done = await deliver(directory, message(1), "a@b.example", to, b"", all_or_none=all_or_none)
    assert isinstance(done[1], QuotaExceededError)
    inbox = account.mailboxes.by_path("INBOX")
    if all_or_none:
        assert isinstance(done[0], UnavailableError)
        assert inbox.exists == 0
    else:
        assert done[0] is None
        assert inbox.exists == 1
    await consistent(account)
    await consistent(other)


async def test_a_delivery_to_many_is_one_transaction(account, directory, new_person):
    people = [account, *[await directory.account((await new_person()).id) for _ in range(30)]]
    to = [await resolve_recipient(directory, one.address) for one in people]
    # Something of every account is under way, so that they do not become free all at once.
    rivals = [asyncio.create_task(fill(one, 1)) for one in people]
    await asyncio.sleep(0)
    groups = directory.committer.statistics.groups
    assert await deliver(directory, message(1), "a@b.example", to, b"") == [None] * 31
    await asyncio.gather(*rivals)
    assert directory.committer.statistics.groups - groups <= 2
    for one in people:
        await consistent(one)


async def test_threads(account):
    inbox = box(account, "INBOX")
    root = message(1)
    first = message(2, extra="In-Reply-To: <1@sender.example>\r\n")
    second = message(3, extra="In-Reply-To: <2@sender.example>\r\n")
    third = message(4, extra="References: <1@sender.example> <3@sender.example>\r\n")
    done = [(await append_messages(account, inbox, [NewMessage(one)]))[0] for one in (third, root, first, second)]
    assert len({one.thread for one in done}) == 1
    other = await append_messages(account, inbox, [NewMessage(message(9))])
    assert other[0].thread != done[0].thread


async def test_threads_within_one_large_batch(account):
    """More answers than one look-up takes, each naming its parent alone, all added at once."""
    chain = [message(0)]
    chain += [message(at, extra=f"In-Reply-To: <{at - 1}@sender.example>\r\n") for at in range(1, 121)]
    inbox = box(account, "INBOX")
    done = await append_messages(account, inbox, [NewMessage(one) for one in chain])
    assert len({one.thread for one in done}) == 1
    answers = [message(1000 + at, extra=f"In-Reply-To: <{at}@sender.example>\r\n") for at in range(120)]
    later = await append_messages(account, inbox, [NewMessage(one) for one in answers])
    assert {one.thread for one in later} == {done[0].thread}


async def test_a_retried_append_meets_itself(account):
    """What happens after a commit whose outcome was unknown: the same plan is made again, against what is stored."""
    ingested = await ingest(account.store, message(5))
    inbox = box(account, "INBOX")

    def operation():
        item = item_for(
            account, ingested, key=("k",), email=derived_id(Kind.EMAIL, "k"), flags=NO_FLAGS, date=1, saved=1
        )
        return AddMessages(account, inbox, [item])

    one = await account.store.committer.submit(operation())
    two = await account.store.committer.submit(operation())
    assert one == two
    assert account.mailbox(inbox).exists == 1
    await consistent(account)


async def test_structures_are_read_once(account):
    uids = await fill(account, 10)
    inbox = box(account, "INBOX")
    trips = Trips(account)
    for expected in (1, 0):
        got = [one async for batch in fetch_structures(account, inbox, uids) for one in batch]
        assert [uid for uid, _, _ in got] == uids
        assert got[0][1].startswith(b"(")
        assert trips.made == expected
        trips = Trips(account)


async def test_two_processes_on_one_account(account, other_process):
    """Both write at once; each ends with what the database says, and nobody saw a UID twice."""
    there = await other_process.account(account.id)
    inbox = box(account, "INBOX")
    await asyncio.gather(account.index(inbox), there.index(inbox))
    heard = asyncio.Event()
    stop = there.watch(heard.set)

    async def write(one: Account, seed: int) -> list[int]:
        chance = random.Random(seed)
        uids: list[int] = []
        for at in range(25):
            uids.append((await append_messages(one, inbox, [NewMessage(message(at))]))[0].uid)
            known = list((await one.index(inbox)).uids)
            choice = chance.random()
            if choice < 0.3:
                await store_flags(
                    one, inbox, chance.sample(known, min(3, len(known))), FlagChange("add", flag_set({SEEN}))
                )
            elif choice < 0.5:
                await expunge_messages(one, inbox, [chance.choice(known)], only_deleted=False)
            elif choice < 0.6:
                await move_messages(one, inbox, [chance.choice(known)], box(one, "Archive"))
        return uids

    ours, theirs, more = await asyncio.gather(write(account, 1), write(there, 2), write(account, 3))
    given = ours + theirs + more
    assert len(set(given)) == len(given)
    assert theirs == sorted(theirs)
    await asyncio.gather(account.refresh(), there.refresh())
    for column in ("uids", "modseqs", "flags"):
        assert list(getattr(await account.index(inbox), column)) == list(getattr(await there.index(inbox), column))
    await consistent(account)
    heard.clear()
    await fill(account, 1)
    await asyncio.wait_for(heard.wait(), 10)
    stop()


async def test_a_closed_account_is_gone_for_everybody(account, other_process, directory):
    there = await other_process.account(account.id)
    told = asyncio.Event()
    there.watch(lambda: told.set() if there.closed else None)
    await update_account(directory.database, account.id, disabled=True)
    await asyncio.wait_for(told.wait(), 10)
    with pytest.raises(NotFoundError):
        await other_process.account(account.id)
    with pytest.raises(NotFoundError):
        await fill(account, 1)
