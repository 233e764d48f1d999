"""Annotations in the mail core: rivals, other processes, what is remembered of removed entries, and round trips."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from correio.errors import LimitError, NotFoundError
from correio.mail.account import Account
from correio.mail.annotations import annotations_since, read_annotations, set_annotations
from correio.mail.mailbox_commands import create_mailbox, delete_mailbox
from correio.mail.message_store import MessageStore
from correio.store.accounts import delete_account
from tests.conftest import NewPerson


def inbox(account: Account) -> str:
    found = account.mailboxes.by_role("inbox")
    assert found is not None
    return found.id


async def attempt(account: Account, entry: str) -> bool:
    try:
        await set_annotations(account, inbox(account), {entry: b"x"})
    except LimitError:
        return False
    return True


async def test_rivals_together_stay_within_the_bound(account: Account, other_process: MessageStore) -> None:
    """Entries of their own from two processes, eight at once each: no more than there may be."""
    limit = account.store.settings.limits.annotations
    rival = await other_process.account(account.id)
    await set_annotations(account, inbox(account), {f"/private/old/{at}": b"" for at in range(limit - 5)})
    done = await asyncio.gather(
        *(attempt(one, f"/private/{at}/{name}") for name, one in (("a", account), ("b", rival)) for at in range(8))
    )
    assert sum(done) == 5
    assert len(await read_annotations(account, inbox(account))) == limit
    await account.refresh()
    assert account.document.annotation_size == 5
    assert account.mailbox(inbox(account)).annotation_size == 5


async def test_round_trips(account: Account) -> None:
    counter = account.store.database.round_trips

    async def trips(work: Awaitable[object]) -> int:
        before = counter.count
        await work
        return counter.count - before

    # What is known of the mailbox; then the transaction: account, mailbox, entries, commit.
    assert await trips(set_annotations(account, inbox(account), {"/private/a": b"1", "/private/b": b"2"})) <= 5
    assert await trips(set_annotations(account, inbox(account), {"/private/none": None})) == 1
    assert await trips(read_annotations(account, inbox(account), ["/private/a"])) == 1
    assert await trips(read_annotations(account, inbox(account))) == 1
    assert await trips(annotations_since(account, 0)) == 1


async def test_another_process_sees_and_hears(account: Account, other_process: MessageStore) -> None:
    rival = await other_process.account(account.id)
    before = rival.modseq
    modseq = await set_annotations(account, inbox(account), {"/private/a": b"1", "/private/b": b"2"})
    await set_annotations(account, "", {"/private/c": b"3"})
    await rival.refresh()
    assert rival.document.annotated == modseq + 1
    assert {(one.mailbox, one.entry) for one in await annotations_since(rival, before)} == {
        (inbox(account), "/private/a"),
        (inbox(account), "/private/b"),
        ("", "/private/c"),
    }
    assert [one.entry for one in await annotations_since(rival, modseq)] == ["/private/c"]
    assert await read_annotations(rival, inbox(account)) == {"/private/a": b"1", "/private/b": b"2"}
    assert await read_annotations(rival, inbox(account), ["/private/b", "/private/z"]) == {"/private/b": b"2"}


async def test_removed_entries_are_remembered_to_a_bound(account: Account, directory: MessageStore) -> None:
    limit = directory.settings.limits.annotations
    for start in (0, 1000):
        names = [f"/private/x/{start + at}" for at in range(limit)]
        await set_annotations(account, inbox(account), dict.fromkeys(names, b"x"))
        await set_annotations(account, inbox(account), dict.fromkeys(names, None))
    known = await annotations_since(account, 0)
    assert {one.entry for one in known} == set(names)
    assert not any(one.alive for one in known)
    # A removed entry that is set again is one entry, and alive.
    await set_annotations(account, inbox(account), {names[0]: b"y"})
    assert await read_annotations(account, inbox(account)) == {names[0]: b"y"}
    assert len(await annotations_since(account, 0)) == limit
    assert account.document.annotation_size == 1


async def test_a_deleted_mailbox_takes_its_octets_along(account: Account, directory: MessageStore) -> None:
    mailbox = await create_mailbox(account, "one/two")
    parent = account.mailboxes.by_path("one")
    assert parent is not None
    await set_annotations(account, mailbox.id, {"/private/a": b"123"})
    await set_annotations(account, parent.id, {"/private/a": b"12345"})
    assert account.document.annotation_size == 8
    await delete_mailbox(account, parent.id)
    assert account.document.annotation_size == 3
    name = account.mailboxes.by_path("one")
    assert name is not None
    assert name.annotation_size == 0
    with pytest.raises(NotFoundError):
        await read_annotations(account, parent.id)
    with pytest.raises(NotFoundError):
        await set_annotations(account, parent.id, {"/private/a": b""})
    await delete_mailbox(account, mailbox.id)
    assert account.document.annotation_size == 0


async def test_another_account_has_none_of_it(account: Account, directory: MessageStore, new_person: NewPerson) -> None:
    other = await directory.account((await new_person()).id)
    await set_annotations(account, inbox(account), {"/private/a": b"secret"})
    await set_annotations(account, "", {"/private/a": b"secret"})
    for entries in (None, ["/private/a"]):
        with pytest.raises(NotFoundError):
            await read_annotations(other, inbox(account), entries)
        assert await read_annotations(other, "", entries) == {}
    with pytest.raises(NotFoundError):
        await set_annotations(other, inbox(account), {"/private/a": b""})
    assert await annotations_since(other, 0) == []
    await set_annotations(other, inbox(other), {"/private/a": b"x"})
    await delete_account(directory.database, other.id)
    assert await directory.database["annotations"].find_one({"account": other.id}) is None
