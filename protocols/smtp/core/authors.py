"""Who a message says it is from: the addresses of From and Sender (RFC 5322 section 3.6.2)."""

from __future__ import annotations

from typing import Final

from correio.mime.addresses import parse_addresses
from correio.mime.header_fields import header_fields, overlong_fields

MOST: Final = 100
"""Addresses."""
MAX_FIELD: Final = 8 * 1024
"""Octets of one From or Sender field."""
MAX_HEADER: Final = 1024 * 1024
"""Octets of a header that is looked through."""


def authors(message: bytes) -> list[str]:
    """Return the addresses of every From and Sender field; "" stands for a field without any, for no From at all, and for
    more than anybody looks at or reads whole, as what is not seen is not to be allowed. The message has CRLF line ends.
    """
    end = -2 if message.startswith(b"\r\n") else message.find(b"\r\n\r\n")
    header = message if end == -1 else message[: end + 2]
    if len(header) > MAX_HEADER:
        return [""]
    overlong = overlong_fields(header)
    found: dict[str, list[str]] = {"from": [], "sender": []}
    for field in header_fields(header):
        name = field.name.lower()
        if name in found:
            too_long = name in overlong or len(field.value) > MAX_FIELD
            read = [] if too_long else parse_addresses(field.unfolded)
            found[name] += [one.email for one in read] or [""]
            if sum(map(len, found.values())) > MOST:
                return [""]
    return (found["from"] or [""]) + found["sender"]
