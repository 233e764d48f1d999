"""Signing in: eight clients that come again and again with the same good password."""

from __future__ import annotations

from collections.abc import AsyncIterator

from argon2 import PasswordHasher

from bench.clients import Imap
from bench.figure import Figure
from bench.load import CONNECTIONS, rate
from bench.subject import ONE, Bench


async def run(bench: Bench) -> AsyncIterator[Figure]:
    """The password's hash is a real one here: what a sign-in costs without a memory of it is in the note."""
    await bench.service.rehash(ONE, PasswordHasher())
    first, _ = await rate([None], lambda _worker, _number: _sign_in(bench), 0.01, 1)
    per_second, _ = await rate(range(CONNECTIONS), lambda _worker, _number: _sign_in(bench), bench.seconds, 100_000)
    yield Figure("IMAP sign-ins", per_second, "a second", 150, note=f"the first one alone: {1000 / first:.0f} ms")


async def _sign_in(bench: Bench) -> None:
    client: Imap = await bench.imap(ONE)
    await client.run(b"LOGOUT")
    client.close()
