"""Parts of addresses (RFC 5228 section 2.7.4, RFC 5233)."""

from __future__ import annotations

from typing import Literal

AddressPart = Literal["all", "localpart", "domain", "user", "detail"]
SEPARATOR = "+"


def address_part(part: AddressPart, local: str, domain: str) -> str | None:
    """Return a part of an address, None where it has no such part. Without a domain it is no address but by ``all``."""
    if part == "all":
        return f"{local}@{domain}" if domain else local
    if not domain or not local:
        return None
    if part == "localpart":
        return local
    if part == "domain":
        return domain
    user, plus, detail = local.partition(SEPARATOR)
    if part == "user":
        return user
    return detail if plus else None


def split_path(address: str) -> tuple[str, str]:
    """Return the two sides of an envelope address, a source route dropped (RFC 5228 section 5.4)."""
    if address.startswith("@") and ":" in address:
        address = address.partition(":")[2]
    local, at, domain = address.rpartition("@")
    if not at:
        return address, ""
    if len(local) > 1 and local[0] == '"' == local[-1]:
        local = local[1:-1].replace("\\", "")
    return local, domain
