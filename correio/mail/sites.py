"""Which site mail for an address goes to. Pure."""

from __future__ import annotations

from typing import Final

import idna

from correio.errors import InvalidInputError
from correio.mail.addresses import normalise_domain, split_address

_MAX_DOMAIN: Final = 255


def destination(address: str) -> str:
    """Return the domain of an address as it is looked up: in A-labels and lower case, or an address literal.

    Raises InvalidInputError.
    """
    _, domain = split_address(address)
    if domain.startswith("[") and domain.endswith("]") and len(domain) <= _MAX_DOMAIN:
        return domain.lower()
    normal = normalise_domain(domain)
    if normal.isascii():
        return normal
    try:
        # Label by label: one in US-ASCII may have an underscore, which no label of IDNA has.
        labels = [
            label if label.isascii() else idna.encode(label, uts46=True).decode("ascii") for label in normal.split(".")
        ]
    except idna.IDNAError as error:
        raise InvalidInputError(f"{domain[:80]!r} is not a domain name: {error}", "domain") from error
    encoded = ".".join(labels)
    if len(encoded) > _MAX_DOMAIN:
        raise InvalidInputError(f"{domain[:80]!r} is not a domain name: it is too long.", "domain")
    return encoded
