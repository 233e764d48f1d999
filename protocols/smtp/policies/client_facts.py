"""What the DNS says of a client: whether a list names it, and which name it has. Asked once for each connection."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import msgspec

from correio.dns.errors import DnsError, ResolverTemporaryError
from correio.dns.resolver import Resolver
from protocols.smtp.core.blocklist import is_listed, question

T = TypeVar("T")

log = logging.getLogger("correio.smtp")
PATIENCE: Final = 5.0
"""Seconds to wait for the DNS; then mail is taken as if it had nothing to say."""
_NAMES: Final = 5
"""Names of an address that are looked at."""


class Listing(msgspec.Struct, frozen=True):
    """The list that names a client; "" where none does."""

    zone: str = ""
    reason: str = ""


class ClientFacts:
    """Of one client. Nothing is asked before it is wanted."""

    def __init__(self, remote: str, resolver: Resolver | None, zones: Sequence[str], *, named: bool) -> None:
        self._remote: Final = remote
        self._resolver: Final = resolver
        self._zones: Final = zones
        self._named: Final = named
        self._listing: asyncio.Task[Listing] | None = None
        self._name: asyncio.Task[str] | None = None

    def begin(self) -> None:
        """Ask, so that the answer is there when it is wanted."""
        if self._resolver is None:
            return
        loop = asyncio.get_running_loop()
        if self._zones and self._listing is None:
            self._listing = loop.create_task(_bounded(self._find_listing, self._resolver, Listing()))
        if self._named and self._name is None:
            self._name = loop.create_task(_bounded(self._find_name, self._resolver, ""))

    async def listing(self) -> Listing:
        """Return the list that names the client."""
        self.begin()
        return Listing() if self._listing is None else await asyncio.shield(self._listing)

    async def name(self) -> str:
        """Return the client's name, if its address says that it has one and the name says so too; else ""."""
        self.begin()
        return "" if self._name is None else await asyncio.shield(self._name)

    async def _find_listing(self, resolver: Resolver) -> Listing:
        found = await asyncio.gather(*(self._ask(resolver, zone) for zone in self._zones))
        return next((listing for listing in found if listing.zone), Listing())

    async def _ask(self, resolver: Resolver, zone: str) -> Listing:
        name = question(self._remote, zone)
        if name is None:
            return Listing()
        try:
            if not is_listed((await resolver.ipv4(name)).records):
                return Listing()
        except ResolverTemporaryError as error:
            log.warning("%s: no answer from %s: %s", self._remote, zone, error)
            return Listing()
        except DnsError:
            return Listing()
        try:
            reasons = (await resolver.txt(name)).records
        except DnsError:
            reasons = ()
        return Listing(zone, reasons[0] if reasons else "")

    async def _find_name(self, resolver: Resolver) -> str:
        try:
            address = ipaddress.ip_address(self._remote.partition("%")[0])
        except ValueError:
            return ""
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        try:
            names = (await resolver.ptr(address)).records[:_NAMES]
        except DnsError:
            return ""
        for name in names:
            try:
                if address in (await resolver.addresses(name)).records:
                    return name
            except DnsError:
                continue
        return ""


async def _bounded(find: Callable[[Resolver], Awaitable[T]], resolver: Resolver, otherwise: T) -> T:
    try:
        async with asyncio.timeout(PATIENCE):
            return await find(resolver)
    except TimeoutError:
        return otherwise
