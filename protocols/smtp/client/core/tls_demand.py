"""How much TLS a host must give, and what is tried when it does not: decided before anything is said. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from correio.config import Route
from correio.dns.answer import Tlsa
from correio.tlspolicy.dane import usable
from correio.tlspolicy.mta_sts import StsPolicy
from correio.tlspolicy.result import PolicyKind

Level = Literal["plain", "may", "encrypt", "dane", "verify"]
"""No TLS; TLS where it is offered; TLS with any certificate; with one that TLSA records name; with one that is trusted."""


class Demand(msgspec.Struct, frozen=True):
    """One try at a host."""

    level: Level
    report: PolicyKind | None = None
    """The policy under which what comes of it is counted; None: it is a second try, and counted already."""
    implicit: bool = False
    """TLS comes before the greeting (RFC 8314)."""
    tlsa: tuple[Tlsa, ...] = ()

    @property
    def check(self) -> str:
        """How the certificate is checked, for people."""
        return {"dane": "DANE", "verify": "certificate checked"}.get(self.level, "certificate not checked")


class Strangers(msgspec.Struct, frozen=True):
    """No try: MTA-STS does not allow the host."""


def demands_for(host: str, *, required: bool, tlsa: Sequence[Tlsa], sts: StsPolicy | None) -> list[Demand] | Strangers:
    """Return what to try at a mail host, in order.

    ``required``: the settings want TLS. ``tlsa``: records that DNSSEC vouches for. Where DANE applies MTA-STS has no say (RFC
    8461 section 2).
    """
    if tlsa:
        good = tuple(usable(tlsa))
        # RFC 7672 section 2.2: records of which none can be used still promise TLS.
        return [Demand("dane", "tlsa", tlsa=good) if good else Demand("encrypt", "tlsa")]
    rest = [Demand("encrypt")] if required else [Demand("may"), Demand("plain")]
    if sts is not None and sts.mode == "enforce":
        return [Demand("verify", "sts")] if sts.allows(host) else Strangers()
    if sts is not None and sts.mode == "testing":
        return [Demand("verify", "sts"), *rest] if sts.allows(host) else rest
    return [msgspec.structs.replace(rest[0], report="no-policy-found"), *rest[1:]]


def demands_of(route: Route) -> list[Demand]:
    """Return what to try at a smarthost."""
    if route.tls == "none":
        return [Demand("plain")]
    if route.tls == "opportunistic":
        return [Demand("may"), Demand("plain")]
    return [Demand("verify", implicit=route.tls == "implicit")]
