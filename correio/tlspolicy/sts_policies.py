"""The MTA-STS policies of domains: found, fetched, kept for as long as they say, and found again when they change (RFC 8461)."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from correio.dns.answer import Address, Answer
from correio.dns.errors import DnsError
from correio.tlspolicy.mta_sts import StsPolicy, StsPolicyError, parse_policy, parse_record
from correio.tlspolicy.policy_fetch import FetchError, fetch_policy
from correio.tlspolicy.result import Result

MOST_POLICIES: Final = 10_000
"""Domains whose policy is kept in memory."""
RETRY: Final = 300.0
"""Seconds before a policy is fetched again that could not be (RFC 8461 section 3.3)."""
_ADDRESSES: Final = 3

_log = logging.getLogger("correio.tlspolicy")


class StsResolver(Protocol):
    """What is asked of :class:`correio.dns.resolver.Resolver`."""

    async def txt(self, name: str) -> Answer[str]:
        """Return the TXT records."""
        ...

    async def addresses(self, name: str) -> Answer[Address]:
        """Return the AAAA and A records."""
        ...


class StsFinding(msgspec.Struct, frozen=True):
    """What is known of a domain. ``failure``: it has a record, and its policy cannot be had."""

    policy: StsPolicy | None = None
    failure: Result | None = None

    def forbids(self, host: str) -> bool:
        """Tell whether there is a policy, enforced or tested, that does not name a host."""
        return self.policy is not None and self.policy.mode != "none" and not self.policy.allows(host)


NO_STS: Final = StsFinding()


class _Kept(msgspec.Struct):
    policy: StsPolicy | None
    id: str
    until: float
    """When the policy is no longer valid."""
    failure: Result | None = None
    retry: float = 0.0
    """When a policy that could not be had may be fetched again; ``failed`` is its id."""
    failed: str = ""


class StsPolicies:
    """One per process. ``context`` checks the certificates of policy hosts."""

    def __init__(
        self,
        resolver: StsResolver,
        context: ssl.SSLContext,
        port: int = 443,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resolver: Final = resolver
        self._context: Final = context
        self._port: Final = port
        self._clock: Final = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[StsFinding]] = {}

    async def find(self, domain: str) -> StsFinding:
        """Return the policy of a domain in A-labels. Never raises for what others do wrong."""
        task = self._under_way.get(domain)
        if task is None:
            task = self._under_way[domain] = asyncio.get_running_loop().create_task(self._find(domain))
            task.add_done_callback(lambda _: self._under_way.pop(domain, None))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Give up what is being fetched."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _find(self, domain: str) -> StsFinding:
        now = self._clock()
        kept = self._kept.get(domain)
        if kept is not None and kept.policy is not None and kept.until <= now:
            kept.policy, kept.id = None, ""
        try:
            record = parse_record((await self._resolver.txt(f"_mta-sts.{domain}")).records)
        except DnsError:
            record = None
        if record is None:
            # RFC 8461 section 5.1: without a record a policy that is kept is still in force, until its time is over.
            return StsFinding(kept.policy) if kept is not None else NO_STS
        if kept is not None and kept.policy is not None and kept.id == record:
            return StsFinding(kept.policy)
        if kept is not None and kept.failed == record and now < kept.retry:
            return StsFinding(kept.policy, kept.failure)
        return await self._renew(domain, record, kept)

    async def _renew(self, domain: str, record: str, kept: _Kept | None) -> StsFinding:
        """Fetch the policy; where that fails the one that is kept stays in force (RFC 8461 section 5.1)."""
        kept = kept or _Kept(None, "", 0.0)
        try:
            policy = parse_policy(await self._fetch(domain))
        except (FetchError, DnsError, ssl.SSLError, StsPolicyError) as error:
            failures: dict[type, Result] = {StsPolicyError: "sts-policy-invalid", FetchError: "sts-policy-fetch-error"}
            tls = isinstance(error, ssl.SSLError)
            kept.failure = "sts-webpki-invalid" if tls else failures.get(type(error), "sts-policy-fetch-error")
            kept.failed, kept.retry = record, self._clock() + RETRY
            _log.warning("the MTA-STS policy of %s cannot be had: %s", domain, error)
        else:
            kept = _Kept(policy, record, self._clock() + policy.max_age)
        self._kept[domain] = kept
        self._kept.move_to_end(domain)
        if len(self._kept) > MOST_POLICIES:
            self._kept.popitem(last=False)
        return StsFinding(kept.policy, kept.failure)

    async def _fetch(self, domain: str) -> bytes:
        addresses = (await self._resolver.addresses(f"mta-sts.{domain}")).records
        failure: FetchError | None = None
        for address in addresses[:_ADDRESSES]:
            try:
                return await fetch_policy(domain, str(address), self._port, self._context)
            except FetchError as error:
                failure = error
        raise failure or FetchError(f"mta-sts.{domain} has no address")
