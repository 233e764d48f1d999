"""The contract of change streams: every change once, in order, and from where a reader stopped."""

from __future__ import annotations

import time
from typing import Any, Final

from pymongo.change_stream import ChangeStream

from correio.store.contract_scratch import Check, Raw, Scratch, expect

_PIPELINE: Final[list[Raw]] = [
    {"$match": {"operationType": {"$in": ["update", "replace", "delete", "insert"]}}},
    {"$project": {"operationType": 1, "documentKey": 1, "updateDescription.updatedFields.modseq": 1}},
]
_PATIENCE: Final = 20.0


def _next(stream: ChangeStream[Raw], count: int) -> list[Raw]:
    """Return the next events; fewer when they do not come in time."""
    events: list[Raw] = []
    deadline = time.monotonic() + _PATIENCE
    while len(events) < count and time.monotonic() < deadline:
        event: Any = stream.try_next()
        if event is not None:
            events.append(event)
    return events


def _modseqs(events: list[Raw]) -> list[int | None]:
    return [event.get("updateDescription", {}).get("updatedFields", {}).get("modseq") for event in events]


def _order(scratch: Scratch) -> None:
    accounts = scratch.collection("accounts")
    accounts.insert_one({"_id": "a", "modseq": 0})
    with accounts.watch(_PIPELINE, max_await_time_ms=200) as stream:
        for number in range(1, 21):
            accounts.update_one({"_id": "a"}, {"$set": {"modseq": number}})
        accounts.delete_one({"_id": "a"})
        events = _next(stream, 21)
    expect(_modseqs(events[:20]) == list(range(1, 21)), f"changes came as {_modseqs(events)}")
    expect(events[20:] and events[20]["operationType"] == "delete", "a delete was not told")
    expect({event["documentKey"]["_id"] for event in events} == {"a"}, "an event does not name its document")


def _transaction(scratch: Scratch) -> None:
    accounts = scratch.collection("accounts")
    accounts.insert_many([{"_id": "a", "modseq": 0}, {"_id": "b", "modseq": 0}])
    with accounts.watch(_PIPELINE, max_await_time_ms=200) as stream, scratch.client.start_session() as session:
        session.start_transaction()
        accounts.update_one({"_id": "a"}, {"$set": {"modseq": 1}}, session=session)
        expect(stream.try_next() is None, "a change that is not committed was told")
        session.abort_transaction()
        with session.start_transaction():
            accounts.update_one({"_id": "a"}, {"$set": {"modseq": 2}}, session=session)
            accounts.update_one({"_id": "b"}, {"$set": {"modseq": 3}}, session=session)
        events = _next(stream, 2)
    expect(_modseqs(events) == [2, 3], f"a transaction's changes came as {_modseqs(events)} instead of [2, 3]")


def _resume(scratch: Scratch) -> None:
    accounts = scratch.collection("accounts")
    accounts.insert_one({"_id": "a", "modseq": 0})
    with accounts.watch(_PIPELINE, max_await_time_ms=200) as stream:
        for number in range(1, 6):
            accounts.update_one({"_id": "a"}, {"$set": {"modseq": number}})
        seen = _modseqs(_next(stream, 3))
        token = stream.resume_token
    for number in range(6, 9):
        accounts.update_one({"_id": "a"}, {"$set": {"modseq": number}})
    with accounts.watch(_PIPELINE, resume_after=token, max_await_time_ms=200) as stream:
        seen += _modseqs(_next(stream, 5))
    expect(seen == list(range(1, 9)), f"across a pause the changes came as {seen} instead of 1 to 8")


CHECKS: Final = (
    Check("change streams tell every change in order", "IDLE and push would miss new mail of other processes.", _order),
    Check(
        "change streams tell of commits only",
        "Clients would be woken for nothing, or before the mail is there.",
        _transaction,
    ),
    Check("change streams resume", "After a broken connection new mail would be seen late.", _resume),
)
