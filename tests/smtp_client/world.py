"""A small world to send mail in: a nameserver, mail servers, and a courier that knows no other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec

from correio.config import Settings
from correio.dns.resolver import Resolver
from correio.queue.courier import CannotDowngradeError, Envelope, EnvelopeRecipient, Outcome
from protocols.smtp.client.courier import SmtpCourier
from protocols.smtp.client.link import SmtpLink
from protocols.smtp.client.timeouts import Timeouts
from tests.peers.nameserver import Nameserver, nameserver
from tests.peers.served import free_port
from tests.peers.sink import Sink

QUICK = Timeouts(connect=2, greeting=2, handshake=2, command=2, data=2, block=2, end=2, quit=0.5)


class Letter:
    """A message to send. ``downgraded`` is what a server without 8BITMIME or SMTPUTF8 gets; None: there is none."""

    def __init__(self, content: bytes = b"Subject: Hi\r\n\r\nHello.\r\n", downgraded: bytes | None = None) -> None:
        self.content = content
        self.downgraded = downgraded
        self.asked: list[bool] = []

    @property
    def eight_bit(self) -> bool:
        return not self.content.isascii()

    @property
    def size(self) -> int:
        return len(self.content)

    async def octets(self, *, seven_bit: bool) -> bytes:
        self.asked.append(seven_bit)
        if not seven_bit or self.content.isascii():
            return self.content
        if self.downgraded is None:
            raise CannotDowngradeError("The header needs SMTPUTF8.")
        return self.downgraded


def envelope(*recipients: str | EnvelopeRecipient, sender: str = "ana@origem.test", **more: Any) -> Envelope:
    """An envelope."""
    several = recipients or ("maria@destino.test",)
    return Envelope(
        sender=sender,
        recipients=tuple(EnvelopeRecipient(one) if isinstance(one, str) else one for one in several),
        **more,
    )


async def go_on(accepted: Sequence[int]) -> bool:
    """Before the dot: yes."""
    return True


def codes(outcomes: Sequence[Outcome]) -> list[int]:
    """The codes of the replies."""
    return [outcome.reply.code for outcome in outcomes]


class World:
    """All mail servers listen on one port, each on an address of its own in 127.0.0.0/8."""

    def __init__(self, dns: Nameserver, stack: AsyncExitStack) -> None:
        self.dns = dns
        self.port = free_port()
        self.sinks: dict[str, Sink] = {}
        self._stack = stack

    async def sink(self, address: str = "127.0.0.1", **script: Any) -> Sink:
        """Run a mail server."""
        found = self.sinks[address] = await self._stack.enter_async_context(
            Sink(host=address, port=script.pop("port", self.port), **script)
        )
        return found

    def mx(self, domain: str, *hosts: tuple[int, str, str]) -> None:
        """Give a domain mail hosts: preference, name, address."""
        for preference, host, address in hosts:
            self.dns.add(domain, "MX", f"{preference} {host}.")
            self.dns.add(host, "A", address)

    def courier(self, timeouts: Timeouts = QUICK, **settings: Any) -> SmtpCourier:
        """A courier that asks the nameserver."""
        resolver = Resolver([self.dns.endpoint])
        settings = {"hostname": "mx.origem.test", "outbound_port": self.port, "outbound_mta_sts": False} | settings
        courier = SmtpCourier(msgspec.structs.replace(Settings(), **settings), resolver, timeouts=timeouts)
        self._stack.push_async_callback(resolver.close)
        self._stack.push_async_callback(courier.close)
        return courier

    async def link(self, site: str = "destino.test", timeouts: Timeouts = QUICK, **settings: Any) -> SmtpLink:
        """A link that is closed at the end."""
        link = await self.courier(timeouts, **settings).open(site)
        self._stack.push_async_callback(link.close)
        return link

    async def served(self, timeouts: Timeouts = QUICK, **script: Any) -> tuple[Sink, SmtpLink]:
        """A mail server for destino.test, and a link to it."""
        sink = await self.sink(**script)
        self.mx("destino.test", (10, "mx.destino.test", "127.0.0.1"))
        return sink, await self.link(timeouts=timeouts)


@asynccontextmanager
async def new_world() -> AsyncIterator[World]:
    """A world that ends with the test."""
    async with AsyncExitStack() as stack:
        dns = await stack.enter_async_context(nameserver())
        yield World(dns, stack)
