"""Collection ``messages``, read by thread: who belongs to it, without what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from correio.store.database import Database, available, from_document

_IN: Final = 50
"""Ids in one ``$in``, as in ``messages.py``."""
_MEMBER: Final = {"_id": 1, "thread": 1, "mailbox": 1, "uid": 1, "modseq": 1, "flags": 1, "date": 1, "expunged": 1}


class ThreadMember(msgspec.Struct, frozen=True, rename={"id": "_id"}):
    """One message of a thread, as much as its place in the thread needs."""

    id: str
    thread: str
    mailbox: str
    uid: int
    modseq: int
    flags: list[str]
    date: int


async def find_thread_members(database: Database, account_id: str, thread_ids: Sequence[str]) -> list[ThreadMember]:
    """Return the messages of these threads of an account, without tombstones, by time of arrival."""
    found: list[ThreadMember] = []
    with available():
        for at in range(0, len(thread_ids), _IN):
            chunk = list(thread_ids[at : at + _IN])
            where = {
                "account": account_id,
                "thread": chunk[0] if len(chunk) == 1 else {"$in": chunk},
            }
            documents = await database["messages"].find(where, _MEMBER).to_list(None)
            found += [from_document(ThreadMember, document) for document in documents if not document["expunged"]]
    return sorted(found, key=lambda member: (member.date, member.id))
