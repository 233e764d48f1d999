"""What every phase works on: the service, the driver and the mailboxes filled so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.clients import Imap, Mail
from bench.driver import Driver
from bench.letters import letter
from bench.load import CONNECTIONS
from bench.service import DOMAIN, PASSWORD, Service

ONE = f"one@{DOMAIN}"
READER = f"reader@{DOMAIN}"
LARGE = f"large@{DOMAIN}"
SPREAD = tuple(f"many{number}@{DOMAIN}" for number in range(50))
KIB4 = 4096
MIB = 1024 * 1024


@dataclass
class Bench:
    """One run."""

    service: Service
    driver: Driver
    messages: int
    """How many messages the mailbox for reading holds."""
    seconds: float
    """How long each phase that writes goes on."""
    connections: int = 2000
    """How many clients idle at once."""
    large: int = 100_000
    """How many messages the mailbox for SELECT holds."""
    _filled: bool = field(default=False, repr=False)

    async def imap(self, user: str = ONE) -> Imap:
        return await Imap.signed_in(self.service.address("imap"), user, PASSWORD)

    async def mail(self, *, lmtp: bool, count: int = CONNECTIONS) -> list[Mail]:
        address = self.service.address("lmtp" if lmtp else "smtp")
        return [await Mail.open(address, lmtp=lmtp) for _ in range(count)]

    async def filled(self) -> Imap:
        """A connection with the mailbox for reading selected; it is filled at the first call."""
        client = await self.imap(READER)
        if not self._filled:
            for start in range(0, self.messages, 200):
                batch = range(start, min(start + 200, self.messages))
                letters = [letter(KIB4, 1_000_000 + number) for number in batch]
                await client.append(b"INBOX", *letters)
            self._filled = True
        await client.run(b"SELECT INBOX")
        return client
