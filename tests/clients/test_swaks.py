"""swaks: SMTP at every port, with what must be accepted and what must be refused."""

from __future__ import annotations

import pytest

from tests.clients.letters import LETTERS, noise_letter, short
from tests.clients.program import Ended, Home
from tests.clients.store import Store

pytestmark = pytest.mark.clients

REFUSED_RECIPIENT, REFUSED_SENDER, NOT_SIGNED_IN = 24, 23, 28
"""swaks' exit codes."""


class Swaks:
    """The program, sending to the person."""

    def __init__(self, home: Home, store: Store) -> None:
        self.home = home
        self.store = store

    async def __call__(self, listener: str, raw: bytes, *options: str, codes: tuple[int, ...] = (0,)) -> Ended:
        port = str(self.store.server.ports[listener])
        letter = self.home.write("letter", raw)
        return await self.home.run(
            *("swaks", "--server", "localhost", "--port", port, "--helo", "client.test", "--timeout", "20"),
            *("--from", self.store.person.address, "--to", self.store.person.address, "--data", f"@{letter}"),
            *options,
            codes=codes,
        )

    @property
    def person(self) -> tuple[str, ...]:
        return "--auth-user", self.store.person.address, "--auth-password", self.store.person.password


async def test_accepted(store: Store, home: Home) -> None:
    swaks = Swaks(home, store)
    big = noise_letter("big", 2_500_000)
    await swaks("submission", LETTERS["dots"], "--tls", "--auth", "PLAIN", *swaks.person)
    await swaks("submissions", LETTERS["utf8"], "--tls-on-connect", "--auth", "LOGIN", *swaks.person)
    await swaks("smtp", LETTERS["latin1"], "--tls")
    await swaks("smtp", LETTERS["attachments"], "--pipeline")
    await swaks("smtp", big)
    await swaks("lmtp", LETTERS["alternative"], "--protocol", "LMTP")
    sent = {**LETTERS, "big": big}
    for message in await store.arrived(6):
        # swaks adds a line end of its own to what it sends.
        assert message.raw.rstrip(b"\r\n").endswith(sent[message.name].rstrip(b"\r\n")), message.name


async def test_refused(store: Store, home: Home) -> None:
    swaks = Swaks(home, store)
    relayed = await swaks("smtp", short("a"), "--to", "nobody@elsewhere.invalid", codes=(REFUSED_RECIPIENT,))
    assert "<** 5" in relayed.said
    unknown = await swaks("smtp", short("a"), "--to", f"nobody-{store.person.address}", codes=(REFUSED_RECIPIENT,))
    assert "<** 5" in unknown.said
    await swaks("submission", short("a"), "--tls", codes=(REFUSED_SENDER, REFUSED_RECIPIENT))
    wrong = ("--auth-user", store.person.address, "--auth-password", "wrong")
    denied = await swaks("submission", short("a"), "--tls", "--auth", "PLAIN", *wrong, codes=(NOT_SIGNED_IN,))
    assert "535" in denied.said
    assert await store.messages() == []
