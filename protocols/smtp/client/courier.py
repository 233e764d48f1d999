"""Opens connections to the servers of a site: whom to ask, in which order, under how much TLS."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final

import msgspec

from correio.config import Route, Settings
from correio.dns.answer import Tlsa
from correio.dns.errors import DnsError, NothingFoundError
from correio.nexthop.lookup import Resolver, find_hosts, find_targets
from correio.nexthop.mail_hosts import NoHostError, Target, order_addresses, order_targets
from correio.nexthop.site import ROUTE, domain_fits, literal_address, route_of
from correio.queue.courier import ConnectError, Reply
from correio.tlspolicy.result import Result, TlsError
from correio.tlspolicy.sts_policies import NO_STS, StsFinding, StsPolicies
from correio.tlspolicy.tls_report import TlsReport
from protocols.smtp.client.connector import Connector, HostError
from protocols.smtp.client.core.tls_demand import Demand, Strangers, demands_for, demands_of
from protocols.smtp.client.link import SmtpLink
from protocols.smtp.client.sign_in import Credentials
from protocols.smtp.client.timeouts import Timeouts, timeouts_of

OPENING: Final = 600.0
"""Seconds after which no further address of a site is tried: ten that each take their time would keep a place in the queue's
worker for hours.
"""


class _Binding(msgspec.Struct, frozen=True):
    """The TLSA records of a host, and the name that they are of."""

    records: tuple[Tlsa, ...] = ()
    name: str = ""


class _Failures:
    """Why one address after the other was of no use."""

    def __init__(self) -> None:
        self.notes: Final[list[str]] = []
        self._found: list[tuple[Reply, Target]] = []

    def add(self, reply: Reply, target: Target) -> None:
        self._found.append((reply, target))

    def error(self) -> ConnectError:
        """What to tell the queue: the best host that may do later, and only where all refuse for good that they do."""
        reply, target = next((one for one in self._found if not one[0].permanent), self._found[0])
        return ConnectError(reply, target.host, target.address, self.notes)


class SmtpCourier:
    """See :class:`correio.queue.courier.Courier`. One per process. Raises ConfigError for an ``outbound_ca`` it cannot read."""

    def __init__(
        self,
        settings: Settings,
        resolver: Resolver,
        *,
        timeouts: Timeouts | None = None,
        report: TlsReport | None = None,
    ) -> None:
        self.report: Final = report or TlsReport()
        """What came of TLS, by day."""
        self._settings: Final = settings
        self._resolver: Final = resolver
        self._connector: Final = Connector(settings, timeouts or timeouts_of(settings))
        self._policies: Final = StsPolicies(resolver, self._connector.checking, settings.outbound_mta_sts_port)

    async def open(self, site: str) -> SmtpLink:
        """See Courier."""
        if not site.startswith(ROUTE):
            return await self._open_domain(site)
        route = route_of(site, self._settings.routes)
        if route is None:
            raise ConnectError(Reply(0, "4.3.5", f"The settings have no route {site.removeprefix(ROUTE)}."))
        return await self._open_route(route)

    async def close(self) -> None:
        """See Courier."""
        await self._policies.close()

    async def _open_domain(self, domain: str) -> SmtpLink:
        own = {self._connector.hostname}
        try:
            hosts = await find_hosts(self._resolver, domain, own)
            targets = await find_targets(self._resolver, domain, hosts)
        except NoHostError as error:
            raise ConnectError(Reply(error.code, error.status, error.text)) from error
        policy = await self._policy(domain)
        if policy.failure is not None:
            self.report.count(domain, "sts", policy.failure)
        failures = _Failures()
        began = time.monotonic()
        for target in order_targets(targets, self._connector.failed):
            if time.monotonic() - began > OPENING:
                # Those that were tried may all have refused for good: this one has not.
                failures.add(Reply(0, "4.4.1", f"{target.host}: there was no time left to try it."), target)
                break
            link = await self._try_host(domain, hosts.canonical, target, policy, failures)
            if link is not None:
                return link
        raise failures.error()

    async def _try_host(
        self, domain: str, canonical: str, target: Target, policy: StsFinding, failures: _Failures
    ) -> SmtpLink | None:
        try:
            binding = await self._binding(target)
        except DnsError as error:
            # RFC 7672 section 2.2: who can suppress the records could stand between.
            self.report.count(domain, "tlsa", "dnssec-invalid", host=target.host, address=target.address)
            failures.add(Reply(0, "4.7.5", f"Nobody could tell the TLSA records of {target.host}: {error}"), target)
            return None
        required = any(domain_fits(pattern, domain) >= 0 for pattern in self._settings.outbound_require_tls)
        demands = demands_for(target.host, required=required, tlsa=binding.records, sts=policy.policy)
        if policy.forbids(target.host) and not binding.records:
            self._count(domain, Demand("verify", "sts"), "validation-failure", target, policy)
        if isinstance(demands, Strangers):
            text = f"The MTA-STS policy of {domain} does not name its mail host {target.host}."
            failures.add(Reply(0, "4.7.5", text), target)
            return None
        # RFC 7672 section 3.2.2: the domain's own names do as well as the host's.
        names = tuple(dict.fromkeys((binding.name, domain, canonical or domain))) if binding.records else ()
        failure = Reply(0, "4.7.5", "")
        for demand in demands:
            try:
                link = await self._connector.attempt(
                    target, self._settings.outbound_port, demand, failures.notes, names=names
                )
            except TlsError as error:
                self._count(domain, demand, error.result, target, policy)
                status = "4.7.4" if error.result == "starttls-not-supported" else "4.7.5"
                failure = Reply(0, status, f"{target.host}: {error}")
                continue
            except HostError as error:
                failures.add(error.reply, target)
                return None
            self._count(domain, demand, "successful" if link.tls else "starttls-not-supported", target, policy)
            return link
        failures.add(failure, target)
        return None

    async def _binding(self, target: Target) -> _Binding:
        """Return the records that DNSSEC vouches for (RFC 7672 section 2.2). Raises DnsError where nobody could tell."""
        if not target.secure or not self._settings.outbound_dane:
            return _Binding()
        # RFC 7672 section 2.2.2: the name that the host's CNAMEs lead to first.
        for name in dict.fromkeys((target.canonical or target.host, target.host)):
            with contextlib.suppress(NothingFoundError):
                answer = await self._resolver.tlsa(f"_{self._settings.outbound_port}._tcp.{name}")
                if answer.secure:
                    return _Binding(answer.records, name)
        return _Binding()

    async def _policy(self, domain: str) -> StsFinding:
        if not self._settings.outbound_mta_sts or literal_address(domain) is not None:
            return NO_STS
        return await self._policies.find(domain)

    def _count(self, domain: str, demand: Demand, result: Result, target: Target, sts: StsFinding) -> None:
        if demand.report is None:
            return
        lines: tuple[str, ...] = ()
        hosts: tuple[str, ...] = ()
        if demand.report == "sts" and sts.policy is not None:
            lines, hosts = sts.policy.lines, sts.policy.hosts
        elif demand.report == "tlsa":
            lines = tuple(f"{one.usage} {one.selector} {one.matching} {one.data.hex()}" for one in demand.tlsa)
        where = {"host": target.host, "address": target.address}
        self.report.count(domain, demand.report, result, policy=lines, hosts=hosts, **where)

    async def _open_route(self, route: Route) -> SmtpLink:
        targets = await self._route_targets(route)
        credentials = Credentials(route.user, route.password) if route.user else None
        failures = _Failures()
        for target in order_targets(targets, self._connector.failed):
            for demand in demands_of(route):
                try:
                    return await self._connector.attempt(
                        target, route.port, demand, failures.notes, credentials=credentials
                    )
                except TlsError as error:
                    failures.add(Reply(0, "4.7.5", f"{target.host}: {error}"), target)
                except HostError as error:
                    failures.add(error.reply, target)
                    break
        raise failures.error()

    async def _route_targets(self, route: Route) -> Sequence[Target]:
        """Return the addresses of a smarthost: it may have a name that only this machine or its network knows."""
        try:
            return [Target(route.host, str(ip_address(route.host)))]
        except ValueError:
            pass
        with contextlib.suppress(DnsError):
            answer = await self._resolver.addresses(route.host)
            return [Target(route.host, str(address)) for address in order_addresses(answer.records)]
        try:
            found = await asyncio.get_running_loop().getaddrinfo(route.host, None, type=socket.SOCK_STREAM)
        except OSError as error:
            text = f"The address of the smarthost {route.host} cannot be found: {error.strerror or error}"
            raise ConnectError(Reply(0, "4.4.3", text), route.host) from error
        return [Target(route.host, str(one[4][0])) for one in found]
