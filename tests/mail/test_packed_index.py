"""The packed view of a large mailbox: what it saves, and that it is never believed beyond its modseq."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from correio.mail.append import NewMessage, append_messages
from correio.mail.expunge import expunge_messages
from correio.mail.flags import FLAGGED, SEEN, flag_set
from correio.mail.mailbox_index import MailboxIndex, Row
from correio.mail.message_store import MessageStore
from correio.mail.packed_index import PACK_FROM, pack_index, unpack_index
from correio.mail.store_flags import FlagChange, store_flags
from correio.store.views import find_view
from tests.mail.conftest import message

COLUMNS = ("uids", "modseqs", "flags", "dates", "sizes", "saved")


def same(one: MailboxIndex, other: MailboxIndex) -> bool:
    return all(list(getattr(one, name)) == list(getattr(other, name)) for name in COLUMNS)


flags = st.frozensets(st.sampled_from([SEEN, FLAGGED, "$a", "$b"])).map(flag_set)
rows = st.lists(st.tuples(st.integers(1, 9), flags, st.integers(-5, 2**40), st.integers(0, 2**40)), max_size=50)


@given(rows)
def test_round_trip(drawn):
    uid = 0
    made = []
    for step, names, date, size in drawn:
        uid += step
        made.append(Row(uid, uid * 3, names, date, size, date + 1))
    index = MailboxIndex("B", 7, made)
    back = unpack_index("B", pack_index(index))
    assert back is not None
    assert same(index, back)
    assert back.modseq == 7


@given(st.binary(max_size=200))
def test_damage_is_not_believed(octets):
    assert unpack_index("B", octets) is None


async def test_a_cold_load_reads_the_view_and_what_changed_since(account, directory, data, database_uri):
    inbox = account.mailboxes.by_path("INBOX").id
    raw = message(1)
    for _ in range(-(-PACK_FROM // 500)):
        await append_messages(account, inbox, [NewMessage(raw) for _ in range(500)])
    ours = await account.index(inbox)

    async def cold():
        store = await MessageStore.open(directory.settings, database_uri)
        there = await store.account(account.id)
        index = await there.index(inbox)
        for _ in range(100):
            if await find_view(store.database, account.id, inbox) is not None:
                break
            await asyncio.sleep(0.05)
        assert same(index, ours)
        await store.close()

    await cold()
    first = await find_view(directory.database, account.id, inbox)
    assert first is not None
    await store_flags(account, inbox, [3, 5], FlagChange("add", flag_set({SEEN})))
    await expunge_messages(account, inbox, [4], only_deleted=False)
    await append_messages(account, inbox, [NewMessage(raw)])
    await cold()
    assert await find_view(directory.database, account.id, inbox) == first, "so little changed that it still serves"
