"""The bare driver: pymongo on the same database, doing the least that the same work needs."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bson.binary import Binary
from pymongo import MongoClient
from pymongo.write_concern import WriteConcern

from bench.figure import median
from bench.load import CONNECTIONS

_META = {"uid": 1, "envelope": 1, "structure": 1}
_STATE = {"_id": 0, "uid": 1, "modseq": 1, "flags": 1, "date": 1, "size": 1, "saved": 1, "expunged": 1}


class Driver:
    """Measures with blocking calls: use in a thread."""

    def __init__(self, uri: str, database: str) -> None:
        self.client: MongoClient[dict[str, Any]] = MongoClient(uri, w="majority", journal=True)
        self.database = self.client[database]

    def close(self) -> None:
        self.client.close()

    def mailbox(self, address: str) -> dict[str, str]:
        """What all messages in the INBOX of an address have: the first two fields of the index by UID."""
        account = self.database["accounts"].find_one({"address": address})
        assert account is not None
        inbox = self.database["mailboxes"].find_one({"account": account["_id"], "role": "inbox"})
        assert inbox is not None
        return {"account": str(account["_id"]), "mailbox": str(inbox["_id"])}

    def inserts(self, size: int, seconds: float) -> float:
        """Durable single inserts of ``size`` octets a second, from eight threads."""
        into = self.database.get_collection("bench", write_concern=WriteConcern("majority", j=True))
        into.insert_one({"data": b""})
        until = time.perf_counter() + seconds

        def work(_: int) -> int:
            done = 0
            while time.perf_counter() < until:
                into.insert_one({"data": Binary(os.urandom(size))})
                done += 1
            return done

        with ThreadPoolExecutor(CONNECTIONS) as threads:
            total = sum(threads.map(work, range(CONNECTIONS)))
        into.drop()
        return total / seconds

    def structures(self, mailbox: dict[str, str], turns: int = 3) -> float:
        """Documents a second of a cursor over the metadata of a mailbox, the median of some turns."""
        return self._cursor(mailbox, _META, turns)

    def bodies(self, mailbox: dict[str, str], turns: int = 3) -> float:
        """Documents a second of a cursor over the octets of a mailbox."""
        return self._cursor(mailbox, {"uid": 1, "source": 1, "layout": 1, "content": 1}, turns)

    def states(self, mailbox: dict[str, str]) -> float:
        """Seconds to read what an index needs of every message of a mailbox."""
        started = time.perf_counter()
        cursor = self.database["messages"].find({**mailbox, "uid": {"$gte": 1}}, _STATE, batch_size=1000)
        for _ in cursor.sort("uid", 1):
            pass
        return time.perf_counter() - started

    def updates(self, mailbox: dict[str, str]) -> float:
        """Documents a second of one update_many over a mailbox that changes nothing a client sees."""
        started = time.perf_counter()
        done = self.database["messages"].update_many({**mailbox, "uid": {"$gte": 1}}, {"$inc": {"bench": 1}})
        taken = time.perf_counter() - started
        self.database["messages"].update_many({**mailbox, "uid": {"$gte": 1}}, {"$unset": {"bench": ""}})
        return done.modified_count / taken

    def multiply(self, address: str, count: int) -> dict[str, str]:
        """Copy the one message in an INBOX until it holds ``count``: APPEND would take minutes. Restart the server after."""
        mailbox = self.mailbox(address)
        messages = self.database["messages"]
        first = messages.find_one(mailbox)
        assert first is not None
        modseq = int(first["modseq"])
        for start in range(1, count, 1000):
            modseq += 1
            batch = range(start, min(start + 1000, count))
            messages.insert_many(
                [
                    {
                        **first,
                        "_id": f"{first['_id']}{number}",
                        "uid": first["uid"] + number,
                        "modseq": modseq,
                        "flags": ["\\Seen"] if number % 2 else [],
                        "email": f"{first['email']}{number}",
                        "thread": f"{first['thread']}{number}",
                        "msgid": Binary(os.urandom(8)),
                    }
                    for number in batch
                ],
                ordered=False,
            )
        size = count * int(first["size"])
        counts = {"uidnext": first["uid"] + count, "exists": count, "unseen": count - count // 2, "size": size}
        self.database["mailboxes"].update_one({"_id": mailbox["mailbox"]}, {"$set": {**counts, "modseq": modseq}})
        account = {"modseq": modseq, "used": size, "messages": count}
        self.database["accounts"].update_one({"_id": mailbox["account"]}, {"$set": account})
        return mailbox

    def _cursor(self, mailbox: dict[str, str], projection: dict[str, int], turns: int) -> float:
        rates: list[float] = []
        for _ in range(turns):
            started = time.perf_counter()
            count = sum(
                1 for _ in self.database["messages"].find({**mailbox, "uid": {"$gte": 1}}, projection).sort("uid", 1)
            )
            rates.append(count / (time.perf_counter() - started))
        return median(rates)

    def one(self, mailbox: dict[str, str], uids: list[int]) -> float:
        """Seconds of one find_one of a whole document, the median."""
        taken: list[float] = []
        for uid in uids:
            started = time.perf_counter()
            self.database["messages"].find_one({**mailbox, "uid": uid})
            taken.append(time.perf_counter() - started)
        return median(taken)
