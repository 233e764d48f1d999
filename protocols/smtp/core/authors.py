"""Who a message says it is from: the addresses of From and Sender (RFC 5322 section 3.6.2)."""

from __future__ import annotations

from correio.mime.addresses import parse_addresses
from correio.mime.header_fields import header_fields


def authors(message: bytes) -> list[str]:
    """Return the addresses of every From and Sender field; "" stands for a field without any, and for no From at all."""
    end = -2 if message.startswith(b"\r\n") else message.find(b"\r\n\r\n")
    found: dict[str, list[str]] = {"from": [], "sender": []}
    for field in header_fields(message if end == -1 else message[: end + 2]):
        name = field.name.lower()
        if name in found:
            found[name] += [one.email for one in parse_addresses(field.unfolded)] or [""]
    return (found["from"] or [""]) + found["sender"]
