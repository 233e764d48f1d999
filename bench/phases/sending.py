"""Mail for others: accepted by POST /v1/emails, then the queue drained to a server that takes anything."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator

from bench.clients import RefusedError, Stream
from bench.figure import Figure, median, percentile
from bench.load import rate
from bench.service import PASSWORD, SINK
from bench.subject import ONE, Bench
from correio.config import Settings
from correio.opening import open_store
from correio.queue.administration import hold_destination
from tests.peers.sink import Sink

CONNECTIONS = 16
SITE = "route:smarthost"
TEXT = "Um texto de uma linha, outra e outra ainda. " * 20
DRAINED = 1000
"""E-mails that wait at least when the queue is let go."""


class Http:
    """HTTP with a connection that is kept, as much of it as a benchmark says."""

    def __init__(self, stream: Stream, token: str) -> None:
        self.stream = stream
        self.token = token

    async def post(self, path: str, body: object) -> bytes:
        octets = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(octets)}\r\n"
        if self.token:
            head += f"Authorization: Bearer {self.token}\r\n"
        self.stream.writer.write(head.encode() + b"\r\n" + octets)
        status = await self.stream.line()
        length = 0
        while line := await self.stream.line():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(self.stream.buffer) < length:
            await self.stream.more()
        answer = bytes(self.stream.buffer[:length])
        del self.stream.buffer[:length]
        if not status.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
            raise RefusedError(f"{status!r} {answer[:300]!r}")
        return answer


async def run(bench: Bench) -> AsyncIterator[Figure]:
    """The queue is held while e-mails are accepted, and let go afterwards."""
    async with Sink(port=bench.service.ports[SINK], keep=False) as sink:
        await _hold(bench, held=True)
        address = bench.service.address("http")
        first = Http(await Stream.open(address), "")
        token = json.loads(await first.post("/v1/tokens", {"address": ONE, "password": PASSWORD}))["token"]
        clients = [Http(await Stream.open(address), token) for _ in range(CONNECTIONS)]
        times: list[float] = []
        accepted = 0

        async def work(client: Http, number: int) -> None:
            nonlocal accepted
            started = time.perf_counter()
            body = {"from": ONE, "to": f"x{number}@outside.test", "subject": f"Number {number}", "text": TEXT}
            await client.post("/v1/emails", body)
            times.append(time.perf_counter() - started)
            accepted += 1

        for number in range(20):
            await work(clients[0], number)
        times.clear()
        await rate(clients[:1], work, bench.seconds, 1_000_000)
        note = f"p99 {1000 * percentile(times, 0.99):.1f} ms"
        yield Figure("POST /v1/emails, one connection, p50", 1000 * median(times), "ms", 20, "lower", note=note)
        times.clear()
        per_second, _ = await rate(clients, work, bench.seconds, 1_000_000)
        note = f"p50 {1000 * median(times):.1f} ms"
        yield Figure(f"POST /v1/emails, {CONNECTIONS} connections", per_second, "e-mails/s", 150, note=note)
        while accepted < DRAINED:
            await asyncio.gather(*(work(client, accepted) for client in clients))
        yield await _drained(bench, sink, accepted, "queue to a server here")
        await _hold(bench, held=True)
        sent, accepted = sink.count, 0
        while accepted < DRAINED:
            await asyncio.gather(*(work(client, sent + accepted) for client in clients))
        for client in (first, *clients):
            client.stream.close()
        with bench.service.helped():
            yield await _drained(bench, sink, accepted, "the same by two processes")


async def _drained(bench: Bench, sink: Sink, waiting: int, name: str) -> Figure:
    before, connections = sink.count, sink.connections
    await _hold(bench, held=False)
    started = time.perf_counter()
    while sink.count == before:
        await asyncio.sleep(0.005)
    begun = time.perf_counter()
    while sink.count < before + waiting:
        await asyncio.sleep(0.01)
        if time.perf_counter() - begun > 120:
            raise RefusedError(f"{sink.count - before} of {waiting} e-mails were sent within two minutes")
    per_second = waiting / (time.perf_counter() - begun)
    used = sink.connections - connections
    note = f"{waiting} e-mails, {used} connections; the first after {begun - started:.1f} s"
    return Figure(name, per_second, "e-mails/s", 100, note=note)


async def _hold(bench: Bench, *, held: bool) -> None:
    async with open_store(Settings(data=bench.service.data)) as store:
        await hold_destination(store, SITE, held=held)
