"""The author domains of a message: whose name its From field uses (RFC 9989 section 5.3.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from correio.dns.names import ascii_name
from correio.mailauth.mail_octets import MailOctets
from correio.mime.addresses import MAX_ADDRESSES, parse_raw_addresses
from correio.mime.header_fields import MAX_VALUE, unfold

MAX_AUTHORS: Final = 5
"""Author domains of one message that are looked at; a message with more has no author."""
MAX_FIELDS: Final = 10
"""From fields of one message that are read; each may have thousands of addresses."""
_NAME: Final = re.compile(r"[a-z0-9_\-]+(?:\.[a-z0-9_\-]+)*|\[[a-z0-9.:]+\]")
_MOST_NAMES: Final = 50
"""Different domains, or what stands in their place, that are read at all."""


class Authors(msgspec.Struct, frozen=True):
    """What the From fields of a message say."""

    domains: tuple[str, ...]
    """In A-labels and lower case, each once, in order."""
    problem: str = ""
    """What is wrong with them; empty: there is one field, and every address in it has a domain."""
    is_whole: bool = True
    """False: there are more of them than anybody looks at."""


def authors(message: MailOctets) -> Authors:
    """Return the domains of all addresses of all From fields, those in groups too."""
    found = authors_of([field.value for field in message.named(b"from")])
    if message.is_whole:
        return found
    return msgspec.structs.replace(found, problem="too many header fields", is_whole=False)


def authors_of(values: Sequence[bytes]) -> Authors:
    """Return the domains of the values of From fields."""
    problem = "" if len(values) == 1 else f"{len(values)} From fields"
    domains: dict[str, None] = {}
    seen: set[str] = set()
    is_whole = len(values) <= MAX_FIELDS
    for value in values[:MAX_FIELDS]:
        found = parse_raw_addresses(unfold(value))
        if len(value) > MAX_VALUE or len(found) >= MAX_ADDRESSES:
            # What is cut off could be anybody.
            problem, is_whole = problem or "more in From than is read", False
        addresses = [one for one in found if not one.is_empty_group]
        if not addresses:
            problem = problem or "a From field without an address"
        for address in addresses:
            if address.domain in seen:
                continue
            seen.add(address.domain)
            name = _domain(address.domain)
            if name:
                domains[name] = None
            elif address.domain:
                problem, is_whole = problem or "an address in From with what is no domain name", False
            else:
                problem = problem or "an address in From without a domain"
            if len(seen) > _MOST_NAMES or len(domains) > MAX_AUTHORS:
                return Authors(tuple(domains), "too many author domains", is_whole=False)
    return Authors(tuple(domains), problem, is_whole)


def _domain(text: str) -> str:
    """Return a domain in A-labels, or an address literal; "" for what is neither. Nothing is known of the owner of what is nearly a
    domain, and its reader is perhaps shown the domain.
    """
    try:
        name = ascii_name(text)
    except ValueError:
        return ""
    return name if _NAME.fullmatch(name) else ""
