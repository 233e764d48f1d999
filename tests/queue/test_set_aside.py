"""One document that nobody can make sense of, and all the others that have to go out beside it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from correio.cli.queue.delivery_json import delivery_json
from correio.mail.account import Account
from correio.mail.message_store import MessageStore
from correio.mail.sent import find_sent
from correio.queue.administration import cancel, hold_destination, list_queue, list_sites, retry, show
from correio.queue.courier import BeforeDot, Envelope, Message, Outcome
from correio.store.deliveries import find_deliveries_of
from correio.store.queue_documents import DeliveryDocument
from protocols.smtp.client.link import SmtpLink
from tests.peers.sink import Sink
from tests.queue.sending import Queue, ended, running, send, until

LARGE = b"From: x\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"QUJDREVG" * 9 + b"\r\n"


async def _three(own: MessageStore, account: Account, queue: Queue, sink: Sink, **fields: Any) -> tuple[str, list[str]]:
    """A site that is held, and three messages for it, the first of which has these fields."""
    site = queue.site(sink)
    await hold_destination(own, site, held=True)
    first = await send(account, f"odd@{site}", **fields)
    return site, [first, *[await send(account, f"x{number}@{site}", save=False) for number in range(2)]]


async def _delivery(own: MessageStore, send_id: str) -> DeliveryDocument:
    return (await find_deliveries_of(own.database, [send_id]))[send_id][0]


async def _others_go(own: MessageStore, account: Account, site: str, others: list[str], sink: Sink) -> None:
    began = time.monotonic()
    await hold_destination(own, site, held=False)
    for one in others:
        sent = await until(account, one, ended)
        assert sent.deliveries[0].status == "delivered"
    # Sooner than a worker that has stumbled gets up again.
    assert time.monotonic() - began < 4
    assert sorted(one.recipients[0] for one in sink.messages) == [f"x0@{site}", f"x1@{site}"]


@pytest.mark.parametrize(
    "broken",
    [
        {"attempts": "many"},
        {"history": 5},
        {"history": [{"at": "noon"}], "notify": "ALWAYS"},
        {"status": "enchanted"},
        {"recipient": None},
    ],
)
async def test_a_delivery_that_cannot_be_read(own: MessageStore, account: Account, broken: dict[str, Any]) -> None:
    async with Sink() as sink, running(own, sink) as queue:
        site, (odd, *others) = await _three(own, account, queue, sink)
        await own.database["deliveries"].update_one({"send": odd}, {"$set": broken})
        await _others_go(own, account, site, others, sink)
        one = await _delivery(own, odd)
        assert (one.status, one.queue, one.lease) == ("held", site, "")
        assert "cannot be read" in one.history[-1].reply
        # Wherever people look.
        assert "cannot be read" in delivery_json((await show(own, odd)).deliveries[0])["last_reply"]
        assert [one.send for one in await list_queue(own, site=site)] == [odd]
        assert odd in {one.send for one in await list_queue(own)}
        assert [one.send for one in await list_queue(own, account_id=account.id)] == [odd]
        assert (await find_sent(account, odd)).last_event == "held"
        # Put right it goes, and until then it can be ended.
        good = {"attempts": 0, "history": [], "notify": None, "status": "held", "recipient": f"good@{site}"}
        if "recipient" in broken:
            assert await cancel(own, odd) == 1
            return
        await own.database["deliveries"].update_one({"send": odd}, {"$set": good})
        assert await retry(own, odd) == 1
        assert (await until(account, odd, ended)).deliveries[0].status == "delivered"


async def test_a_message_that_cannot_be_read(own: MessageStore, account: Account) -> None:
    async with Sink() as sink, running(own, sink) as queue:
        site, (odd, *others) = await _three(own, account, queue, sink)
        await own.database["sends"].update_one({"_id": odd}, {"$set": {"recipients": "some"}})
        await _others_go(own, account, site, others, sink)
        one = (await until(account, odd, lambda now: now.deliveries[0].status == "held")).deliveries[0]
        assert "cannot be read" in one.history[-1].reply
        assert (await show(own, odd)).send.subject == "Hi"
        await own.database["sends"].update_one({"_id": odd}, {"$set": {"recipients": 1}})
        await retry(own, odd)
        assert (await until(account, odd, ended)).deliveries[0].status == "delivered"


async def test_a_message_of_which_a_part_is_lost(own: MessageStore, account: Account) -> None:
    async with Sink() as sink, running(own, sink) as queue:
        raw = LARGE.replace(b"QUJDREVG" * 9 + b"\r\n", (b"QUJDREVG" * 9 + b"\r\n") * 3000)
        site, (odd, *others) = await _three(own, account, queue, sink, raw=raw)
        ids = (await own.database["sends"].find_one({"_id": odd}) or {})["content"]
        assert ids
        await own.database["parts"].delete_many({"_id": {"$gte": ids[0], "$lt": ids[0] + b"\xff" * 8}})
        await _others_go(own, account, site, others, sink)
        one = (await until(account, odd, lambda now: now.deliveries[0].attempts > 0)).deliveries[0]
        assert one.status == "deferred"
        assert "could not be read" in one.history[-1].reply
        # When its time is over there is no report to be had that brings the message back: somebody has to look at it.
        past = {"expires": own.now() - 1}
        await own.database["deliveries"].update_one({"send": odd}, {"$set": past})
        one = (await until(account, odd, lambda now: now.deliveries[0].status == "held")).deliveries[0]
        assert "cannot be told" in one.history[-1].reply


async def test_a_message_that_is_laid_out_as_none_can_be(own: MessageStore, account: Account) -> None:
    async with Sink() as sink, running(own, sink) as queue:
        site, (odd, *others) = await _three(own, account, queue, sink)
        await own.database["sends"].update_one({"_id": odd}, {"$set": {"layout": b"\x93\x01"}})
        await _others_go(own, account, site, others, sink)
        one = (await until(account, odd, lambda now: now.deliveries[0].attempts > 0)).deliveries[0]
        assert (one.status, one.history[-1].reply[:5]) == ("deferred", "4.3.0")


async def test_a_site_that_cannot_be_read_begins_anew(own: MessageStore, account: Account) -> None:
    async with Sink() as sink, running(own, sink) as queue:
        site, sends = await _three(own, account, queue, sink)
        await own.database["sites"].update_one({"_id": site}, {"$set": {"window": "wide", "last_error": 7}})
        [found] = [one for one in await list_sites(own) if one.id == site]
        assert found.held
        await hold_destination(own, site, held=False)
        for one in sends:
            assert (await until(account, one, ended)).deliveries[0].status == "delivered"


@pytest.mark.parametrize(("ambiguous", "status", "copies"), [("retry", "delivered", 2), ("fail", "bounced", 1)])
async def test_a_defect_behind_the_dot(
    own: MessageStore, account: Account, monkeypatch: pytest.MonkeyPatch, ambiguous: str, status: str, copies: int
) -> None:
    """Who asked not to be sent twice is not, whatever goes wrong here."""
    real, failed = SmtpLink.send, asyncio.Event()

    async def fail_once(self: SmtpLink, envelope: Envelope, message: Message, before_dot: BeforeDot) -> list[Outcome]:
        outcomes = await real(self, envelope, message, before_dot)
        if not failed.is_set():
            failed.set()
            raise RuntimeError("a defect")
        return outcomes

    monkeypatch.setattr(SmtpLink, "send", fail_once)
    async with Sink() as sink, running(own, sink) as queue:
        done = await send(account, f"x@{queue.site(sink)}", save=False, ambiguous=ambiguous)
        one = (await until(account, done, ended)).deliveries[0]
        assert (one.status, len(sink.messages)) == (status, copies)
