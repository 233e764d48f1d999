"""The queue's worker killed at every point where it waits for something: nothing is lost, and twice comes only what may."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from correio.queue.faults import POINTS
from tests.peers.nameserver import nameserver
from tests.peers.served import free_port
from tests.peers.sink import Sink
from tests.queue.hosts import mail_host

pytestmark = pytest.mark.faults

PATIENCE = 60.0
AMBIGUOUS = {"answered", "reported"}
"""The points between the final dot and the note of what became of it: who dies there cannot know, and sends again."""


def letter(number: int) -> bytes:
    fields = f"From: o@origem.test\r\nSubject: x\r\nMessage-ID: <{number}@origem.test>\r\n"
    return (fields + "Date: Mon, 2 Mar 2026 10:00:00 +0000\r\n\r\ny\r\n").encode()


@pytest.mark.timeout(600)
async def test_kill_the_worker_at_every_point(tmp_path: Path) -> None:
    async with (
        nameserver() as dns,
        Sink() as sink,
        mail_host(tmp_path, dns, "origem.test", "127.0.0.7", "o", free_port()) as host,
    ):
        dns.load("destino.test MX 10 mx.destino.test\nmx.destino.test A 127.0.0.1")
        settings = host.served.settings
        settings |= {"CORREIO_OUTBOUND_PORT": str(sink.port), "CORREIO_QUEUE_LEASE": "3"}
        for number, point in enumerate(POINTS):
            settings["CORREIO_QUEUE_FAULT"] = point
            await host.start()
            # The worker may be faster than the reply to the client: the message is accepted all the same.
            with contextlib.suppress(ConnectionError):
                await host.submit("x@destino.test", raw=letter(number))
            process = host.served.process
            assert process is not None
            assert await asyncio.to_thread(process.wait, PATIENCE) == -9, f"{point} was not reached"
            host.served.process = None
            del settings["CORREIO_QUEUE_FAULT"]
            await host.start()
            await host.until(lambda found: not found)
            await host.stop()
            name = f"<{number}@origem.test>".encode()
            copies = sum(name in one.content for one in sink.messages)
            assert copies == 1 or (copies == 2 and point in AMBIGUOUS), f"{copies} copies after {point}"
