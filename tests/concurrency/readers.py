"""Those who watch the mailbox grow, each in its own way, and complain of what must never be seen."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

from tests.peers.imap import ImapClient
from tests.peers.served import Person, Served

_EXISTS = re.compile(rb"(\d+) EXISTS")


@dataclass
class Watch:
    """What one reader has seen, in the order it saw it."""

    name: str
    uids: set[int] = field(default_factory=set)
    last_uid: int = 0
    last_modseq: int = 0
    faults: list[str] = field(default_factory=list)

    def saw(self, new: list[tuple[int, int]]) -> None:
        """New messages of one answer: (uid, modseq) in the order of the answer's UIDs."""
        for uid, modseq in sorted(new):
            if uid in self.uids:
                self.faults.append(f"{self.name}: UID {uid} is new twice")
            elif uid <= self.last_uid:
                self.faults.append(f"{self.name}: UID {uid} appeared after {self.last_uid}")
            if modseq < self.last_modseq:
                self.faults.append(f"{self.name}: modseq {modseq} of UID {uid} after {self.last_modseq}")
            self.uids.add(uid)
            self.last_uid = max(self.last_uid, uid)
            self.last_modseq = max(self.last_modseq, modseq)


def _pairs(fetched: dict[int, dict[str, object]]) -> list[tuple[int, int]]:
    return [(uid, int(items["MODSEQ"][0])) for uid, items in fetched.items()]  # type: ignore[index]


async def _selected(server: Served, person: Person) -> tuple[ImapClient, int]:
    client = await server.imap(person)
    reply = await client.ok(b"SELECT INBOX (CONDSTORE)")
    return client, int(reply.of("EXISTS")[-1])


async def read_idle(server: Served, person: Person, watch: Watch, stop: asyncio.Event) -> None:
    """IDLE until EXISTS grows, then UID FETCH what is above the last UID."""
    client, exists = await _selected(server, person)

    async def catch_up() -> None:
        reply = await client.ok(b"UID FETCH %d:* (UID MODSEQ)" % (watch.last_uid + 1))
        # n:* names the last message even where it is below n (RFC 9051 section 9, seq-range).
        watch.saw([pair for pair in _pairs(reply.fetched()) if pair[0] > watch.last_uid or pair[0] not in watch.uids])

    await catch_up()
    while not stop.is_set():
        tag = client.send(b"IDLE")
        while not (await client.response()).startswith(b"+"):
            pass
        try:
            async with asyncio.timeout(0.5):
                while not (found := _EXISTS.match((await client.response()).removeprefix(b"* "))):
                    pass
                grown = int(found.group(1))
                if grown < exists:
                    watch.faults.append(f"{watch.name}: EXISTS fell from {exists} to {grown}")
                exists = grown
        except TimeoutError:
            pass
        client.writer.write(b"DONE\r\n")
        await client.finish(tag)
        await catch_up()
    await client.ok(b"NOOP")
    await catch_up()
    await client.close()


async def read_numbers(server: Served, person: Person, watch: Watch, stop: asyncio.Event) -> None:
    """NOOP, then FETCH the new sequence numbers, and only those announced."""
    client, exists = await _selected(server, person)
    known = 0
    uids: list[int] = []
    last_round = False
    while True:
        if exists > known:
            reply = await client.ok(b"FETCH %d:%d (UID MODSEQ)" % (known + 1, exists))
            # Lines without a UID are news of flags, which may come with any answer.
            numbers = [int(line.split(b" ")[0]) for line in reply.untagged if b" FETCH (UID " in line[:40]]
            if numbers != list(range(known + 1, exists + 1)):
                watch.faults.append(f"{watch.name}: asked for {known + 1}:{exists}, got {numbers[:5]}…")
            pairs = _pairs(reply.fetched())
            if pairs != sorted(pairs):
                watch.faults.append(f"{watch.name}: sequence numbers are not in UID order")
            uids.extend(uid for uid, _ in pairs)
            watch.saw(pairs)
            known = exists
            exists = max([exists, *(int(number) for number in reply.of("EXISTS"))])
        if last_round and exists == known:
            break
        last_round = stop.is_set()
        reply = await client.ok(b"NOOP")
        for number in reply.of("EXISTS"):
            if int(number) < known:
                watch.faults.append(f"{watch.name}: EXISTS fell from {known} to {int(number)}")
            exists = int(number)
        await asyncio.sleep(0.01)
    again = sorted((await client.ok(b"FETCH 1:* (UID)")).fetched())
    if again != uids:
        watch.faults.append(f"{watch.name}: the numbering at the end is not the one announced")
    await client.close()


async def read_changes(server: Served, person: Person, watch: Watch, stop: asyncio.Event) -> None:
    """FETCH CHANGEDSINCE the highest modseq seen: what ever commits below it would be missed for good."""
    client, _ = await _selected(server, person)
    last_round = False
    while True:
        last_round = stop.is_set()
        await client.ok(b"NOOP")
        since = watch.last_modseq
        reply = await client.ok(b"UID FETCH 1:* (UID MODSEQ) (CHANGEDSINCE %d)" % since)
        pairs = _pairs(reply.fetched())
        if any(modseq <= since for _, modseq in pairs):
            watch.faults.append(f"{watch.name}: CHANGEDSINCE {since} answered {min(pairs)}")
        watch.saw(pairs)
        if last_round:
            break
    await client.close()


async def read_pages(server: Served, person: Person, watch: Watch, stop: asyncio.Event) -> None:
    """REST pages in ascending order, going on from the last cursor."""
    async with await server.rest(person) as http:
        mailboxes = (await http.get("/v1/mailboxes")).json()["mailboxes"]
        inbox = next(mailbox["id"] for mailbox in mailboxes if mailbox["role"] == "inbox")
        cursor = ""
        state = 0
        last_round = False
        while True:
            last_round = stop.is_set()
            while True:
                page = (await http.get(f"/v1/mailboxes/{inbox}/messages?order=asc&limit=100{cursor}")).json()
                if int(page["state"]) < state:
                    watch.faults.append(f"{watch.name}: state {page['state']} after {state}")
                state = int(page["state"])
                rows = [(one["uid"], int(one["state"])) for one in page["messages"]]
                watch.saw([row for row in rows if row[0] not in watch.uids])
                if page["next_cursor"] is None:
                    break
                cursor = f"&cursor={page['next_cursor']}"
            if last_round:
                break
