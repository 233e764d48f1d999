"""The worker between a real database and a server that answers by a script."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from correio.errors import UnavailableError
from correio.mail.account import Account
from correio.mail.message_store import MessageStore
from correio.mail.sent import find_sent
from correio.queue.administration import hold, hold_destination, list_sites, retry
from correio.queue.change_writer import ChangeWriter
from correio.store.deliveries import DeliveryChange, lease_due, renew_lease
from correio.store.queue_documents import DeliveryDocument
from correio.store.sites import forget_sites
from tests.peers.nameserver import nameserver
from tests.peers.sink import CLOSE, Sink
from tests.queue.sending import PATIENCE, RAW, Queue, arrived, ended, reports, running, send, until


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
    [report] = await arrived(account)
    assert f"Final-Recipient: rfc822;no@{site}".encode() in report
    assert b"later@" not in report.partition(b"Content-Type: message/rfc822")[0]


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
        # What workers do is counted as nobody's: a batch costs a dozen, a message what is written of it before its end and
        # after it, with others'.
        assert own.database.round_trips.background - before < 60 * 4


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
    assert b"Status: 5.4.7" in (await arrived(account))[0]


async def test_held_waits_and_retried_goes(own: MessageStore, account: Account) -> None:
    async with Sink(replies={"RCPT": ["451 4.7.1 later"]}) as sink, running(own, sink) as queue:
        done = await send(account, f"x@{queue.site(sink)}")
        await until(account, done, lambda now: now.deliveries[0].attempts == 1)
        assert await hold(own, done) == 1
        await asyncio.sleep(1.5)
        assert (await find_sent(account, done)).deliveries[0].status == "held"
        assert await retry(own, done) == 1
        await until(account, done, ended)


async def test_what_was_to_go_later_is_not_late_from_the_start(own: MessageStore, account: Account) -> None:
    async with Sink(replies={"RCPT": "451 4.7.1 later"}) as sink, running(own, sink) as queue:
        site = queue.site(sink)
        await hold_destination(own, site, held=True)
        sends = [await send(account, f"{name}@{site}", save=False) for name in ("late", "later")]
        long_ago = own.now() - 5 * 3600
        await own.database["sends"].update_many({"_id": {"$in": sends}}, {"$set": {"created": long_ago}})
        await own.database["sends"].update_one({"_id": sends[0]}, {"$set": {"send_at": long_ago}})
        await own.database["deliveries"].update_many({"send": {"$in": sends}}, {"$set": {"created": long_ago}})
        await hold_destination(own, site, held=False)
        told = [(await until(account, one, lambda now: now.deliveries[0].attempts > 0)).deliveries[0] for one in sends]
        assert [one.delay_told for one in told] == [True, False]
        assert f"Final-Recipient: rfc822;late@{site}".encode() in (await arrived(account))[0]


async def test_a_reply_of_many_words_is_cut(own: MessageStore, account: Account) -> None:
    lines = [f"550-5.1.1 {'word ' * 700}"] * 15
    async with Sink(replies={"RCPT": "\r\n".join([*lines, "550 5.1.1 end"])}) as sink, running(own, sink) as queue:
        done = await send(account, f"x@{queue.site(sink)}", save=False)
        one = (await until(account, done, ended)).deliveries[0]
        assert one.status == "bounced"
        assert len(one.history[0].reply) < 1100
        assert len((await arrived(account))[0]) < 6000


async def test_a_site_for_which_nothing_waits_is_forgotten_however_it_went(own: MessageStore, account: Account) -> None:
    async with Sink() as sink, running(own, sink):
        site = f"nobody-{time.monotonic_ns()}.test"
        done = await send(account, f"x@{site}", save=False)
        assert (await until(account, done, ended)).deliveries[0].status == "bounced"
        await asyncio.sleep(0.2)
        # As when a worker has died with a batch, and its time is over.
        fields = {"batches.gone": time.time() - 1, "next_due": 0.0}
        await own.database["sites"].update_one({"_id": site}, {"$set": fields})
        deadline = time.monotonic() + 10
        while site in {one.id for one in await list_sites(own)}:
            assert time.monotonic() < deadline, [one for one in await list_sites(own) if one.id == site]
            await forget_sites(own.database, time.time())
            await asyncio.sleep(0.1)


async def test_a_batch_ends_also_at_a_site_that_was_held_meanwhile(own: MessageStore, account: Account) -> None:
    async with Sink(delays={"dot": 0.5}) as sink, running(own, sink) as queue:
        site = queue.site(sink)
        done = await send(account, f"x@{site}", save=False)
        deadline = time.monotonic() + 10
        while "DATA" not in sink.verbs():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        await hold_destination(own, site, held=True)
        assert (await until(account, done, ended)).deliveries[0].status == "delivered"
        await asyncio.sleep(0.2)
        [found] = [one for one in await list_sites(own) if one.id == site]
        assert (found.held, found.batches) == (True, {})


async def test_a_lease_that_ran_out_is_not_had_again_by_renewing_it(
    own: MessageStore, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away for longer than the lease, another worker takes the delivery, and it is there again."""
    monkeypatch.setattr(own, "settings", msgspec.structs.replace(own.settings, queue_lease=3.0))
    away = asyncio.Event()

    async def renew(*given: Any) -> None:
        if not away.is_set():
            raise UnavailableError("The database does not answer; try again later.")
        await renew_lease(*given)

    monkeypatch.setattr("correio.queue.worker.renew_lease", renew)
    async with Sink(delays={"DATA": 6}) as sink, running(own, sink) as queue:
        site = queue.site(sink)
        done = await send(account, f"x@{site}", save=False)
        await until(account, done, lambda now: bool(now.deliveries[0].lease))
        taken: list[DeliveryDocument] = []
        while not taken:
            await asyncio.sleep(0.02)
            taken = (
                await lease_due(own.database, site, time.time(), time.time() + 60, "another worker", 10)
            ).deliveries
        away.set()
        deadline = time.monotonic() + PATIENCE
        while sink.open and not sink.count:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
        assert sink.count == 0
        assert (await find_sent(account, done)).deliveries[0].lease == "another worker"


@pytest.mark.parametrize("last", [CLOSE, "421 4.7.0 that is enough for one connection"])
async def test_a_connection_that_ends_between_two_messages_puts_nothing_off(
    own: MessageStore, account: Account, last: str
) -> None:
    async with Sink() as sink, running(own, sink) as queue:
        site = queue.site(sink)
        await hold_destination(own, site, held=True)
        sends = [await send(account, f"x{number}@{site}", save=False) for number in range(6)]
        # Two messages a connection, as many servers have it that do not say so.
        sink.replies = {"MAIL": ["", "", last, "", "", last, "", ""]}
        await hold_destination(own, site, held=False)
        for one in sends:
            [attempt] = (await until(account, one, ended)).deliveries[0].history
            assert attempt.code == 250
        assert len(sink.messages) == 6
        assert sink.connections == 3


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({}, False), ({"envid": "e1"}, "ENVID=e1"), ({"kind": "api"}, True)],
)
async def test_an_envelope_id_is_the_senders_own(
    own: MessageStore, account: Account, fields: dict[str, Any], expected: bool | str
) -> None:
    """RFC 3461 section 5.2.1: what a client did not say is not said on. What comes by REST is ours to name."""
    async with Sink() as sink, running(own, sink) as queue:
        done = await send(account, f"x@{queue.site(sink)}", save=False, **fields)
        await until(account, done, ended)
        said = sink.messages[0].parameters
        assert ("ENVID=" in said) is bool(expected)
        if expected:
            assert (expected if isinstance(expected, str) else f"ENVID={done}") in said


async def test_what_is_known_and_cannot_be_written_is_never_overwritten(
    own: MessageStore, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database takes no writes for longer than a worker waits: who asked not to be sent twice is not."""
    monkeypatch.setattr("correio.queue.batch.AWAY", 0.3)
    monkeypatch.setattr("correio.queue.batch.PAUSE", 0.1)
    write, away = ChangeWriter.write, asyncio.Event()

    async def fail_at_first(self: ChangeWriter, changes: Sequence[DeliveryChange]) -> bool:
        if changes[0].status == "delivered":
            away.set()
            raise UnavailableError("The database does not answer; try again later.")
        return await write(self, changes)

    monkeypatch.setattr(ChangeWriter, "write", fail_at_first)
    async with Sink() as sink, running(own, sink) as queue:
        site = queue.site(sink)
        await hold_destination(own, site, held=True)
        done = await send(account, f"x@{site}", save=False)
        await own.database["sends"].update_one({"_id": done}, {"$set": {"ambiguous": "fail"}})
        await hold_destination(own, site, held=False)
        await asyncio.wait_for(away.wait(), PATIENCE)
        await asyncio.sleep(2)
        [one] = (await find_sent(account, done)).deliveries
        assert (one.status, one.phase) == ("queued", "data")
        assert len(sink.messages) == 1


@pytest.mark.parametrize("ambiguous", ["retry", "fail"])
async def test_a_connection_lost_behind_the_dot(own: MessageStore, account: Account, ambiguous: str) -> None:
    async with Sink(replies={"dot": [CLOSE]}) as sink, running(own, sink) as queue:
        sent = await until(account, await send(account, f"x@{queue.site(sink)}", ambiguous=ambiguous), ended)
        [delivery] = sent.deliveries
        if ambiguous == "retry":
            assert (delivery.status, delivery.attempts, len(await reports(account))) == ("delivered", 2, 0)
        else:
            assert (delivery.status, delivery.attempts, sink.messages) == ("bounced", 1, [])
            [report] = await arrived(account)
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
            assert (sent.deliveries[0].status, len(sink.messages), len(await arrived(account))) == ("bounced", 0, 1)
