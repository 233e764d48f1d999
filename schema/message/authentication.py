"""The type AuthenticationResults."""

from __future__ import annotations

import strawberry

from correio.mailauth.authenticate import MessageAuthentication


@strawberry.type(
    description="Who a message is from: the words of RFC 8601, such as pass, fail and none; null where nobody looked."
)
class AuthenticationResults:
    """See the description of each field."""

    spf: str | None = strawberry.field(description="Of the envelope sender (RFC 7208).")
    dkim: list[str] = strawberry.field(description="Of each signature from the top (RFC 6376).")
    dkim_domains: list[str] = strawberry.field(description="Who signed, where the signature passes.")
    dmarc: str | None = strawberry.field(description="Of the domain in From (RFC 9989).")
    author_domain: str | None = strawberry.field(description="The domain in From, in A-labels.")
    arc: str | None = strawberry.field(description="Of the chain of those who passed it on (RFC 8617).")
    aligned: bool = strawberry.field(description="Whether somebody answers for the domain in From.")


def authentication_results(found: MessageAuthentication | None) -> AuthenticationResults:
    """Return what was found of a message, for a client."""
    if found is None:
        return AuthenticationResults(
            spf=None, dkim=[], dkim_domains=[], dmarc=None, author_domain=None, arc=None, aligned=False
        )
    passed = dict.fromkeys(one.domain for one in found.dkim if one.result == "pass")
    return AuthenticationResults(
        spf=found.spf.result,
        dkim=[one.result for one in found.dkim],
        dkim_domains=list(passed),
        dmarc=found.dmarc.result,
        author_domain=found.dmarc.domain or None,
        arc=found.arc.result,
        aligned=found.dmarc.result == "pass",
    )
