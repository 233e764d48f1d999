"""The contract of writes: single documents, transactions, and the guard that gives the account its order."""

from __future__ import annotations

import os
from typing import Final

from pymongo import InsertOne, ReturnDocument, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from correio.store.contract_scratch import RIVALS, Check, Raw, Scratch, expect, refused, together

_TRANSIENT: Final = "TransientTransactionError"
_LARGE: Final = 15 * 1024 * 1024


def _replica_set(scratch: Scratch) -> None:
    hello = scratch.client.admin.command("hello")
    expect(
        hello.get("setName") or hello.get("msg") == "isdbgrid",
        "the server is neither a replica set nor a sharded cluster; start it with --replSet",
    )
    expect(hello.get("logicalSessionTimeoutMinutes") is not None, "the server has no sessions")


def _after(scratch: Scratch) -> None:
    counters = scratch.collection("counters")
    counters.insert_one({"_id": "a", "modseq": 0})

    def count(_rival: int) -> list[int]:
        return [next_modseq() for _ in range(25)]

    def next_modseq() -> int:
        found = counters.find_one_and_update(
            {"_id": "a"}, {"$inc": {"modseq": 1}}, return_document=ReturnDocument.AFTER
        )
        return int(found["modseq"]) if found is not None else 0

    got = sorted(number for numbers in together(count) for number in numbers)
    expect(got == list(range(1, RIVALS * 25 + 1)), f"{len(got) - len(set(got))} values of {len(got)} came twice")


def _read_own_write(scratch: Scratch) -> None:
    rows = scratch.collection("rows")
    rows.insert_one({"_id": 1, "n": 0})
    for number in range(1, 30):
        rows.update_one({"_id": 1}, {"$set": {"n": number}})
        found = rows.find_one({"_id": 1})
        expect(found is not None and found["n"] == number, "an acknowledged write is not seen by the next read")


def _octets(scratch: Scratch) -> None:
    rows = scratch.collection("rows")
    octets = bytes(range(256)) * 4 + os.urandom(_LARGE)
    rows.insert_one({"_id": 1, "data": octets, "text": "é\u2028\0x", "number": 2**53 + 1})
    found = rows.find_one({"_id": 1})
    expect(found is not None and found["data"] == octets, "15 MiB of octets do not come back the same")
    expect(found is not None and found["text"] == "é\u2028\0x" and found["number"] == 2**53 + 1, "a value has changed")


def _unset(scratch: Scratch) -> None:
    rows = scratch.collection("rows")
    rows.insert_one({"_id": 1, "a": b"x", "b": b"y", "flags": ["s"]})
    rows.update_one({"_id": 1}, {"$set": {"flags": [], "gone": True}, "$unset": {"a": "", "b": "", "never": ""}})
    expect(rows.find_one({"_id": 1}) == {"_id": 1, "flags": [], "gone": True}, "$set with $unset left something else")


def _isolation(scratch: Scratch) -> None:
    rows = scratch.collection("rows")
    rows.insert_one({"_id": 1, "n": 0})
    with scratch.client.start_session() as session, session.start_transaction(read_concern=ReadConcern("snapshot")):
        rows.update_one({"_id": 1}, {"$set": {"n": 1}}, session=session)
        rows.insert_one({"_id": 2, "n": 1}, session=session)
        inside = [row["n"] for row in rows.find({}, session=session).sort("_id", 1)]
        expect(inside == [1, 1], f"a transaction does not see its own writes: {inside}")
        outside = [row["n"] for row in rows.find({}).sort("_id", 1)]
        expect(outside == [0], f"a transaction that is not committed is seen by others: {outside}")
    after = [row["n"] for row in rows.find({}).sort("_id", 1)]
    expect(after == [1, 1], f"a committed transaction is not seen whole: {after}")


def _snapshot(scratch: Scratch) -> None:
    rows = scratch.collection("rows")
    rows.insert_one({"_id": 1, "n": 0})
    with scratch.client.start_session() as session, session.start_transaction(read_concern=ReadConcern("snapshot")):
        first = rows.find_one({"_id": 1}, session=session)
        rows.update_one({"_id": 1}, {"$set": {"n": 1}})
        rows.insert_one({"_id": 2})
        second = list(rows.find({}, session=session))
        expect([first] == second, f"a transaction sees what was committed after it began: {second}")


def _abort(scratch: Scratch) -> None:
    rows = scratch.collection("rows")
    rows.create_index([("k", 1)], unique=True)
    rows.insert_one({"_id": 1, "k": 1})
    with scratch.client.start_session() as session:
        session.start_transaction()
        rows.update_one({"_id": 1}, {"$set": {"k": 5}}, session=session)
        rows.insert_one({"_id": 2, "k": 2}, session=session)
        session.abort_transaction()
    expect(list(rows.find({})) == [{"_id": 1, "k": 1}], "an aborted transaction left something")
    rows.insert_one({"_id": 3, "k": 2})
    expect(rows.count_documents({"k": 5}) == 0, "an aborted update is still in the index")


def _duplicate_inside(scratch: Scratch) -> None:
    rows = scratch.collection("rows")
    rows.insert_one({"_id": 1})
    with scratch.client.start_session() as session:
        session.start_transaction()
        rows.insert_one({"_id": 5}, session=session)
        error = refused(lambda: rows.insert_many([{"_id": 6}, {"_id": 1}, {"_id": 7}], session=session))
        codes = {each["code"] for each in error.details["writeErrors"]} if isinstance(error, BulkWriteError) else set()
        if isinstance(error, OperationFailure) and not codes:
            codes = {error.code}
        expect(codes == {11000}, f"a duplicate in a transaction gave {error!r}")
        refused(session.abort_transaction)
    expect([row["_id"] for row in rows.find({})] == [1], "a transaction with a duplicate left something")


def _conflict(scratch: Scratch) -> None:
    rows = scratch.collection("rows")
    rows.insert_one({"_id": 1, "n": 0})
    with scratch.client.start_session() as first, scratch.client.start_session() as second:
        first.start_transaction()
        second.start_transaction()
        rows.find_one({"_id": 1}, session=first)
        rows.find_one({"_id": 1}, session=second)
        rows.update_one({"_id": 1}, {"$inc": {"n": 1}}, session=first)
        error = refused(lambda: rows.update_one({"_id": 1}, {"$inc": {"n": 1}}, session=second))
        first.commit_transaction()
        if error is None:
            error = refused(second.commit_transaction)
        else:
            refused(second.abort_transaction)
        expect(error is not None, "two transactions that changed one document both committed")
        expect(
            isinstance(error, PyMongoError) and error.has_error_label(_TRANSIENT),
            f"a conflict is not marked: {error!r}",
        )
    found = rows.find_one({"_id": 1})
    expect(found is not None and found["n"] == 1, f"after a conflict the value is {found}")


def _guard_step(accounts: Collection[Raw], rows: Collection[Raw], rival: int) -> bool:
    """Do what the store does: read the account, then move it on if nobody else has."""
    account = accounts.find_one({"_id": "a"})
    modseq = int(account["modseq"]) if account is not None else 0

    def move(session: ClientSession) -> bool:
        change = UpdateOne({"_id": "a", "modseq": modseq}, {"$set": {"modseq": modseq + 1}})
        if accounts.bulk_write([change], session=session).matched_count != 1:
            session.abort_transaction()
            return False
        rows.bulk_write([InsertOne({"_id": modseq + 1, "rival": rival})], session=session)
        return True

    with accounts.database.client.start_session() as session:
        return session.with_transaction(move, read_concern=ReadConcern("snapshot"))


def _guard_steps(accounts: Collection[Raw], rows: Collection[Raw], rival: int) -> int:
    """Make five steps among rivals, in at most two hundred attempts. Returns the steps made."""
    made = 0
    for _ in range(200):
        made += _guard_step(accounts, rows, rival)
        if made == 5:
            break
    return made


def _guard(scratch: Scratch) -> None:
    accounts, rows = scratch.collection("accounts"), scratch.collection("rows")
    accounts.insert_one({"_id": "a", "modseq": 0})
    made = sum(together(lambda rival: _guard_steps(accounts, rows, rival), 4))
    account = accounts.find_one({"_id": "a"})
    ids = [row["_id"] for row in rows.find({}).sort("_id", 1)]
    expect(made == 20, f"only {made} of 20 steps were made")
    expect(
        account == {"_id": "a", "modseq": made} and ids == list(range(1, made + 1)),
        f"{made} commits, but the account is {account} and {len(ids)} rows exist",
    )


def _counts(scratch: Scratch) -> None:
    rows = scratch.collection("rows")
    rows.insert_many([{"_id": number, "n": number} for number in range(4)])
    result = rows.bulk_write(
        [
            UpdateOne({"_id": 0, "n": 0}, {"$set": {"n": 10}}),
            UpdateOne({"_id": 1, "n": 99}, {"$set": {"n": 10}}),
            UpdateOne({"_id": 2, "n": 2}, {"$set": {"n": 2}}),
            InsertOne({"_id": 9}),
        ]
    )
    seen = (result.matched_count, result.modified_count, result.inserted_count)
    expect(seen == (2, 1, 1), f"matched, modified and inserted are {seen} instead of (2, 1, 1)")


CHECKS: Final = (
    Check("sessions and transactions exist", "Nothing can be stored at all.", _replica_set),
    Check("findOneAndUpdate AFTER", "Numbers given out one by one would be given twice.", _after),
    Check("a read sees the last write", "A client would not see what it has just done.", _read_own_write),
    Check("octets and values come back the same", "Messages would be damaged.", _octets),
    Check("$set together with $unset", "Tombstones would keep the message, or lose its UID.", _unset),
    Check(
        "a transaction is seen whole or not at all", "A message could be seen without its mailbox's count.", _isolation
    ),
    Check("a transaction reads one moment", "A mailbox could be read half before, half after a change.", _snapshot),
    Check("an abort leaves nothing", "A refused delivery would leave pieces.", _abort),
    Check(
        "a duplicate inside a transaction", "A retried delivery would be stored twice, or in part.", _duplicate_inside
    ),
    Check("write conflicts", "Two processes could give one UID twice.", _conflict),
    Check(
        "the guard of an account", "Clients could miss messages: an older change could appear after a newer.", _guard
    ),
    Check("counts of a bulk write", "The store could not tell that an account has moved on.", _counts),
)
