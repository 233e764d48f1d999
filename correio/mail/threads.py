"""Threads: which messages belong together."""

from __future__ import annotations

from collections.abc import Iterable

from correio.ids import Kind, is_id
from correio.mail.account import Account
from correio.store.threads import ThreadMember
from correio.store.threads import find_thread_members as load_thread_members

__all__ = ["ThreadMember", "find_thread_members"]


async def find_thread_members(account: Account, thread_ids: Iterable[str]) -> dict[str, list[ThreadMember]]:
    """Return the messages of each thread of an account by time of arrival. Threads without messages are left out.

    One round trip for fifty threads. Raises UnavailableError.
    """
    wanted = [thread_id for thread_id in dict.fromkeys(thread_ids) if is_id(thread_id, Kind.THREAD)]
    threads: dict[str, list[ThreadMember]] = {}
    if wanted:
        for member in await load_thread_members(account.store.database, account.id, wanted):
            threads.setdefault(member.thread, []).append(member)
    return threads
