"""Housekeeping: what goes, what stays, and what is told afterwards."""

from __future__ import annotations

import os

from correio.mail.append import NewMessage, append_messages
from correio.mail.expunge import expunge_messages
from correio.mail.fetch import find_message
from correio.mail.mailbox_commands import create_mailbox, delete_mailbox
from correio.mail.retention import DAY, ORPHANED, TOMBSTONES, sweep
from correio.store.messages import states_since
from correio.store.parts import get_parts
from tests.mail.conftest import message


def large() -> bytes:
    return b"Subject: large\r\n\r\n" + os.urandom(30_000).hex().encode()


async def test_tombstones_go_and_the_floor_rises(account, directory):
    inbox = account.mailboxes.by_path("INBOX").id
    await append_messages(account, inbox, [NewMessage(message(at)) for at in range(3)])
    before = account.modseq
    await expunge_messages(account, inbox, [2], only_deleted=False)
    now = directory.now()
    await sweep(directory, now)
    assert [one.uid for one in await states_since(directory.database, account.id, inbox, before)] == [2]
    await sweep(directory, now + TOMBSTONES + 60)
    assert await states_since(directory.database, account.id, inbox, before) == []
    await account.refresh()
    assert account.document.floor > before
    assert list((await account.index(inbox)).uids) == [1, 3]


async def test_content_goes_after_its_last_message(account, directory):
    inbox = account.mailboxes.by_path("INBOX").id
    kept, lost = await append_messages(account, inbox, [NewMessage(large()), NewMessage(large())])
    digests = {one.id: (await find_message(account, one.id)).document.content[0] for one in (kept, lost)}
    await expunge_messages(account, inbox, [lost.uid], only_deleted=False)
    later = directory.now() + 2 * DAY
    first = await sweep(directory, later)
    assert first.marked >= 1
    assert await get_parts(directory.database, [digests[lost.id]])
    await sweep(directory, later + ORPHANED)
    assert not await get_parts(directory.database, [digests[lost.id]])
    assert await (await find_message(account, kept.id)).read()


async def test_content_written_again_between_the_passes_stays(account, directory):
    inbox = account.mailboxes.by_path("INBOX").id
    raw = large()
    first = await append_messages(account, inbox, [NewMessage(raw)])
    await expunge_messages(account, inbox, [first[0].uid], only_deleted=False)
    later = directory.now() + 2 * DAY
    await sweep(directory, later)
    again = await append_messages(account, inbox, [NewMessage(raw)])
    await sweep(directory, later + ORPHANED)
    assert await (await find_message(account, again[0].id)).read() == raw


async def test_a_deleted_mailbox_is_buried(account, directory):
    made = await create_mailbox(account, "Gone")
    await append_messages(account, made.id, [NewMessage(message(at)) for at in range(5)])
    await delete_mailbox(account, made.id)
    await sweep(directory, directory.now())
    assert await states_since(directory.database, account.id, made.id, 0) == []
    assert (await sweep(directory, directory.now())).mailboxes == 0
