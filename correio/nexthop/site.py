"""Sites: what the queue sorts deliveries by. A domain in A-labels, an address literal, or ``route:NAME``. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final

import idna

from correio.config import Route

ROUTE: Final = "route:"


def site_of(domain: str, routes: Sequence[Route]) -> str:
    """Return the site of a recipient's domain.

    A route names its domains: ``example.org``, ``.example.org`` for everything below it, or ``*`` for all. The longest that
    fits counts. A domain that is none stays as it is, in lower case: nobody will be found there.
    """
    name = ascii_domain(domain)
    best: Route | None = None
    longest = -1
    for route in routes:
        for pattern in route.domains:
            weight = domain_fits(pattern, name)
            if weight > longest:
                best, longest = route, weight
    return f"{ROUTE}{best.name}" if best is not None else name


def route_of(site: str, routes: Sequence[Route]) -> Route | None:
    """Return the route that a site names, None where it is a domain or the settings have no such route any more."""
    name = site.removeprefix(ROUTE)
    return next((route for route in routes if route.name == name), None) if site.startswith(ROUTE) else None


def ascii_domain(domain: str) -> str:
    """Return a domain in A-labels and lower case, without a last dot."""
    domain = domain.strip().removesuffix(".")
    if domain.isascii():
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower()
    except idna.IDNAError:
        return domain.lower()


def literal_address(domain: str) -> str | None:
    """Return the numeric address of an address literal such as ``[127.0.0.5]`` or ``[IPv6:::1]`` (RFC 5321 section 4.1.3).

    None for anything else.
    """
    if not (domain.startswith("[") and domain.endswith("]")):
        return None
    text = domain[1:-1]
    six = text.lower().startswith("ipv6:")
    try:
        address = ipaddress.ip_address(text[5:] if six else text)
    except ValueError:
        return None
    return str(address) if (address.version == 6) == six and "%" not in text else None


def domain_fits(pattern: str, name: str) -> int:
    """Return how well a pattern (``example.org``, ``.example.org``, ``*``) fits a domain in A-labels; -1: not at all."""
    if pattern == "*":
        return 0
    below = pattern.startswith(".")
    wanted = ascii_domain(pattern.removeprefix("."))
    if below:
        return len(wanted) if name.endswith(f".{wanted}") else -1
    return len(wanted) + 1 if name == wanted else -1
