"""Searching the text of messages, and reading what they are sorted by: from blocks, and where there is none from the messages."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

import msgspec

from correio.mail.account import Account
from correio.mail.fetch import StoredMessage, fetch_messages
from correio.mail.mailbox_index import MailboxIndex
from correio.mail.search_block import SPAN, WORTH_IT, Section, unpack_records
from correio.mail.search_block import find_words as find_in_section
from correio.mail.search_keeper import record_of
from correio.mail.search_record import SearchRecord
from correio.mail.search_source import searchables
from correio.mail.searchable import HeaderWords, Searchable, TextWords, Words, matches
from correio.store.search_blocks import find_blocks

__all__ = ["HeaderWords", "SearchRecord", "TextWords", "Words", "find_words", "load_records"]

_AT_ONCE: Final = 8
"""Blocks read in one round trip: at most some 100 MiB in memory, and most often one."""
_FEW: Final = 8
"""So few messages of a block are read themselves, unless the block is at hand."""
_LOOSE: Final = 64
"""Messages matched in one go of a worker thread."""
_RECORD: Final = 500
"""About the octets of a record in memory, without its texts."""


class _Plan(msgspec.Struct):
    blocks: list[tuple[int, list[int]]]
    """Numbers of blocks that may be there, and which of their UIDs are asked for."""
    loose: list[int]
    """UIDs of no block."""


def _plan(index: MailboxIndex, uids: Sequence[int]) -> _Plan:
    plan = _Plan([], [])
    last = index.uids[-1] if len(index) else 0
    at = 0
    while at < len(uids):
        number = uids[at] // SPAN
        end = bisect_left(uids, (number + 1) * SPAN, at)
        some = list(uids[at:end])
        present = bisect_right(index.uids, (number + 1) * SPAN - 1) - bisect_left(index.uids, number * SPAN)
        if last >= (number + 1) * SPAN - 1 and present >= WORTH_IT:
            plan.blocks.append((number, some))
        else:
            plan.loose += some
        at = end
    return plan


async def _load(
    account: Account, mailbox_id: str, blocks: Sequence[tuple[int, list[int]]], sections: Sequence[Section]
) -> dict[int, tuple[bytes, ...]]:
    """Return these sections of the blocks that are there."""
    cache = account.store.search_keeper.sections
    found: dict[int, tuple[bytes, ...]] = {}
    missing: list[int] = []
    for number, uids in blocks:
        held = [cache.get((mailbox_id, number, section)) for section in sections]
        packed = tuple(one for one in held if one is not None)
        if len(packed) == len(sections):
            found[number] = packed
        elif len(uids) >= _FEW:
            missing.append(number)
    if missing:
        read = await find_blocks(account.store.database, account.id, mailbox_id, missing, sections)
        for number, one in read.items():
            found[number] = tuple(one[section] for section in sections)
            for section in sections:
                cache.put((mailbox_id, number, section), one[section], len(one[section]) + 200)
        for number in missing:
            if number not in read:
                account.store.search_keeper.want(account.id, mailbox_id, number)
    return found


async def _batches(
    account: Account, mailbox_id: str, plan: _Plan, sections: Sequence[Section]
) -> AsyncIterator[list[tuple[list[int], tuple[bytes, ...]]]]:
    """Yield (UIDs asked for, sections) of the blocks that are there, reading ahead; the others' UIDs become loose."""
    batches = [plan.blocks[at : at + _AT_ONCE] for at in range(0, len(plan.blocks), _AT_ONCE)]
    if not batches:
        return
    task = asyncio.create_task(_load(account, mailbox_id, batches[0], sections))
    try:
        for at, batch in enumerate(batches):
            loaded = await task
            if at + 1 < len(batches):
                task = asyncio.create_task(_load(account, mailbox_id, batches[at + 1], sections))
            plan.loose += [uid for number, uids in batch if number not in loaded for uid in uids]
            yield [(uids, loaded[number]) for number, uids in batch if number in loaded]
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def find_words(
    account: Account,
    mailbox_id: str,
    uids: Sequence[int],
    words: Words,
    looked: Callable[[int], None] = lambda _: None,
) -> set[int]:
    """Return which of these messages, by ascending UIDs, hold the words. Raises NotFoundError (mailbox), UnavailableError.

    ``looked`` is told now and then how many more messages have been looked into.
    """
    if isinstance(words, HeaderWords):
        sections: tuple[Section, ...] = (Section.HEADERS,)
    else:
        sections = (Section.HEADERS, Section.TEXTS) if words.header else (Section.TEXTS,)
    plan = _plan(await account.index(mailbox_id), uids)
    found: set[int] = set()
    async for batch in _batches(account, mailbox_id, plan, sections):
        matching, undecided = await account.store.in_worker(_look, batch, words)
        found |= matching
        plan.loose += undecided
        looked(sum(len(uids) for uids, _ in batch) - len(undecided))
    texts = isinstance(words, TextWords)
    async for messages in _messages(account, mailbox_id, sorted(plan.loose)):
        ready = await searchables(messages, texts=texts)
        for at in range(0, len(messages), _LOOSE):
            hits = await account.store.in_worker(_match, ready[at : at + _LOOSE], words)
            found |= {messages[at + hit].uid for hit in hits}
            looked(len(ready))
    return found


def _look(batch: Sequence[tuple[list[int], tuple[bytes, ...]]], words: Words) -> tuple[set[int], list[int]]:
    """Return the UIDs that match, and those that the blocks cannot tell about."""
    matching: set[int] = set()
    undecided: list[int] = []
    for uids, sections in batch:
        wanted = set(uids)
        known = wanted
        for section in sections:
            found = find_in_section(section, words)
            matching |= found.matching & wanted
            known = known & found.known
        undecided += [uid for uid in uids if uid not in matching and uid not in known]
    return matching, undecided


def _match(messages: Sequence[Searchable], words: Words) -> list[int]:
    return [at for at, message in enumerate(messages) if matches(message, words)]


async def _messages(account: Account, mailbox_id: str, uids: Sequence[int]) -> AsyncIterator[list[StoredMessage]]:
    """Yield messages in batches, reading the next while one is looked into."""
    source = fetch_messages(account, mailbox_id, uids)

    async def following() -> list[StoredMessage] | None:
        async for batch in source:
            return batch
        return None

    task = asyncio.create_task(following())
    try:
        while (batch := await task) is not None:
            task = asyncio.create_task(following())
            yield batch
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def load_records(account: Account, mailbox_id: str, uids: Sequence[int]) -> dict[int, SearchRecord]:
    """Return the records of these messages, by ascending UIDs; those that are gone are left out.

    None is read twice as long as there is room in memory. Raises NotFoundError (mailbox), UnavailableError.
    """
    cache = account.store.search_keeper.records
    found: dict[int, SearchRecord] = {}
    missing: list[int] = []
    for uid in uids:
        record = cache.get((mailbox_id, uid))
        if record is None:
            missing.append(uid)
        else:
            found[uid] = record
    if not missing:
        return found
    index = await account.index(mailbox_id)
    plan = _plan(index, missing)

    def add(record: SearchRecord) -> None:
        found[record.uid] = record
        octets = _RECORD + len(record.subject) + sum(map(len, record.references))
        cache.put((mailbox_id, record.uid), record, octets)

    async for batch in _batches(account, mailbox_id, plan, (Section.RECORDS,)):
        records, undecided = await account.store.in_worker(_unpack, batch)
        for record in records:
            add(record)
        plan.loose += undecided
    async for messages in _messages(account, mailbox_id, sorted(plan.loose)):
        ready = await searchables(messages, texts=False)
        for record in await account.store.in_worker(_records, messages, ready):
            add(record)
    return found


def _unpack(batch: Sequence[tuple[list[int], tuple[bytes, ...]]]) -> tuple[list[SearchRecord], list[int]]:
    records: list[SearchRecord] = []
    undecided: list[int] = []
    for uids, (packed,) in batch:
        found = {record.uid: record for record in unpack_records(packed) or ()}
        records += [found[uid] for uid in uids if uid in found]
        undecided += [uid for uid in uids if uid not in found]
    return records, undecided


def _records(messages: Sequence[StoredMessage], ready: Sequence[Searchable]) -> list[SearchRecord]:
    return [record_of(message, searchable) for message, searchable in zip(messages, ready, strict=True)]
