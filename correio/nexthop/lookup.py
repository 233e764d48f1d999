"""Asks the Domain Name System where mail for a domain goes."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Protocol

import msgspec

from correio.dns.answer import Address, Answer, MailExchange, Tlsa
from correio.dns.errors import DnsError, NoRecordsError, NoSuchNameError, NothingFoundError
from correio.nexthop.mail_hosts import NoHostError, Target, order_addresses, order_exchanges
from correio.nexthop.site import literal_address


class Resolver(Protocol):
    """What is asked of :class:`correio.dns.resolver.Resolver`."""

    async def mx(self, name: str) -> Answer[MailExchange]:
        """Return the MX records."""
        ...

    async def addresses(self, name: str) -> Answer[Address]:
        """Return the AAAA and A records."""
        ...

    async def txt(self, name: str) -> Answer[str]:
        """Return the TXT records."""
        ...

    async def tlsa(self, name: str) -> Answer[Tlsa]:
        """Return the TLSA records."""
        ...


class MailHosts(msgspec.Struct, frozen=True):
    """The hosts of a domain in the order in which to try them."""

    hosts: tuple[str, ...]
    secure: bool
    """Whether DNSSEC vouches for them."""
    implicit: bool = False
    """Whether the domain has no MX records and is its own host."""
    canonical: str = ""
    """The name that the domain's CNAMEs lead to, the domain where there are none; empty where it has no MX records."""


async def find_hosts(resolver: Resolver, domain: str, own: Collection[str]) -> MailHosts:
    """Return the mail hosts of a domain; without MX records it is its own (RFC 5321 section 5.1). Raises NoHostError."""
    if literal_address(domain) is not None:
        return MailHosts((domain,), secure=False, implicit=True)
    try:
        answer = await resolver.mx(domain)
    except NoRecordsError as error:
        if domain in own:
            raise NoHostError("5.4.6", f"The mail for {domain} comes back to this server.") from error
        return MailHosts((domain,), secure=error.secure, implicit=True)
    except NoSuchNameError as error:
        raise NoHostError("5.1.2", f"There is no domain {domain}.") from error
    except DnsError as error:
        raise NoHostError("4.4.3", f"Nobody could tell the mail hosts of {domain}: {error}") from error
    hosts = tuple(order_exchanges(domain, answer.records, own))
    return MailHosts(hosts, secure=answer.secure, canonical=answer.name)


async def find_targets(resolver: Resolver, domain: str, hosts: MailHosts) -> list[Target]:
    """Return the addresses of the hosts, the best first, one at least. Raises NoHostError where there is none."""
    found = await asyncio.gather(*(_addresses(resolver, host) for host in hosts.hosts))
    targets: list[Target] = []
    unknown: DnsError | None = None
    for host, answer in zip(hosts.hosts, found, strict=True):
        if isinstance(answer, Answer):
            secure = hosts.secure and answer.secure
            targets += [Target(host, str(one), secure, answer.name) for one in order_addresses(answer.records)]
        elif isinstance(answer, str):
            targets.append(Target(host, answer))
        elif not isinstance(answer, NothingFoundError):
            unknown = unknown or answer
    if targets:
        return targets
    if unknown is not None:
        raise NoHostError("4.4.3", f"Nobody could tell the address of a mail host of {domain}: {unknown}")
    if hosts.implicit:
        raise NoHostError("5.1.2", f"The domain {domain} has neither a mail host nor an address.")
    raise NoHostError("5.4.4", f"No mail host of {domain} has an address.")


async def _addresses(resolver: Resolver, host: str) -> Answer[Address] | str | DnsError:
    literal = literal_address(host)
    if literal is not None:
        return literal
    try:
        return await resolver.addresses(host)
    except DnsError as error:
        return error
