"""One sequence: an account, its sessions and its model; the account looked at from outside after each step."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.model.account_model import AccountModel, Box
from tests.model.session import CONDSTORE, PLAIN, QRESYNC, CheckedClient, ModelSession, bearer, numbers_in, plain_flags
from tests.peers.imap import Literal, Reply
from tests.peers.served import Person, Served

if TYPE_CHECKING:
    from tests.model.steps import Step

MODES = (PLAIN, CONDSTORE, QRESYNC)
SESSIONS = 3
"""The last of them signs in at another process on the same data."""
_ITEMS = b"(MESSAGES UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE HIGHESTMODSEQ)"


@dataclass
class Tally:
    """How much has been played."""

    sequences: int = 0
    steps: int = 0


class Play:
    """What the steps of one sequence act on. The person's password is a bearer token."""

    def __init__(self, person: Person, servers: Sequence[Served], modes: Sequence[str]) -> None:
        self.person = person
        self.near = servers[0]
        self.account = AccountModel()
        self._modes = modes
        self.sessions = [
            ModelSession(self.account, person, servers[at == SESSIONS - 1].address("imap"), remote=at == SESSIONS - 1)
            for at in range(SESSIONS)
        ]
        self._observer: CheckedClient | None = None
        self._written = 0
        self._uidvalidities: dict[int, Box] = {}
        self.unique_ids: dict[bytes, tuple[Box, int]] = {}
        """Every UIDL that POP3 gave, and the message it was for."""

    def new_message(self) -> bytes:
        self._written += 1
        return b"Subject: message %d\r\n\r\nText %b\r\n" % (self._written, b"." * (self._written % 7))

    # From the beginning to the end.

    async def begin(self, messages: int) -> None:
        """Sign everybody in, learn what a new account holds, and put some messages into INBOX."""
        await asyncio.gather(*(one.connect(mode) for one, mode in zip(self.sessions, self._modes, strict=True)))
        self._observer = await CheckedClient.connect(self.near.address("imap"))
        await self._observer.ok(b"AUTHENTICATE XOAUTH2 " + bearer(self.person))
        reply = await self._observer.ok(b'LIST "" * RETURN (SUBSCRIBED)')
        for line in reply.of("LIST"):
            attributes, path = _listed(line)
            self.account.boxes[path] = Box(path, subscribed="\\subscribed" in attributes)
        inbox = self.account.boxes["INBOX"]
        texts = [self.new_message() for _ in range(messages)]
        if texts:
            pieces: list[bytes] = [b"APPEND INBOX"]
            for text in texts:
                pieces += [b" ", Literal(text)]
                self.account.append(inbox, text, frozenset())
            await self._observer.ok(*pieces)
        await self.observe()
        for session in self.sessions:
            reply = await session.live.ok(b"SELECT INBOX")
            session.select(inbox, read_only=False, reply=reply)

    async def step(self, step: Step, synchronised: Sequence[bool]) -> None:
        """Do a step, look at the account from outside, and compare the views of the sessions that synchronise now."""
        self.account.version += 1
        await step.run(self)
        await self.observe()
        await asyncio.gather(
            *(session.synchronise() for session, now in zip(self.sessions, synchronised, strict=True) if now)
        )

    async def end(self) -> None:
        """Every view and every subscription, then every mailbox as a client sees it that has been away."""
        await asyncio.gather(*(session.synchronise() for session in self.sessions))
        await self.check_subscriptions()
        assert self._observer is not None
        await self._observer.ok(b"ENABLE QRESYNC")
        latest = {id(known.box): known for known in self.account.history[: len(self.account.history) // 2]}
        for known in latest.values():
            if not known.box.deleted and known.box.selectable and known.box.changed:
                await self._check_return(known.box)

    async def close(self) -> None:
        for session in self.sessions:
            await session.leave(politely=False)
        if self._observer is not None:
            await self._observer.close()

    async def acting(self, number: int, *, selected: bool = False) -> ModelSession | None:
        """The session that does something now; None when the step needs a mailbox and it has none.

        In another process only a refresh tells what happened here, and what a client there may know is known from there on.
        """
        session = self.sessions[number]
        if session.box is not None and (session.box.deleted or session.remote):
            await session.synchronise()
        return None if selected and session.box is None else session

    # Looking.

    async def observe(self) -> None:
        """Compare names, attributes and counts of all mailboxes, and note HIGHESTMODSEQ."""
        assert self._observer is not None
        reply = await self._observer.ok(b'LIST "" * RETURN (SUBSCRIBED CHILDREN STATUS ' + _ITEMS + b")")
        self._compare_names(reply)
        for line in reply.of("STATUS"):
            found = re.fullmatch(rb"(\S+) \((.*)\)", line)
            assert found, line
            words = found[2].split()
            values = {name.decode(): int(value) for name, value in zip(words[::2], words[1::2], strict=True)}
            self._compare_status(self.account.boxes[found[1].decode()], values)

    def _compare_names(self, reply: Reply) -> None:
        boxes = self.account.boxes
        listed = dict(_listed(line)[::-1] for line in reply.of("LIST"))
        assert set(listed) == set(boxes)
        for path, attributes in listed.items():
            assert ("\\noselect" in attributes) is not boxes[path].selectable, (path, attributes)
            assert ("\\haschildren" in attributes) is bool(self.account.children(path)), (path, attributes)
            assert ("\\subscribed" in attributes) is boxes[path].subscribed, (path, attributes)
        counted = {line.split(b" ")[0].decode() for line in reply.of("STATUS")}
        assert counted == {path for path, box in boxes.items() if box.selectable}

    def _compare_status(self, box: Box, values: dict[str, int]) -> None:
        messages = box.messages.values()
        unsized = [message for message in messages if message.size < 0]
        if len(unsized) == 1:
            unsized[0].size = values["SIZE"] - sum(message.size for message in messages if message.size >= 0)
            assert unsized[0].size >= len(unsized[0].raw)
        modseq = values.pop("HIGHESTMODSEQ")
        uidvalidity = values.pop("UIDVALIDITY")
        assert values == {
            "MESSAGES": len(box.messages),
            "UIDNEXT": box.uidnext,
            "UNSEEN": sum("\\seen" not in message.flags for message in messages),
            "DELETED": sum("\\deleted" in message.flags for message in messages),
            "SIZE": sum(message.size for message in messages),
        }, box.path
        assert box.uidvalidity in (0, uidvalidity), "UIDVALIDITY changed"
        assert self._uidvalidities.setdefault(uidvalidity, box) is box, "UIDVALIDITY used again"
        box.uidvalidity = uidvalidity
        version = self.account.version
        before = box.highest_at(version - 1)
        assert modseq >= before, "HIGHESTMODSEQ went back"
        if box.changed == version:
            assert modseq > before or not version, f"{box.path} changed and HIGHESTMODSEQ did not"
        if not box.highest or modseq > before:
            box.highest[version] = modseq
            self.account.remember(box)

    async def check_subscriptions(self) -> None:
        """Compare LIST (SUBSCRIBED) and LSUB with the model."""
        assert self._observer is not None
        reply = await self._observer.ok(b'LIST (SUBSCRIBED) "" *')
        assert {_listed(line)[1] for line in reply.of("LIST")} == self.account.subscriptions
        reply = await self._observer.ok(b'LSUB "" *')
        assert {_listed(line)[1] for line in reply.of("LSUB")} == self.account.subscriptions

    async def _check_return(self, box: Box) -> None:
        """From everything that could have been kept of a mailbox, a return by QRESYNC ends where a full fetch does."""
        assert self._observer is not None
        for known in self.account.history:
            if known.box is not box:
                continue
            command = b"EXAMINE %b (QRESYNC (%d %d))" % (box.path.encode(), known.uidvalidity, known.modseq)
            reply = await self._observer.ok(command)
            resynchronised(known.flags, reply, box)


def resynchronised(kept: dict[int, frozenset[str]], reply: Reply, box: Box) -> None:
    """What was kept, with VANISHED and FETCH applied, must be what there is."""
    flags = dict(kept)
    for line in reply.of("VANISHED"):
        assert line.startswith(b"(EARLIER) "), line
        for uid in numbers_in(line[10:]):
            assert uid not in box.messages, f"UID {uid} is said to have vanished"
            flags.pop(uid, None)
    for uid, items in reply.fetched().items():
        flags[uid] = plain_flags(items["FLAGS"])
    assert flags == {uid: message.flags for uid, message in box.messages.items()}


def _listed(line: bytes) -> tuple[frozenset[str], str]:
    found = re.match(rb'\(([^)]*)\) "/" "?([^"\s]+)"?', line)
    assert found, line
    return frozenset(found[1].decode().lower().split()), found[2].decode()
