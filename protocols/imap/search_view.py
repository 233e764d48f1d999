"""Runs SEARCH over a view: what the index knows first, and reading messages only for what is left."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from correio.mail.flags import FlagSet
from correio.mail.search import HeaderWords, SearchRecord, TextWords, find_words, load_records
from protocols.imap.core.date_time import DAY
from protocols.imap.core.search_keys import (
    All,
    And,
    Body,
    HasFlag,
    Header,
    ModSeq,
    Not,
    Numbers,
    ObjectId,
    Or,
    Received,
    Recent,
    Saved,
    SearchKey,
    Sent,
    Size,
    Within,
)
from protocols.imap.core.sequence_set import merge
from protocols.imap.in_progress import InProgress
from protocols.imap.selected import Selected

T = TypeVar("T")
_READS: Final = (Header, Body, Sent, ObjectId)


def reads_messages(key: SearchKey) -> bool:
    """Tell whether a key needs more than the index. Pure."""
    match key:
        case And():
            return any(map(reads_messages, key.keys))
        case Or():
            return reads_messages(key.one) or reads_messages(key.other)
        case Not():
            return reads_messages(key.key)
        case _:
            return isinstance(key, _READS)


class Searching:
    """One SEARCH under way. Candidates are UIDs, ascending: they stay what they are whatever happens meanwhile."""

    def __init__(self, selected: Selected, progress: InProgress) -> None:
        self._selected = selected
        self._progress = progress
        self._now = int(time.time())

    async def run(self, key: SearchKey) -> list[int]:
        """Return the UIDs of the view that match, ascending; those that are gone do not."""
        view = self._selected.view
        uids = list(view.uids[: len(view)])
        if view.pending_expunge:
            uids = [uid for uid in uids if view.index.position(uid) >= 0]
        return await self._filter(key, uids)

    async def _filter(self, key: SearchKey, uids: list[int]) -> list[int]:
        if not uids:
            return uids
        match key:
            case All():
                return uids
            case And():
                for part in sorted(key.keys, key=reads_messages):
                    uids = await self._filter(part, uids)
                return uids
            case Or():
                first, second = sorted((key.one, key.other), key=reads_messages)
                one = set(await self._filter(first, uids))
                other = set(await self._filter(second, [uid for uid in uids if uid not in one]))
                return [uid for uid in uids if uid in one or uid in other]
            case Not():
                without = set(await self._filter(key.key, uids))
                return [uid for uid in uids if uid not in without]
            case Header() | Body() | Sent() | ObjectId():
                return await self._read(key, uids)
            case _:
                return self._by_index(key, uids)

    # What the index knows.

    def _by_index(self, key: SearchKey, uids: list[int]) -> list[int]:
        index = self._selected.view.index
        match key:
            case HasFlag():
                test = _flag_test(key.flag)
                return self._column(index.flags, test, uids)
            case Recent():
                return [uid for uid in uids if uid >= self._selected.first_recent]
            case Numbers():
                return self._numbered(key, uids)
            case Received():
                return self._column(index.dates, _days(key.first, key.last), uids)
            case Saved():
                return self._column(index.saved, _days(key.first, key.last), uids)
            case Within():
                edge = self._now - key.seconds
                return self._column(index.dates, edge.__le__ if key.younger else edge.__ge__, uids)
            case Size():
                return self._column(index.sizes, key.octets.__lt__ if key.larger else key.octets.__gt__, uids)
            case ModSeq():
                return self._column(index.modseqs, key.least.__le__, uids)
            case _:
                raise AssertionError(key)

    def _column(self, column: Sequence[T], test: Callable[[T], bool], uids: list[int]) -> list[int]:
        index = self._selected.view.index
        if len(uids) == len(index) and index.uids == array("I", uids):
            return [uid for uid, value in zip(uids, column, strict=True) if test(value)]
        rows = [(uid, index.position(uid)) for uid in uids]
        return [uid for uid, row in rows if row >= 0 and test(column[row])]

    def _numbered(self, key: Numbers, uids: list[int]) -> list[int]:
        view = self._selected.view
        if key.uid:
            ranges = self._selected.uid_ranges(key.numbers, self._selected.largest_uid)
        else:
            # Message numbers beyond the last match nothing (unlike in FETCH, no message is asked for by them).
            pieces = [(low, min(high, len(view))) for low, high in key.numbers.resolve(len(view)) if low <= len(view)]
            ranges = [(view.uid(low), view.uid(high)) for low, high in pieces]
            if key.numbers.saved:
                ranges = merge([*ranges, *((uid, uid) for uid in self._selected.saved)])
        found: list[int] = []
        at = 0
        for uid in uids:
            while at < len(ranges) and ranges[at][1] < uid:
                at += 1
            if at == len(ranges):
                break
            if ranges[at][0] <= uid:
                found.append(uid)
        return found

    # What must be read.

    async def _read(self, key: Header | Body | Sent | ObjectId, uids: list[int]) -> list[int]:
        account, mailbox_id = self._selected.account, self._selected.mailbox_id
        if isinstance(key, Header | Body):
            words = HeaderWords(key.field, key.text) if isinstance(key, Header) else TextWords(key.text, key.header)
            found = await find_words(account, mailbox_id, uids, words, self._progress.begin(len(uids)))
            return [uid for uid in uids if uid in found]
        records = await load_records(account, mailbox_id, uids)
        return [uid for uid in uids if (record := records.get(uid)) is not None and _matches(record, key)]


def _matches(record: SearchRecord, key: Sent | ObjectId) -> bool:
    if isinstance(key, ObjectId):
        return (record.thread if key.thread else record.email) == key.object_id
    day = record.sent_day
    return day is not None and (key.first is None or day >= key.first) and (key.last is None or day < key.last)


def _flag_test(flag: str) -> Callable[[FlagSet], bool]:
    if flag.startswith("\\"):
        return lambda flags: flag in flags
    wanted = flag.casefold()
    # Sets of flags are shared among messages: each is looked into once.
    known: dict[FlagSet, bool] = {}

    def test(flags: FlagSet) -> bool:
        found = known.get(flags)
        if found is None:
            found = known[flags] = any(name.casefold() == wanted for name in flags.names)
        return found

    return test


def _days(first: int | None, last: int | None) -> Callable[[int], bool]:
    low = first * DAY if first is not None else -(2**62)
    high = last * DAY if last is not None else 2**62
    return lambda seconds: low <= seconds < high
