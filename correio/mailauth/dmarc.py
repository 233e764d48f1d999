"""DMARC (RFC 9989): does somebody answer for the name in From, and what does its owner want done otherwise?"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from correio.dns.errors import NoSuchNameError, NothingFoundError, ResolverTemporaryError
from correio.mailauth.author import MAX_AUTHORS, Authors
from correio.mailauth.dkim import Dkim
from correio.mailauth.dmarc_record import DmarcRecord, Policy
from correio.mailauth.lookups import Lookups
from correio.mailauth.spf import Spf
from correio.mailauth.tree_walk import FoundRecord, TreeWalk

DmarcResult = Literal["none", "pass", "fail", "temperror", "permerror"]
Mechanism = Literal["dkim", "spf"]

_STRICTNESS: Final[dict[Policy, int]] = {"none": 0, "quarantine": 1, "reject": 2}
_MILDER: Final[dict[Policy, Policy]] = {"none": "none", "quarantine": "none", "reject": "quarantine"}
_GRAVITY: Final[dict[DmarcResult, int]] = {"pass": 0, "none": 1, "permerror": 2, "temperror": 3, "fail": 4}


class Dmarc(msgspec.Struct, frozen=True, array_like=True):
    """What DMARC says of a message."""

    result: DmarcResult
    domain: str
    """The Author Domain in A-labels; of several the one that decided."""
    policy: Policy = "none"
    """What the owner of the domain wants done with mail that fails, ``t=y`` counted in."""
    policy_domain: str = ""
    """Whose record that is."""
    aligned: tuple[Mechanism, ...] = ()
    """What passed for a domain of the same organization, or of the same name where the record wants that."""
    reason: str = ""


async def prepare_dmarc(authors: Authors, walk: TreeWalk) -> None:
    """Ask for the records of the authors' own domains, beside everything else: whoever forges a message can make the
    lookups of his own names take all the time there is. What fails now fails again.
    """
    with contextlib.suppress(ResolverTemporaryError):
        for domain in authors.domains[:MAX_AUTHORS]:
            await walk.records(domain)


async def check_dmarc(
    authors: Authors, spf: Spf, dkim: Sequence[Dkim], lookups: Lookups, walk: TreeWalk | None = None
) -> Dmarc:
    """Evaluate DMARC. ``spf`` is of the MAIL FROM identity.

    Of several Author Domains each is evaluated, and the strictest policy among those that fail counts (section 11.5).
    """
    if not authors.domains:
        return Dmarc("permerror", "", policy="none" if authors.is_whole else "quarantine", reason=authors.problem)
    walk = walk or TreeWalk(lookups)
    found = [await _of_one(domain, spf, dkim, walk, lookups) for domain in authors.domains[:MAX_AUTHORS]]
    worst = max(found, key=lambda one: (_GRAVITY[one.result], _STRICTNESS[one.policy]))
    if not authors.is_whole:
        # Not evaluated to the end, so that somebody's policy might be passed over. What was found is not made milder by that.
        if (worst.result, worst.policy) == ("fail", "reject"):
            return worst
        return Dmarc("permerror", authors.domains[0], policy="quarantine", reason=authors.problem)
    if authors.problem and worst.result in ("pass", "none"):
        return msgspec.structs.replace(worst, result="permerror", policy="none", reason=authors.problem)
    return worst


async def _of_one(domain: str, spf: Spf, dkim: Sequence[Dkim], walk: TreeWalk, lookups: Lookups) -> Dmarc:
    try:
        found = await walk.policy(domain)
        if found is None or not found.record.applies:
            return Dmarc("none", domain, reason="no policy record")
        policy = await _policy(domain, found, lookups)
        aligned = await _aligned(domain, found.record, spf, dkim, walk)
        if aligned:
            return Dmarc("pass", domain, policy, found.domain, aligned)
        unknown = await _unknown(domain, found.record, spf, dkim, walk)
    except ResolverTemporaryError as error:
        return Dmarc("temperror", domain, reason=str(error)[:200])
    if unknown:
        return Dmarc("temperror", domain, policy, found.domain, reason=unknown)
    return Dmarc("fail", domain, policy, found.domain, reason="nothing that passed is aligned")


async def _unknown(domain: str, record: DmarcRecord, spf: Spf, dkim: Sequence[Dkim], walk: TreeWalk) -> str:
    """Return what could not be asked and would be aligned had it passed (section 5.3.6); empty: nothing.

    Others' names do not count: whoever forges a message can make his own unreachable.
    """
    if spf.result == "temperror" and await _is_aligned(domain, spf.domain, record.strict_spf, walk):
        return f"spf of {spf.domain} is not known"
    for one in dkim:
        if one.result == "temperror" and await _is_aligned(domain, one.domain, record.strict_dkim, walk):
            return f"dkim of {one.domain} is not known"
    return ""


async def _policy(domain: str, found: FoundRecord, lookups: Lookups) -> Policy:
    record = found.record
    policy = record.policy
    if found.domain != domain:
        policy = record.subdomains or record.policy
        if record.non_existent is not None and not await _exists(domain, lookups):
            policy = record.non_existent
    return _MILDER[policy] if record.testing else policy


async def _exists(domain: str, lookups: Lookups) -> bool:
    """Section 3.2.13: a name that is NXDOMAIN does not exist."""
    try:
        await lookups.ipv4(domain)
    except NoSuchNameError:
        return False
    except NothingFoundError:
        return True
    return True


async def _aligned(
    domain: str, record: DmarcRecord, spf: Spf, dkim: Sequence[Dkim], walk: TreeWalk
) -> tuple[Mechanism, ...]:
    """Section 4.4. A signature over a part of the body only is left out: what was added to it is nobody's word."""
    aligned: list[Mechanism] = []
    signers = {one.domain for one in dkim if one.result == "pass" and not one.partial}
    for signer in sorted(signers, key=lambda one: one != domain):
        if await _is_aligned(domain, signer, record.strict_dkim, walk):
            aligned.append("dkim")
            break
    by_spf = spf.result == "pass" and spf.identity == "mailfrom"
    if by_spf and await _is_aligned(domain, spf.domain, record.strict_spf, walk):
        aligned.append("spf")
    return tuple(aligned)


async def _is_aligned(domain: str, other: str, strict: bool, walk: TreeWalk) -> bool:
    if domain == other or strict:
        return domain == other
    organization = await walk.organizational_domain(domain)
    if other != organization and not other.endswith(f".{organization}"):
        return False
    return await walk.organizational_domain(other) == organization


Disposition = Literal["accept", "junk", "reject"]


def dmarc_disposition(dmarc: Dmarc, *, overridden: bool = False) -> Disposition:
    """Return what to do with a message. ``overridden``: somebody trusted has seen it pass before it was changed."""
    if overridden or dmarc.result in ("pass", "none", "temperror"):
        return "accept"
    return {"none": "accept", "quarantine": "junk", "reject": "reject"}[dmarc.policy]  # type: ignore[return-value]
