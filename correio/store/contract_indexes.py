"""The contract of indexes: uniqueness, and that a range gives every row it should, for each index the store has."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial
from typing import Final

from pymongo import UpdateMany
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, DuplicateKeyError

from correio.store.contract_scratch import RIVALS, Breach, Check, Raw, Scratch, expect, refused, together
from correio.store.indexes import INDEXES, Index

_ROWS: Final = 7
_GROUPS: Final = 2


def _unique(scratch: Scratch) -> None:
    people = scratch.collection("people")
    people.create_index([("address", 1)], unique=True)
    people.insert_one({"_id": 1, "address": "a"})
    error = refused(lambda: people.insert_one({"_id": 2, "address": "a"}))
    expect(isinstance(error, DuplicateKeyError), f"a second document with the same key gave {error!r}")
    error = refused(lambda: people.insert_one({"_id": 1, "address": "b"}))
    expect(isinstance(error, DuplicateKeyError), f"a second document with the same _id gave {error!r}")
    people.insert_one({"_id": 3, "address": "c"})
    error = refused(lambda: people.update_one({"_id": 3}, {"$set": {"address": "a"}}))
    expect(isinstance(error, DuplicateKeyError), f"an update to a taken key gave {error!r}")


def _unique_at_once(scratch: Scratch) -> None:
    people = scratch.collection("people")
    people.create_index([("box", 1), ("uid", 1)], unique=True)
    for uid in range(20):
        won = together(partial(_insert_rival, people, uid))
        stored = people.count_documents({"box": "b", "uid": uid})
        expect(sum(won) == 1 and stored == 1, f"{sum(won)} of {RIVALS} rivals were acknowledged, {stored} are stored")


def _insert_rival(people: Collection[Raw], uid: int, rival: int) -> bool:
    return refused(lambda: people.insert_one({"_id": f"{uid}/{rival}", "box": "b", "uid": uid})) is None


def _rows(index: Index) -> Iterator[Raw]:
    """Yield documents in groups equal in all fields but the last, with distinct values there (in one field: in all)."""
    *equal, (ranged, _) = index.keys
    for number, (group, at) in enumerate(itertools.product(range(_GROUPS), range(_ROWS))):
        yield {
            "_id": f"d{number}",
            **{name: f"g{group}" for name, _ in equal},
            ranged: at * 10 if equal else number * 5,
        }


def _ranges(index: Index) -> Check:
    *equal, (ranged, _) = index.keys

    def probe(scratch: Scratch) -> None:
        collection = scratch.collection(index.collection)
        collection.create_index(list(index.keys), unique=index.unique, sparse=index.sparse)
        rows = list(_rows(index))
        # Not in order: an index that merely keeps the order of insertion would pass otherwise.
        collection.insert_many(rows[1::2] + rows[::2])
        where = {name: "g1" for name, _ in equal}
        chosen = [row for row in rows if all(row[name] == value for name, value in where.items())]
        bounds = [value * 5 for value in range(-1, _ROWS * 2 + 1)]
        conditions: list[Raw] = [{operator: value} for operator in ("$gt", "$gte", "$lt", "$lte") for value in bounds]
        conditions += [{"$gte": low, "$lte": high} for low in bounds[::2] for high in bounds[::3]]
        conditions += [{"$gt": low, "$lt": high} for low in bounds[::3] for high in bounds[::2]]
        for condition in conditions:
            for order in (1, -1):
                found = [row["_id"] for row in collection.find({**where, ranged: condition}).sort(ranged, order)]
                hits = sorted((row for row in chosen if _within(row[ranged], condition)), key=lambda row: row[ranged])
                right = [row["_id"] for row in hits[::order]]
                expect(found == right, f"{condition} on {ranged} gave {len(found)} rows instead of {len(right)}")

    return Check(
        f"ranges of {index.collection}.{index.name}",
        f"Rows of {index.collection} at the ends of a range would be missed: mail would seem to be gone.",
        probe,
    )


def _within(value: int, condition: Raw) -> bool:
    tests = {
        "$gt": lambda bound: value > bound,
        "$gte": lambda bound: value >= bound,
        "$lt": lambda bound: value < bound,
        "$lte": lambda bound: value <= bound,
    }
    return all(tests[operator](bound) for operator, bound in condition.items())


def _equality(scratch: Scratch) -> None:
    for index in INDEXES:
        collection = scratch.collection(index.collection)
        collection.create_index(list(index.keys), unique=index.unique, sparse=index.sparse)
        rows = list(_rows(index))
        collection.insert_many(rows)
        for row in rows:
            where = {name: row[name] for name, _ in index.keys}
            found = [each["_id"] for each in collection.find(where)]
            right = [each["_id"] for each in rows if all(each[name] == where[name] for name in where)]
            expect(sorted(found) == sorted(right), f"{index.collection}.{index.name} gave {len(found)} of {len(right)}")


def _sparse(scratch: Scratch) -> None:
    messages = scratch.collection("messages")
    messages.create_index([("content", 1)], sparse=True)
    messages.insert_many([{"_id": 1}, {"_id": 2}, {"_id": 3, "content": [b"a", b"b"]}, {"_id": 4, "content": [b"b"]}])
    for value, right in ((b"a", [3]), (b"b", [3, 4]), (b"c", [])):
        found = sorted(row["_id"] for row in messages.find({"content": value}))
        expect(found == right, f"equality on an array in a sparse index gave {found} instead of {right}")
    expect(messages.count_documents({}) == 4, "a sparse index hides documents from a scan")
    messages.update_one({"_id": 3}, {"$unset": {"content": ""}})
    found = [row["_id"] for row in messages.find({"content": b"a"})]
    expect(found == [], "an unset field is still found through the index")


def _move(scratch: Scratch) -> None:
    messages = scratch.collection("messages")
    messages.create_index([("account", 1), ("mailbox", 1), ("uid", 1)], unique=True)
    messages.insert_many([{"_id": uid, "account": "a", "mailbox": "b", "uid": uid} for uid in range(1, 11)])
    change = UpdateMany(
        {"account": "a", "mailbox": "b", "uid": {"$gte": 3, "$lte": 8}},
        {"$set": {"mailbox": "c"}, "$inc": {"uid": 100}},
    )
    result = messages.bulk_write([change])
    expect(result.matched_count == 6, f"an update of a range matched {result.matched_count} rows instead of 6")
    for mailbox, right in (("b", [1, 2, 9, 10]), ("c", list(range(103, 109)))):
        where = {"account": "a", "mailbox": mailbox, "uid": {"$gte": 1}}
        found = [row["uid"] for row in messages.find(where).sort("uid", 1)]
        expect(found == right, f"after a range moved, {mailbox} holds {found} instead of {right}")


def _duplicates(scratch: Scratch) -> None:
    parts = scratch.collection("parts")
    parts.insert_one({"_id": 2})
    for ordered, right in ((False, [1, 2, 3]), (True, [11])):
        ids = [1, 2, 3] if not ordered else [11, 2, 13]
        try:
            parts.insert_many([{"_id": number} for number in ids], ordered=ordered)
        except BulkWriteError as error:
            codes = [each["code"] for each in error.details["writeErrors"]]
            expect(codes == [11000], f"a duplicate among several gave the codes {codes}")
        else:
            raise Breach("a duplicate among several was not reported")
        found = sorted(row["_id"] for row in parts.find({"_id": {"$in": ids}}) if row["_id"] in right)
        expect(found == right, f"of {ids} with a duplicate, ordered={ordered}, {found} are stored instead of {right}")


CHECKS: Final = (
    Check("unique keys", "Two accounts could have one address, two messages one UID.", _unique),
    Check("unique keys at the same time", "Two messages that come together could get one UID.", _unique_at_once),
    Check("equality on every index", "Accounts, threads and tokens would not be found.", _equality),
    *(_ranges(index) for index in INDEXES if index.ranged),
    Check("sparse and array indexes", "Parts in use would be taken for unused, and removed.", _sparse),
    Check("moving a range of unique keys", "MOVE would lose messages or leave them in both mailboxes.", _move),
    Check("duplicates among several inserts", "A retried delivery would fail, or store twice.", _duplicates),
)
