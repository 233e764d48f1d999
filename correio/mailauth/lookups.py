"""What mail authentication asks of the Domain Name System. :class:`correio.dns.resolver.Resolver` satisfies it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Protocol

from correio.dns.answer import Address, Answer, MailExchange


class Lookups(Protocol):
    """Each raises NoSuchNameError, NoRecordsError and ResolverTemporaryError of :mod:`correio.dns.errors`."""

    async def txt(self, name: str) -> Answer[str]:
        """Return the TXT records, each in one piece."""
        ...

    async def ipv4(self, name: str) -> Answer[IPv4Address]:
        """Return the A records."""
        ...

    async def ipv6(self, name: str) -> Answer[IPv6Address]:
        """Return the AAAA records."""
        ...

    async def mx(self, name: str) -> Answer[MailExchange]:
        """Return the MX records."""
        ...

    async def ptr(self, address: Address) -> Answer[str]:
        """Return the names of an address."""
        ...
