"""What comes back from the Domain Name System, as records that say what they mean."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Generic, TypeVar

import msgspec

Record = TypeVar("Record")


class Answer(msgspec.Struct, Generic[Record], frozen=True):
    """The records of one name and type: one at least."""

    records: tuple[Record, ...]
    name: str
    """Whose records they are: the name asked for, or where its CNAMEs led. Without the last dot, in lower case."""
    secure: bool
    """Whether a resolver that is trusted has validated them by DNSSEC (the AD bit, RFC 4035 section 3.2.3)."""
    ttl: int
    """Seconds, of the shortest-lived record on the way."""


Address = IPv4Address | IPv6Address


class MailExchange(msgspec.Struct, frozen=True, order=True):
    """An MX record (RFC 5321 section 5.1)."""

    preference: int
    host: str
    """In lower case without the last dot; "" is the null MX (RFC 7505)."""


class Tlsa(msgspec.Struct, frozen=True):
    """A TLSA record (RFC 6698 section 2.1)."""

    usage: int
    selector: int
    matching: int
    data: bytes
