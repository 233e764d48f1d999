"""What people see of the queue, and how they name what they steer."""

from __future__ import annotations

from correio.mail.account import Account
from correio.mail.message_store import MessageStore
from correio.queue.administration import hold_destination, list_queue, list_sites, show
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
