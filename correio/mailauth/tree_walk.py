"""The DNS Tree Walk (RFC 9989 section 4.10): which records speak for a domain, and where its organization begins."""

from __future__ import annotations

from typing import Final

import msgspec

from correio.dns.errors import NothingFoundError
from correio.mailauth.dmarc_record import DmarcRecord, select_dmarc
from correio.mailauth.lookups import Lookups

MOST_LABELS: Final = 8
"""Of a longer name the walk passes over the labels between the first and the last seven."""


class FoundRecord(msgspec.Struct, frozen=True):
    """A record and whose it is."""

    domain: str
    record: DmarcRecord


class TreeWalk:
    """Walks for one message; no name is asked for twice. Each method raises ResolverTemporaryError."""

    def __init__(self, lookups: Lookups) -> None:
        self._lookups: Final = lookups
        self._records: Final[dict[str, DmarcRecord | None]] = {}

    async def record(self, domain: str) -> DmarcRecord | None:
        """Return the policy record of a domain itself."""
        if domain not in self._records:
            try:
                texts = (await self._lookups.txt(f"_dmarc.{domain}")).records
            except NothingFoundError:
                texts = ()
            self._records[domain] = select_dmarc(texts)
        return self._records[domain]

    async def records(self, domain: str) -> list[FoundRecord]:
        """Return the records on the way from a domain to the root, until one says what its domain is."""
        found = []
        for target in targets(domain):
            record = await self.record(target)
            if record is not None:
                found.append(FoundRecord(target, record))
                if record.psd != "u":
                    break
        return found

    async def organizational_domain(self, domain: str) -> str:
        """Return the Organizational Domain of a domain (section 4.10.2)."""
        return organizational_domain(domain, await self.records(domain))

    async def policy(self, domain: str) -> FoundRecord | None:
        """Return the record whose policy is for mail of a domain (section 4.10.1)."""
        own = await self.record(domain)
        if own is not None:
            return FoundRecord(domain, own)
        found = await self.records(domain)
        organization = organizational_domain(domain, found)
        for one in found:
            if one.domain == organization:
                return one
        # No record of the organization: that of its public suffix, which ended the walk.
        return found[-1] if found and found[-1].record.psd == "y" else None


def targets(domain: str) -> list[str]:
    """Return the domains that a walk asks for, eight at most."""
    labels = domain.split(".")
    rest = labels[1:] if len(labels) < MOST_LABELS else labels[-(MOST_LABELS - 1) :]
    return [domain, *(".".join(rest[at:]) for at in range(len(rest)))]


def organizational_domain(domain: str, found: list[FoundRecord]) -> str:
    """Return the Organizational Domain by the records of a walk, longest name first (section 4.10.2)."""
    for one in found:
        if one.record.psd == "n":
            return one.domain
        if one.record.psd == "y" and one.domain != domain:
            below = len(one.domain.split(".")) + 1
            return ".".join(domain.split(".")[-below:])
    return found[-1].domain if found else domain
