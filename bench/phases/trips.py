"""How often a delivery asks the database, by the server's own counter."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bench.clients import Mail
from bench.figure import Figure
from bench.letters import letter
from bench.load import CONNECTIONS, rate
from bench.subject import KIB4, ONE, Bench

COUNTER = "correio_database_round_trips_total"


async def run(bench: Bench) -> AsyncIterator[Figure]:
    """Alone: one message after the other. Under load: eight connections, then 32."""
    (alone,) = await bench.mail(lmtp=True, count=1)
    for number in range(5):
        await alone.send(ONE, letter(KIB4, 2_000_000 + number))
    before = bench.service.metric(COUNTER)
    count = 40
    for number in range(count):
        await alone.send(ONE, letter(KIB4, 2_100_000 + number))
    trips = (bench.service.metric(COUNTER) - before) / count
    yield Figure("database round trips, a delivery alone", trips, "a message", 5, "lower")
    alone.close()
    for connections, target in ((CONNECTIONS, 1.0), (32, 1.0)):
        clients = await bench.mail(lmtp=True, count=connections)
        letters = [letter(KIB4, 2_200_000 + number) for number in range(64)]

        async def work(client: Mail, number: int, letters: list[bytes] = letters, seed: int = connections) -> None:
            await client.send(ONE, letters[number % 64][:-14] + b"%04d%06d" % (seed, number) + b"\r\n\r\n")

        before = bench.service.metric(COUNTER)
        _, done = await rate(clients, work, bench.seconds, 1_000_000)
        trips = (bench.service.metric(COUNTER) - before) / done
        yield Figure(f"database round trips, {connections} connections", trips, "a message", target, "lower")
        for client in clients:
            client.close()
