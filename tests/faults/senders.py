"""Senders that note what was acknowledged, what was refused and what they never heard of again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from tests.peers.imap import ImapClient, Literal
from tests.peers.served import Person, Served
from tests.peers.smtp import SmtpClient

LOST = (ConnectionError, asyncio.IncompleteReadError, TimeoutError, OSError)


def letter(token: str) -> bytes:
    """A message that tells by itself whether it is whole; every twelfth has 150 KiB, so that parts are stored apart."""
    size = 150_000 if int(token.rsplit(".", 1)[1]) % 12 == 0 else 600
    text = random.Random(token).randbytes(size // 2).hex().encode()
    body = b"\r\n".join(text[at : at + 70] for at in range(0, len(text), 70)) + b"\r\n"
    head = f"Subject: fault\r\nX-Token: {token}\r\nX-Sum: {sha256(body).hexdigest()}\r\n\r\n".encode()
    return head + body


@dataclass
class Record:
    """What became of each token. A token that was begun and is in no other set may be there once or not at all."""

    begun: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)
    """Those sent to both people in one transaction."""


@dataclass
class Campaign:
    """So many deliveries by three doors, through whatever happens to the server."""

    server: Served
    people: tuple[Person, Person]
    name: str
    count: int
    record: Record = field(default_factory=Record)

    def __post_init__(self) -> None:
        self._numbers: Iterator[int] = iter(range(self.count))

    async def run(self) -> None:
        """Return when every number was tried once."""
        doors = ("smtp", "lmtp", "append", "smtp", "lmtp", "append", "smtp", "lmtp")
        await asyncio.gather(*(self._sender(door) for door in doors))

    async def _sender(self, door: str) -> None:
        client: SmtpClient | ImapClient | None = None
        for number in self._numbers:
            token = f"{self.name}.{door}.{number}"
            while client is None:
                client = await self._connect(door)
            self.record.begun.add(token)
            try:
                async with asyncio.timeout(30):
                    good = await self._send(client, door, token, number)
                (self.record.acknowledged if good else self.record.refused).add(token)
            except LOST:
                client = None
        if client is not None:
            await client.close()

    async def _connect(self, door: str) -> SmtpClient | ImapClient | None:
        try:
            async with asyncio.timeout(10):
                return await (self.server.imap(self.people[0]) if door == "append" else self.server.smtp(door))
        except (*LOST, AssertionError):
            # Down, or up and without its database: a greeting or a sign-in refused for now.
            await asyncio.sleep(0.05)
            return None

    async def _send(self, client: SmtpClient | ImapClient, door: str, token: str, number: int) -> bool:
        if isinstance(client, ImapClient):
            reply = await client.command(b"APPEND INBOX ", Literal(letter(token)))
            return reply.status == "OK"
        both = number % 3 == 0
        if both:
            self.record.shared.add(token)
        answers = await client.deliver([one.address for one in self.people[: 1 + both]], letter(token))
        good = len(answers) == (1 + both if door == "lmtp" else 1) and all(one.code == 250 for one in answers)
        if not good and any(one.code in (451, 421) for one in answers):
            await client.command(b"RSET")
        return good
