"""Asks the Domain Name System: typed answers, a cache, and one question on the wire for all who ask the same."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final, TypeVar

import dns.name
import dns.rdatatype
import dns.reversename
from dns.rdatatype import RdataType

from correio.config import Endpoint
from correio.dns.answer import Address, Answer, MailExchange, Tlsa
from correio.dns.cache import TtlCache
from correio.dns.errors import DnsError, NoRecordsError, NoSuchNameError, ResolverTemporaryError
from correio.dns.exchange import Exchange, Kind, Response
from correio.dns.names import name_text, wire_name
from correio.dns.nameservers import nameservers

Record = TypeVar("Record")

TIMEOUT: Final = 2.5
"""Seconds for one resolver to answer one time."""
TRIES: Final = 2
"""How often each resolver is asked."""
PATIENCE: Final = 10.0
"""Seconds for one question, with every try, alias and wait."""
MAX_TTL: Final = 3600
"""Seconds that an answer is kept, whatever its TTL."""
MAX_NEGATIVE_TTL: Final = 300
"""Seconds that the answer is kept that there is nothing: who has just published a key should not wait for hours."""
CACHE: Final = 16 * 1024 * 1024
"""Octets of answers kept."""
AT_ONCE: Final = 200
"""Questions on the wire; further ones wait, within their time."""


class Resolver:
    """One per process. Names may be U-labels; every name is whole, no search list is applied.

    Each method raises NoSuchNameError, NoRecordsError and ResolverTemporaryError. Records come in no order.
    """

    def __init__(
        self,
        servers: Sequence[Endpoint] = (),
        *,
        trusted: bool = False,
        timeout: float = TIMEOUT,
        tries: int = TRIES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``servers`` are resolvers with numeric hosts; none: those of /etc/resolv.conf, read now.

        ``trusted`` says that their AD bit counts although they are not on this machine. ``timeout`` is in seconds.
        """
        self._exchange: Final = Exchange(nameservers(servers, trusted=trusted), timeout, tries)
        self._cache: Final[TtlCache[tuple[dns.name.Name, RdataType], Response]] = TtlCache(CACHE, clock)
        self._under_way: Final[dict[tuple[dns.name.Name, RdataType], asyncio.Task[Response]]] = {}
        self._gate: Final = asyncio.Semaphore(AT_ONCE)

    async def txt(self, name: str) -> Answer[str]:
        """Return the TXT records, the strings of each joined (RFC 7208 section 3.3); octets that are not UTF-8 are
        surrogates.
        """
        return await self._answer(name, RdataType.TXT, _txt)

    async def ipv4(self, name: str) -> Answer[IPv4Address]:
        """Return the A records."""
        return await self._answer(name, RdataType.A, lambda rdata: IPv4Address(rdata.address))

    async def ipv6(self, name: str) -> Answer[IPv6Address]:
        """Return the AAAA records."""
        return await self._answer(name, RdataType.AAAA, lambda rdata: IPv6Address(rdata.address))

    async def addresses(self, name: str) -> Answer[Address]:
        """Return the AAAA and A records together: those of one kind where nobody could tell of the other.

        They are secure where all that were found are: if a question that fails made them less, whoever can make it fail could
        do away with DANE.
        """
        asked = await asyncio.gather(self.ipv6(name), self.ipv4(name), return_exceptions=True)
        found: list[Answer[Any]] = []
        errors: list[BaseException] = []
        for one in asked:
            (errors if isinstance(one, BaseException) else found).append(one)  # type: ignore[arg-type]
        if not found or any(not isinstance(error, DnsError) for error in errors):
            # The gravest: what is unknown before what is known to be nothing, and a name before no name.
            raise max(errors, key=_gravity)
        return Answer(
            tuple(record for answer in found for record in answer.records),
            found[0].name,
            all(answer.secure for answer in found),
            min(answer.ttl for answer in found),
        )

    async def mx(self, name: str) -> Answer[MailExchange]:
        """Return the MX records."""
        return await self._answer(
            name, RdataType.MX, lambda rdata: MailExchange(rdata.preference, name_text(rdata.exchange))
        )

    async def ptr(self, address: Address) -> Answer[str]:
        """Return the names that an address says it has (RFC 1035 section 3.5)."""
        reverse = dns.reversename.from_address(str(address))
        return await self._answer(reverse, RdataType.PTR, lambda rdata: name_text(rdata.target))

    async def tlsa(self, name: str) -> Answer[Tlsa]:
        """Return the TLSA records of a name such as ``_25._tcp.mx.example.org`` (RFC 6698 section 3)."""
        return await self._answer(
            name, RdataType.TLSA, lambda rdata: Tlsa(rdata.usage, rdata.selector, rdata.mtype, bytes(rdata.cert))
        )

    async def close(self) -> None:
        """Give up what is being asked."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(
        self, asked: str | dns.name.Name, kind: RdataType, record: Callable[[Any], Record]
    ) -> Answer[Record]:
        name = wire_name(asked) if isinstance(asked, str) else asked
        response = await self._response(name, kind)
        if response.kind is Kind.FOUND:
            records = tuple(record(rdata) for rdata in response.rdata)
            return Answer(records, name_text(response.name), response.secure, response.ttl)
        text = f"{name_text(name)} {dns.rdatatype.to_text(kind)}: {response.kind.value}."
        kinds = {Kind.NO_NAME: NoSuchNameError, Kind.NO_RECORDS: NoRecordsError}
        raise kinds[response.kind](text, secure=response.secure)

    async def _response(self, name: dns.name.Name, kind: RdataType) -> Response:
        key = (name, kind)
        kept = self._cache.get(key)
        if kept is not None:
            return kept
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.get_running_loop().create_task(self._ask(name, kind))
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        # Others may wait for the same answer, and whoever asks next is glad of it.
        waiting = asyncio.shield(task)
        try:
            return await waiting
        except asyncio.CancelledError:
            if task.cancelled():
                raise ResolverTemporaryError(f"{name_text(name)}: the resolver was closed.") from None
            # Nobody may be left to hear how it ends.
            task.add_done_callback(_heard)
            raise

    async def _ask(self, name: dns.name.Name, kind: RdataType) -> Response:
        try:
            async with asyncio.timeout(PATIENCE), self._gate:
                response = await self._exchange.ask(name, kind)
        except TimeoutError:
            raise ResolverTemporaryError(f"{name_text(name)}: no answer within {PATIENCE:g} seconds.") from None
        most = MAX_TTL if response.kind is Kind.FOUND else MAX_NEGATIVE_TTL
        self._cache.put((name, kind), response, response.octets, min(response.ttl, most))
        return response


def _txt(rdata: Any) -> str:
    joined: bytes = b"".join(rdata.strings)
    return joined.decode("utf-8", "surrogateescape")


def _gravity(error: BaseException) -> int:
    kinds = (NoSuchNameError, NoRecordsError, ResolverTemporaryError)
    return next((weight for weight, kind in enumerate(kinds) if isinstance(error, kind)), len(kinds))


def _heard(task: asyncio.Task[Response]) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        task.exception()
