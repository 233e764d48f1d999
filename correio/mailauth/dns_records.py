"""What the owner of a domain publishes so that others believe its mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from correio.mailauth.private_key import read_key

STRING: Final = 255
"""Octets of one character-string of a TXT record (RFC 1035 section 3.3)."""


class DnsRecord(msgspec.Struct, frozen=True):
    """A record to publish."""

    name: str
    """The whole name, without the last dot."""
    type: str
    value: str
    """For TXT the text in one piece; for MX preference and host."""

    @property
    def strings(self) -> list[str]:
        """The text of a TXT record in the pieces that the DNS has it in."""
        return [self.value[at : at + STRING] for at in range(0, len(self.value), STRING)] or [""]

    def zone_line(self) -> str:
        """Return the record as a line of a zone file."""
        if self.type != "TXT":
            return f"{self.name}. {self.type} {self.value}."
        quoted = " ".join('"' + one.replace("\\", "\\\\").replace('"', '\\"') + '"' for one in self.strings)
        return f"{self.name}. TXT {quoted}"


def key_record(domain: str, selector: str, pem: bytes) -> DnsRecord:
    """Return the key record of a signer. Raises ValueError for a key that cannot be read."""
    return DnsRecord(f"{selector}._domainkey.{domain}", "TXT", read_key(pem).record())


def records_to_publish(domain: str, hostname: str, keys: Mapping[str, bytes]) -> list[DnsRecord]:
    """Return all records for a domain whose mail comes and goes by this host. ``keys`` are PEM by selector.

    The SPF record ends in ``~all`` and not ``-all``: some receivers refuse at MAIL what would be ``fail``, before they have
    seen the signature that a forwarded message still carries (RFC 9989 section 7.1). The DMARC record asks for reports and
    nothing else, until those show that all of the domain's mail passes (section 5.1).
    """
    return [
        DnsRecord(domain, "MX", f"10 {hostname}"),
        DnsRecord(domain, "TXT", f"v=spf1 mx a:{hostname} ~all"),
        *(key_record(domain, selector, pem) for selector, pem in keys.items()),
        DnsRecord(f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=none; rua=mailto:postmaster@{domain}"),
    ]
