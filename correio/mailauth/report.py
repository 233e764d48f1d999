"""What was found of a message, as the results of an Authentication-Results field (RFC 8601 section 2.7)."""

from __future__ import annotations

from correio.mailauth.arc import Arc
from correio.mailauth.authenticate import MessageAuthentication
from correio.mailauth.authentication_results import MethodResult
from correio.mailauth.dkim import Dkim
from correio.mailauth.dmarc import Dmarc


def method_results(found: MessageAuthentication, *, mail_from: str, helo: str, client_ip: str) -> list[MethodResult]:
    """Return the results, DMARC last but for ARC."""
    results = [_dkim(one) for one in found.dkim] or [MethodResult("dkim", "none")]
    if mail_from:
        # Section 2.7.2: of the null sender there is the HELO name alone.
        spf = found.spf
        results.append(
            MethodResult("spf", spf.result, _reason(spf.result, spf.reason), (("smtp.mailfrom", mail_from),))
        )
    # US-ASCII whatever the client said: nothing else of the message need be beyond it.
    said = helo.encode("ascii", "replace").decode("ascii")
    results.append(
        MethodResult("spf", found.helo.result, _reason(found.helo.result, found.helo.reason), (("smtp.helo", said),))
    )
    results.append(_dmarc(found.dmarc, found.sealer))
    results.append(_arc(found.arc, client_ip))
    return results


def _dkim(one: Dkim) -> MethodResult:
    comments = [f"{one.bits}-bit key"] if one.bits else []
    if one.partial:
        comments.append("a part of the body is not signed")
    properties = (
        ("header.d", one.domain),
        ("header.i", one.identity),
        ("header.s", one.selector),
        ("header.a", one.algorithm),
        ("header.b", one.beginning),
    )
    return MethodResult("dkim", one.result, _reason(one.result, one.reason), properties, ", ".join(comments))


def _dmarc(dmarc: Dmarc, sealer: str) -> MethodResult:
    comment = f"accepted by the word of {sealer}" if sealer else ""
    policy = (("policy.dmarc", dmarc.policy),) if dmarc.policy_domain else ()
    properties = (*policy, ("header.from", dmarc.domain))
    return MethodResult("dmarc", dmarc.result, _reason(dmarc.result, dmarc.reason), properties, comment)


def _arc(arc: Arc, client_ip: str) -> MethodResult:
    properties = (("smtp.remote-ip", client_ip),) if arc.result != "none" else ()
    comment = f"{len(arc.sealers)} sealed" if arc.sealers else ""
    return MethodResult("arc", arc.result, _reason(arc.result, arc.reason), properties, comment)


def _reason(result: str, reason: str) -> str:
    """Only what went wrong needs a reason."""
    return "" if result in ("pass", "none", "neutral") else reason
