"""A resolver that answers until a moment, and from then on says that it does not know."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from ipaddress import IPv4Address, IPv6Address
from typing import Final, TypeVar

from correio.dns.answer import Address, Answer, MailExchange
from correio.dns.errors import ResolverTemporaryError
from correio.dns.resolver import Resolver

T = TypeVar("T")


class TimedResolver:
    """All lookups together take so many seconds at most. What is still being asked then is asked to its end and kept in the
    cache, for the next one who wants to know.
    """

    def __init__(self, resolver: Resolver, seconds: float) -> None:
        self._resolver: Final = resolver
        self._end: Final = asyncio.get_running_loop().time() + seconds

    async def txt(self, name: str) -> Answer[str]:
        """As :meth:`Resolver.txt`."""
        return await self._until_end(self._resolver.txt(name))

    async def ipv4(self, name: str) -> Answer[IPv4Address]:
        """As :meth:`Resolver.ipv4`."""
        return await self._until_end(self._resolver.ipv4(name))

    async def ipv6(self, name: str) -> Answer[IPv6Address]:
        """As :meth:`Resolver.ipv6`."""
        return await self._until_end(self._resolver.ipv6(name))

    async def mx(self, name: str) -> Answer[MailExchange]:
        """As :meth:`Resolver.mx`."""
        return await self._until_end(self._resolver.mx(name))

    async def ptr(self, address: Address) -> Answer[str]:
        """As :meth:`Resolver.ptr`."""
        return await self._until_end(self._resolver.ptr(address))

    async def _until_end(self, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout_at(self._end):
                return await work
        except TimeoutError:
            raise ResolverTemporaryError("There was no time left to ask.") from None
