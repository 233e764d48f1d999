"""How it looks in JSON who a message is from."""

from __future__ import annotations

import msgspec

from correio.mailauth.authenticate import MessageAuthentication
from correio.mailauth.spf import Spf


class SpfJson(msgspec.Struct, frozen=True):
    """Schema ``Spf``."""

    result: str
    domain: str
    reason: str


class DkimJson(msgspec.Struct, frozen=True):
    """Schema ``Dkim``."""

    result: str
    domain: str
    selector: str
    algorithm: str
    reason: str


class DmarcJson(msgspec.Struct, frozen=True):
    """Schema ``Dmarc``."""

    result: str
    domain: str
    policy: str
    policy_domain: str | None
    aligned: tuple[str, ...]
    reason: str


class ArcJson(msgspec.Struct, frozen=True):
    """Schema ``Arc``."""

    result: str
    sealers: tuple[str, ...]
    reason: str


class AuthenticationJson(msgspec.Struct, frozen=True):
    """Schema ``Authentication``."""

    spf: SpfJson
    helo: SpfJson
    dkim: list[DkimJson]
    dmarc: DmarcJson
    arc: ArcJson
    trusted_sealer: str | None


def authentication_json(found: MessageAuthentication | None) -> AuthenticationJson | None:
    """Return what was found of a message as the API shows it."""
    if found is None:
        return None
    dmarc = found.dmarc
    return AuthenticationJson(
        spf=_spf(found.spf),
        helo=_spf(found.helo),
        dkim=[DkimJson(one.result, one.domain, one.selector, one.algorithm, one.reason) for one in found.dkim],
        dmarc=DmarcJson(
            dmarc.result, dmarc.domain, dmarc.policy, dmarc.policy_domain or None, dmarc.aligned, dmarc.reason
        ),
        arc=ArcJson(found.arc.result, found.arc.sealers, found.arc.reason),
        trusted_sealer=found.sealer or None,
    )


def _spf(spf: Spf) -> SpfJson:
    return SpfJson(spf.result, spf.domain, spf.reason)
