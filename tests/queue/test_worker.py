"""The worker between a real database and a server that answers by a script."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
import pytest

from correio.config import Settings
from correio.dns.resolver import Resolver
from correio.mail.account import Account
from correio.mail.directory import add_domain, add_user
from correio.mail.fetch import fetch_messages
from correio.mail.message_store import MessageStore
from correio.mail.sent import Sent, find_sent
from correio.mail.signing import DomainSigner, make_signing_keys
from correio.mail.submission_recipients import SubmissionRecipient
from correio.mail.submit import Submission, submit
from correio.queue.administration import hold, hold_destination, list_sites, retry
from correio.queue.worker import Worker
from protocols.smtp.client.courier import SmtpCourier
from tests.conftest import DOMAIN
from tests.peers.nameserver import Nameserver, nameserver
from tests.peers.sink import CLOSE, Sink

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


@pytest.fixture(scope="module")
async def own(tmp_path_factory: pytest.TempPathFactory, database_uri: str) -> AsyncIterator[MessageStore]:
    """A store with settings for the queue, over a database of this module's own."""
    settings = Settings(
        data=tmp_path_factory.mktemp("queue"), database="queue", queue_retry=1.0, hostname="mx.correio.test"
    )
    store = await MessageStore.open(settings, database_uri)
    yield store
    await store.close()


@asynccontextmanager
async def running(store: MessageStore, sink: Sink) -> AsyncIterator[Queue]:
    async with nameserver() as dns:
        queue = Queue(store, dns)
        await queue.start(sink.port)
        try:
            yield queue
        finally:
            await queue.stop()


@pytest.fixture
async def account(own: MessageStore) -> Account:
    name = f"p{time.monotonic_ns()}"
    if not await own.database["domains"].find_one({"_id": DOMAIN}):
        await add_domain(own, DOMAIN)
        await make_signing_keys(own, DOMAIN)
    return await own.account((await add_user(own, f"{name}@{DOMAIN}", "x")).id)


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


async def test_each_recipient_has_an_outcome_of_its_own(own: MessageStore, account: Account) -> None:
    async with Sink() as sink, running(own, sink) as queue:
        site = queue.site(sink)
        sink.recipients = {f"no@{site}": "550 5.1.1 unknown", f"later@{site}": "450 4.2.1 busy"}
        done = await send(account, *(f"{name}@{site}" for name in ("yes", "no", "later")))
        sent = await until(account, done, lambda now: all(one.attempts for one in now.deliveries))
        assert [one.status for one in sent.deliveries] == ["delivered", "bounced", "deferred"]
        assert [one.history[0].code for one in sent.deliveries] == [250, 550, 450]
        assert any(line.startswith("C: MAIL FROM:") for line in sent.deliveries[0].history[0].transcript.splitlines())
        [message] = sink.messages
        assert message.recipients == [f"yes@{site}"]
        assert message.content.count(b"DKIM-Signature:") == 2
        assert message.content.endswith(RAW % account.address.encode())
        sink.recipients = {}
        sent = await until(account, done, ended)
        assert [one.status for one in sent.deliveries] == ["delivered", "bounced", "delivered"]
    [report] = await _arrived(account)
    assert f"Final-Recipient: rfc822;no@{site}".encode() in report
    assert b"later@" not in report.partition(b"Content-Type: message/rfc822")[0]


async def _arrived(account: Account) -> list[bytes]:
    """The account's mail, as soon as there is some."""
    deadline = time.monotonic() + PATIENCE
    while not (found := await reports(account)):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    return found


async def test_a_connection_lost_is_no_message_lost(own: MessageStore, account: Account) -> None:
    async with (
        Sink(replies={"content": [CLOSE], "MAIL": ["", "421 4.3.2 going away"]}) as sink,
        running(own, sink) as queue,
    ):
        done = await send(account, f"x@{queue.site(sink)}")
        sent = await until(account, done, ended)
        assert [one.status for one in sent.deliveries] == ["delivered"]
        assert [attempt.code for attempt in sent.deliveries[0].history][-1] == 250
        assert len(sent.deliveries[0].history) >= 2
        assert len(sink.messages) == 1


async def test_much_mail_for_one_site_shares_connections(own: MessageStore, account: Account) -> None:
    async with Sink() as sink, running(own, sink) as queue:
        site = queue.site(sink)
        await hold_destination(own, site, held=True)
        sends = [await send(account, f"x{number}@{site}", save=False) for number in range(60)]
        assert sink.connections == 0
        before = own.database.round_trips.background
        await hold_destination(own, site, held=False)
        for done in sends:
            await until(account, done, ended)
        assert sorted(one.recipients[0] for one in sink.messages) == sorted(f"x{number}@{site}" for number in range(60))
        assert sink.connections <= 4
        # What workers do is counted as nobody's: a batch costs a dozen, a message what is written of it, with others'.
        assert own.database.round_trips.background - before < 60 * 3


async def test_a_sender_for_each_recipient(own: MessageStore, account: Account) -> None:
    async with Sink() as sink, running(own, sink) as queue:
        site = queue.site(sink)
        done = await send(account, f"a@{site}", f"b@{site}", verp=True)
        await until(account, done, ended)
        senders = {one.sender for one in sink.messages}
        local, _, domain = account.address.partition("@")
        assert len(senders) == 2
        assert all(one.startswith(f"{local}+b-") and one.endswith(f"@{domain}") for one in senders)


async def test_who_waited_too_long_hears_of_it_at_a_dead_site(own: MessageStore, account: Account) -> None:
    async with Sink() as sink, nameserver() as dns:
        queue = Queue(own, dns)
        site = queue.site(sink)
        sends = [await send(account, f"x{number}@{site}") for number in range(30)]
        young = await send(account, f"young@{site}")
        own.outbox.take()
        past = own.now() - 1
        await own.database["deliveries"].update_many({"send": {"$in": sends}}, {"$set": {"expires": past, "due": past}})
        port = sink.port
        await sink.stop()
        await queue.start(port)
        try:
            for done in sends:
                sent = await until(account, done, ended)
                assert sent.deliveries[0].status == "expired"
            [site_now] = [one for one in await list_sites(own) if one.id == site]
            assert site_now.dead_until > time.time() - 5
            assert not (await find_sent(account, young)).deliveries[0].ended
        finally:
            await queue.stop()
    assert b"Status: 5.4.7" in (await _arrived(account))[0]


async def test_held_waits_and_retried_goes(own: MessageStore, account: Account) -> None:
    async with Sink(replies={"RCPT": ["451 4.7.1 later"]}) as sink, running(own, sink) as queue:
        done = await send(account, f"x@{queue.site(sink)}")
        await until(account, done, lambda now: now.deliveries[0].attempts == 1)
        assert await hold(own, done) == 1
        await asyncio.sleep(1.5)
        assert (await find_sent(account, done)).deliveries[0].status == "held"
        assert await retry(own, done) == 1
        await until(account, done, ended)


@pytest.mark.parametrize("ambiguous", ["retry", "fail"])
async def test_a_connection_lost_behind_the_dot(own: MessageStore, account: Account, ambiguous: str) -> None:
    async with Sink(replies={"dot": [CLOSE]}) as sink, running(own, sink) as queue:
        sent = await until(account, await send(account, f"x@{queue.site(sink)}", ambiguous=ambiguous), ended)
        [delivery] = sent.deliveries
        if ambiguous == "retry":
            assert (delivery.status, delivery.attempts, len(await reports(account))) == ("delivered", 2, 0)
        else:
            assert (delivery.status, delivery.attempts, sink.messages) == ("bounced", 1, [])
            [report] = await _arrived(account)
            assert b"Status: 5.4.2" in report


@pytest.mark.parametrize("ambiguous", ["retry", "fail"])
async def test_a_process_that_died_behind_the_dot(own: MessageStore, account: Account, ambiguous: str) -> None:
    """The note that it has come so far is all that is left of it."""
    async with Sink() as sink, running(own, sink) as queue:
        await queue.stop()
        done = await send(account, f"x@{queue.site(sink)}", ambiguous=ambiguous)
        lost = {"lease": "of the dead", "phase": "data", "due": 1.0}
        await own.database["deliveries"].update_one({"send": done}, {"$set": lost})
        await queue.start(sink.port)
        sent = await until(account, done, ended)
        if ambiguous == "retry":
            assert (sent.deliveries[0].status, len(sink.messages)) == ("delivered", 1)
        else:
            assert (sent.deliveries[0].status, len(sink.messages), len(await _arrived(account))) == ("bounced", 0, 1)
