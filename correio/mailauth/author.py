"""The author domains of a message: whose name its From field uses (RFC 9989 section 5.3.1)."""

from __future__ import annotations

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
        # What is cut off could be anybody.
        is_whole = is_whole and len(value) <= MAX_VALUE and len(found) < MAX_ADDRESSES
        addresses = [one for one in found if not one.is_empty_group]
        if not addresses:
            problem = problem or "a From field without an address"
        for address in addresses:
            if address.domain in seen:
                continue
            seen.add(address.domain)
            try:
                domains[ascii_name(address.domain)] = None
            except ValueError:
                problem = problem or "an address in From without a domain"
            if len(seen) > _MOST_NAMES or len(domains) > MAX_AUTHORS:
                return Authors(tuple(domains), "too many author domains", is_whole=False)
    return Authors(tuple(domains), problem if is_whole else "more in From than is read", is_whole)
