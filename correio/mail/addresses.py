"""Address normalisation: what makes two addresses one account."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import idna

from correio.errors import InvalidInputError

_MAX: Final = 320
_LOCAL: Final = re.compile(r"[^\x00-\x20\x7f-\x9f@\"(),:;<>\[\\\]\s]+")
# The underscore is in no domain of RFC 5321, and in the names of real hosts.
_LABEL: Final = re.compile(r"[^\x00-\x2c\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x9f\s.]+")


def normalise_domain(text: str) -> str:
    """Return a domain in lower case NFC, A-labels as U-labels (RFC 5890). Raises InvalidInputError."""
    domain = unicodedata.normalize("NFC", text.strip().rstrip(".")).lower()
    labels = domain.split(".")
    if not domain or len(domain) > 253 or not all(_LABEL.fullmatch(label) and len(label) <= 63 for label in labels):
        raise InvalidInputError(f"{text[:80]!r} is not a domain name.", "domain")
    if "xn--" in domain:
        try:
            domain = ".".join(idna.decode(label) if label.startswith("xn--") else label for label in labels)
        except idna.IDNAError as error:
            raise InvalidInputError(f"{text[:80]!r} is not a domain name: {error}", "domain") from error
    return domain


def split_address(address: str) -> tuple[str, str]:
    """Return the local part, without needless quoting, and the domain as given. Raises InvalidInputError."""
    local, at, domain = address.rpartition("@")
    if local.startswith('"') and local.endswith('"') and len(local) > 2:
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    if not at or not local or len(address) > _MAX:
        raise InvalidInputError(f"{address[:80]!r} is not an address of the form local@domain.", "address")
    return local, domain


def normalise_address(address: str) -> str:
    """Return an account's address: local part casefolded NFC, domain normalised. Raises InvalidInputError."""
    local, domain = split_address(address.strip())
    local = unicodedata.normalize("NFC", local).casefold()
    if not _LOCAL.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        raise InvalidInputError(f"{address[:80]!r} has a local part that no account can have.", "address")
    return f"{local}@{normalise_domain(domain)}"


def address_key(address: str) -> str:
    """Return what tells an address from others: it normalised, or, where no account can have such a local part, with the
    domain normalised. Raises InvalidInputError for what is no address.
    """
    try:
        return normalise_address(address)
    except InvalidInputError:
        local, domain = split_address(address.strip())
        if domain.startswith("[") and domain.endswith("]"):
            # An address literal (RFC 5321 section 4.1.3): never one of ours.
            return f"{local}@{domain.lower()}"
        return f"{local}@{normalise_domain(domain)}"


def without_tag(address: str) -> str | None:
    """Return a normalised address without its ``+tag`` (RFC 5233), or None where it has none."""
    local, _, domain = address.rpartition("@")
    base, plus, _ = local.partition("+")
    return f"{base}@{domain}" if plus and base else None
