"""DNS lists of addresses that mail is not taken from (RFC 5782): the question, and what the answer means."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

from protocols.smtp.core.envelope_address import address_literal
from protocols.smtp.core.reply import Reply

_LISTED: Final = ipaddress.IPv4Network("127.0.0.0/8")
_NO_ANSWER: Final = ipaddress.IPv4Network("127.255.255.0/24")
"""Large lists say by these that the question was not acceptable, for example because the resolver is a public one."""
_REASON: Final = 200
"""Characters of a list's own explanation."""


def question(remote: str, zone: str) -> str | None:
    """Return the name to ask for (RFC 5782 section 2.1 and 2.4), or None for a client without a numeric address."""
    try:
        address = ipaddress.ip_address(remote.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return f"{'.'.join(reversed(address.exploded.replace(':', '')))}.{zone}"
        address = address.ipv4_mapped
    return f"{'.'.join(reversed(str(address).split('.')))}.{zone}"


def is_listed(records: Iterable[ipaddress.IPv4Address]) -> bool:
    """Tell whether these A records list the address that was asked for."""
    return any(record in _LISTED and record not in _NO_ANSWER for record in records)


def decide_listed(remote: str, zone: str | None, reason: str, local: str) -> Reply | None:
    """A recipient of a client that a list names. ``reason`` is the list's own; the postmaster can always be reached, to be
    asked why (RFC 5782 section 4).
    """
    if zone is None or local.lower() == "postmaster":
        return None
    because = f": {reason[:_REASON]}" if reason else ""
    return Reply(550, "5.7.1", f"{address_literal(remote)} is listed by {zone}{because}")
