"""Who a message says it is from: the addresses of From and Sender (RFC 5322 section 3.6.2)."""

from __future__ import annotations

from correio.mime.addresses import parse_addresses
from correio.mime.header_fields import header_fields, overlong_fields


def authors(message: bytes) -> list[str]:
    """Return the addresses of every From and Sender field; "" stands for a field without any, for what is too long to be read
    whole, and for no From at all.
    """
    end = message.find(b"\r\n\r\n")
    header = message if end < 0 else message[: end + 2]
    overlong = overlong_fields(header)
    found: dict[str, list[str]] = {"from": [], "sender": []}
    for field in header_fields(header):
        name = field.name.lower()
        if name in found:
            read = [] if name in overlong else [one.email for one in parse_addresses(field.unfolded)]
            found[name] += read or [""]
    return (found["from"] or [""]) + found["sender"]
