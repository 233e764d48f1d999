"""What people see of the queue, and how they name what they steer."""

from __future__ import annotations

import time

import click
import pytest

from correio.cli.queue.show import shown_lines
from correio.errors import ConflictError
from correio.mail.account import Account
from correio.mail.message_store import MessageStore
from correio.queue.administration import cancel, hold, hold_destination, list_queue, list_sites, retry, show
from correio.store.deliveries import DeliveryChange, lease_due, write_updates
from tests.peers.sink import Sink
from tests.queue.sending import running, send, until


async def test_a_list_has_no_dialogues_and_what_is_shown_has(own: MessageStore, account: Account) -> None:
    async with Sink(replies={"RCPT": "451 4.7.1 later"}) as sink, running(own, sink) as queue:
        sites = [queue.site(sink) for _ in range(3)]
        sends = [await send(account, f"x@{site}", save=False) for site in sites]
        for one in sends:
            await until(account, one, lambda now: now.deliveries[0].attempts > 0)
        for listed in (await list_queue(own), await list_queue(own, account_id=account.id)):
            [found] = [one for one in listed if one.send == sends[0]]
            assert found.history[0].code == 451
            assert found.history[0].transcript == ""
        assert [one.due for one in await list_queue(own)] == sorted(one.due for one in await list_queue(own))
        assert len(await list_queue(own, limit=2)) == 2
        assert "C: MAIL" in (await show(own, sends[0])).deliveries[0].history[0].transcript


async def test_a_destination_is_named_as_people_write_it(own: MessageStore, account: Account) -> None:
    async with Sink() as sink, running(own, sink):
        for text, site in (
            ("Bücher.Example.", "xn--bcher-kva.example"),
            ("EXAMPLE.org", "example.org"),
            ("route:Relay", "route:Relay"),
        ):
            await hold_destination(own, text, held=True)
            assert site in {one.id for one in await list_sites(own) if one.held}
            done = await send(account, f"x@{text.removeprefix('route:').lower()}.", save=False) if "." in text else ""
            listed = [one.send for one in await list_queue(own, site=text)]
            assert listed == ([done] if done else [])


async def test_what_a_worker_left_behind_can_be_steered_when_its_lease_is_over(
    own: MessageStore, account: Account
) -> None:
    """It died, and its site is held or dead: nobody takes the delivery for hours."""
    site = f"left-{time.monotonic_ns()}.test"
    await hold_destination(own, site, held=True)
    sends = [await send(account, f"x@{site}", save=False) for _ in range(3)]
    now = time.time()
    taken = (await lease_due(own.database, site, now, now + 60, "dead worker", 10)).deliveries
    assert len(taken) == 3
    for steer in (hold, cancel):
        with pytest.raises(ConflictError):
            await steer(own, sends[0])
    await own.database["deliveries"].update_many({"send": {"$in": sends}}, {"$set": {"due": now - 10}})
    assert await cancel(own, sends[0]) == 1
    assert await hold(own, sends[1]) == 1
    assert await retry(own, sends[2]) == 1
    states = [(await show(own, one)).deliveries[0] for one in sends]
    assert [(one.status, one.lease) for one in states] == [("canceled", ""), ("held", ""), ("queued", "")]
    # Should it live after all, it has no say any more.
    change = DeliveryChange(id=taken[0].id, lease="dead worker", status="delivered", due=now, ended=int(now))
    assert await write_updates(own.database, [change]) == 0


async def test_what_others_wrote_steers_no_terminal(own: MessageStore, account: Account) -> None:
    site = f"seen-{time.monotonic_ns()}.test"
    await hold_destination(own, site, held=True)
    raw = b"From: %s\r\nSubject: =?utf-8?q?=1B]0;x=07=0Adelivered=C2=9B31m?=\r\n\r\nx\r\n" % account.address.encode()
    found = await show(own, await send(account, f"x@{site}", save=False, raw=raw))
    assert "\x1b" in found.send.subject
    lines = list(shown_lines(found, time.time()))
    assert len(lines) == 3
    assert click.unstyle("".join(lines)).removeprefix(lines[0]).replace("\n", "").isprintable()
