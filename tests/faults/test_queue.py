"""The queue's worker killed at every point where it waits for something: nothing is lost, and twice comes only what may."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import httpx
import pytest

from correio.queue.faults import POINTS
from tests.peers.nameserver import nameserver
from tests.peers.served import free_port
from tests.peers.sink import Sink
from tests.queue.hosts import Host, mail_host

pytestmark = pytest.mark.faults

PATIENCE = 60.0
NOTED = {"data", "answered", "reported"}
"""The points between the note that the final dot is due and that of what became of it."""
BEHIND_THE_DOT = NOTED - {"data"}
"""Who dies there cannot know whether the message arrived."""
ENDED = {"settled", "ended"}


async def accept(host: Host, subject: str, ambiguous: str) -> None:
    """Send by REST. The worker may be faster than the reply to the client: the message is accepted all the same."""
    async with await host.served.rest(host.person) as client:
        fields = {"from": host.person.address, "to": "x@destino.test", "subject": subject, "text": "y"}
        with contextlib.suppress(httpx.TransportError):
            (await client.post("/v1/emails", json=fields | {"ambiguous": ambiguous})).raise_for_status()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("ambiguous", ["retry", "fail"])
async def test_kill_the_worker_at_every_point(tmp_path: Path, ambiguous: str) -> None:
    async with (
        nameserver() as dns,
        Sink() as sink,
        mail_host(tmp_path, dns, "origem.test", "127.0.0.7", "o", free_port()) as host,
    ):
        dns.load("destino.test MX 10 mx.destino.test\nmx.destino.test A 127.0.0.1")
        settings = host.served.settings
        settings |= {"CORREIO_OUTBOUND_PORT": str(sink.port), "CORREIO_QUEUE_LEASE": "3"}
        reported = 0
        for number, point in enumerate(POINTS):
            settings["CORREIO_QUEUE_FAULT"] = point
            await host.start()
            await accept(host, f"Number {number} of them", ambiguous)
            process = host.served.process
            assert process is not None
            assert await asyncio.to_thread(process.wait, PATIENCE) == -9, f"{point} was not reached"
            host.served.process = None
            del settings["CORREIO_QUEUE_FAULT"]
            left = (await host.queue())["deliveries"]
            noted = [one["may_have_arrived"] for one in left]
            assert noted == ([] if point in ENDED else [point in NOTED]), point
            await host.start()
            await host.until(lambda found: not found)
            name = f"Number {number} of them".encode()
            copies = sum(name in one.content for one in sink.messages)
            if ambiguous == "retry":
                assert copies == 1 + (point in BEHIND_THE_DOT), f"{copies} copies after {point}"
            else:
                assert copies == (point != "data"), f"{copies} copies after {point}"
                reported += point in NOTED
                # Whoever asked not to be sent twice hears of what nobody knows.
                assert len(await host.messages(reported)) == reported
            await host.stop()
