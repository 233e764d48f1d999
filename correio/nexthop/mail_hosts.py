"""Which hosts take mail for a domain, in which order (RFC 5321 section 5.1, RFC 7505). Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Container, Iterable, Sequence
from typing import Final

import msgspec

from correio.dns.answer import Address, MailExchange

MOST_HOSTS: Final = 10
"""Hosts of one domain that are ever asked for their addresses."""
MOST_TARGETS: Final = 10
"""Addresses that are tried in one go."""
MOST_ADDRESSES: Final = 4
"""Addresses of one host that are tried."""


class NoHostError(Exception):
    """Nobody takes mail for the domain, or nobody can tell who does. ``status`` is of class 4 where later may do."""

    def __init__(self, status: str, text: str, code: int = 0) -> None:
        super().__init__(f"{status} {text}")
        self.code = code
        self.status = status
        self.text = text


class Target(msgspec.Struct, frozen=True):
    """An address to connect to."""

    host: str
    """The name of its host, "" where there is none."""
    address: str
    secure: bool = False
    """Whether DNSSEC vouches for the way from the domain to this address."""
    canonical: str = ""
    """The name that the host's CNAMEs lead to, where they lead somewhere."""


def order_exchanges(
    domain: str,
    records: Iterable[MailExchange],
    own: Collection[str],
    shuffle: Callable[[list[str]], None] = random.shuffle,
) -> list[str]:
    """Return the hosts to try, the best first, those of equal preference in a random order.

    ``own`` are the names of this server, in lower case: it and all that are not better than it are left out, or mail would go
    in circles. Raises NoHostError.
    """
    exchanges = sorted(set(records))
    if any(not record.host for record in exchanges):
        if len(exchanges) == 1:
            raise NoHostError("5.1.10", f"The domain {domain} takes no mail (null MX).", code=556)
        # RFC 7505 section 3: it stands alone; among others it says nothing.
        exchanges = [record for record in exchanges if record.host]
    bound = min((record.preference for record in exchanges if record.host in own), default=None)
    if bound is not None:
        exchanges = [record for record in exchanges if record.preference < bound]
        if not exchanges:
            raise NoHostError("5.4.6", f"The mail for {domain} comes back to this server: it is its best mail host.")
    hosts: list[str] = []
    for preference in sorted({record.preference for record in exchanges}):
        equal = [record.host for record in exchanges if record.preference == preference]
        shuffle(equal)
        hosts += [host for host in equal if host not in hosts]
    return hosts[:MOST_HOSTS]


def order_addresses(addresses: Iterable[Address]) -> list[Address]:
    """Return the addresses of a host as RFC 6724 section 6 orders them for a machine that has both kinds: IPv6 first,
    but what is of a narrow scope or only a translation after the rest. Where there are too many, some of each kind: a
    machine may reach one kind only.
    """
    ordered = sorted(dict.fromkeys(addresses), key=_rank)
    one = [address for address in ordered if address.version == ordered[0].version]
    other = [address for address in ordered if address.version != ordered[0].version]
    others = min(len(other), max(MOST_ADDRESSES // 2, MOST_ADDRESSES - len(one)))
    return sorted([*one[: MOST_ADDRESSES - others], *other[:others]], key=_rank)


def order_targets(targets: Sequence[Target], failed: Container[str]) -> list[Target]:
    """Return the targets to try: those that failed a moment ago last, otherwise as they stand."""
    return sorted(targets, key=lambda target: target.address in failed)[:MOST_TARGETS]


def _rank(address: Address) -> int:
    if address.version == 4:
        return 1
    # Deprecated site-local, 6to4, Teredo and mapped addresses come after IPv4 (RFC 6724 section 2.1).
    odd = address.is_site_local or address.ipv4_mapped or address.sixtofour or address.teredo or address.is_link_local
    return 2 if odd else 0
