"""Sending through a worker of this process to a server that answers by a script: what the tests of the queue share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec

from correio.dns.resolver import Resolver
from correio.mail.account import Account
from correio.mail.fetch import fetch_messages
from correio.mail.message_store import MessageStore
from correio.mail.sent import Sent, find_sent
from correio.mail.signing import DomainSigner
from correio.mail.submit import Submission, SubmissionRecipient, submit
from correio.queue.worker import Worker
from protocols.smtp.client.courier import SmtpCourier
from tests.peers.nameserver import Nameserver, nameserver
from tests.peers.sink import Sink

PATIENCE = 20.0
RAW = b"From: %s\r\nSubject: Hi\r\nMessage-ID: <1@here>\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\r\nText\r\n"


@dataclass
class Queue:
    """A worker in this process, which is started and stopped by a test, and names for it."""

    store: MessageStore
    dns: Nameserver
    sinks: int = 0
    workers: list[Worker] = field(default_factory=list)

    def site(self, sink: Sink) -> str:
        """A domain of its own whose mail goes to a server."""
        self.sinks += 1
        domain = f"d{self.sinks}-{time.monotonic_ns()}.test"
        self.dns.load(f"{domain} MX 10 mx.{domain}\nmx.{domain} A {sink.host}")
        return domain

    async def start(self, port: int) -> None:
        settings = msgspec.structs.replace(self.store.settings, dns=(self.dns.endpoint,), outbound_port=port)
        courier = SmtpCourier(settings, Resolver(settings.dns))
        worker = Worker(self.store, courier, DomainSigner(self.store, "mx.correio.test"), "mx.correio.test", 5)
        worker.start()
        self.workers.append(worker)

    async def stop(self) -> None:
        while self.workers:
            await self.workers.pop().stop(5)


@asynccontextmanager
async def running(store: MessageStore, sink: Sink) -> AsyncIterator[Queue]:
    async with nameserver() as dns:
        queue = Queue(store, dns)
        await queue.start(sink.port)
        try:
            yield queue
        finally:
            await queue.stop()


async def send(account: Account, *addresses: str, **fields: object) -> str:
    given = {
        "kind": "submission", "sender": account.address, "raw": RAW % account.address.encode(),
        "recipients": [SubmissionRecipient(address) for address in addresses], **fields,
    }  # fmt: skip
    return (await submit(account, Submission(**given))).id  # type: ignore[arg-type]


async def until(account: Account, send_id: str, holds: Callable[[Sent], bool]) -> Sent:
    deadline = time.monotonic() + PATIENCE
    while not holds(sent := await find_sent(account, send_id)):
        assert time.monotonic() < deadline, [(one.recipient, one.status, one.history) for one in sent.deliveries]
        await asyncio.sleep(0.05)
    return sent


def ended(sent: Sent) -> bool:
    return all(one.ended for one in sent.deliveries)


async def reports(account: Account) -> list[bytes]:
    inbox = account.mailboxes.by_role("inbox")
    assert inbox is not None
    index = await account.index(inbox.id)
    return [await one.read() async for batch in fetch_messages(account, inbox.id, list(index.uids)) for one in batch]


async def arrived(account: Account) -> list[bytes]:
    """The account's mail, as soon as there is some."""
    deadline = time.monotonic() + PATIENCE
    while not (found := await reports(account)):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    return found
