"""DMARC policy records (RFC 9989 section 4.7)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

Policy = Literal["none", "quarantine", "reject"]

MAX_RECORD: Final = 16 * 1024
"""Characters of a record that are read."""

_POLICIES: Final[dict[str, Policy]] = {"none": "none", "quarantine": "quarantine", "reject": "reject"}
_VERSION: Final = re.compile(r"[ \t]*v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)")
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*+:[^\s,;]+")


class DmarcRecord(msgspec.Struct, frozen=True):
    """A policy record, as far as it makes sense."""

    applies: bool
    """False: it has neither policies that make sense nor a wish for reports, and its mail is left alone."""
    policy: Policy = "none"
    subdomains: Policy | None = None
    """``sp=``."""
    non_existent: Policy | None = None
    """``np=``."""
    strict_dkim: bool = False
    strict_spf: bool = False
    psd: Literal["y", "n", "u"] = "u"
    """Whether the domain is a public suffix; ``n``: it is an organization's."""
    testing: bool = False
    """``t=y``."""


def select_dmarc(texts: Sequence[str]) -> DmarcRecord | None:
    """Return the one record among TXT records; None where there is none, or more than one (section 4.10, step 2)."""
    found = [text for text in texts if _VERSION.match(text)]
    return parse_dmarc(found[0]) if len(found) == 1 else None


def parse_dmarc(text: str) -> DmarcRecord:
    """Return a record. What makes no sense in it counts as if it were not there (section 4.8)."""
    tags = _tags(text)
    policies = {name: _POLICIES.get(tags[name].lower()) for name in ("p", "sp", "np") if name in tags}
    if "p" not in policies or None in policies.values():
        # Section 4.10.1: who wants reports is one who only watches.
        applies = any(_URI.fullmatch(uri.strip()) for uri in tags.get("rua", "").split(","))
        policies = {}
    else:
        applies = True
    psd = tags.get("psd", "u").lower()
    return DmarcRecord(
        applies=applies,
        policy=policies.get("p") or "none",
        subdomains=policies.get("sp"),
        non_existent=policies.get("np"),
        strict_dkim=tags.get("adkim", "r").lower() == "s",
        strict_spf=tags.get("aspf", "r").lower() == "s",
        psd="y" if psd == "y" else "n" if psd == "n" else "u",
        testing=tags.get("t", "n").lower() == "y",
    )


def _tags(text: str) -> dict[str, str]:
    """Return the values by tag; of one that stands there twice the first counts."""
    tags: dict[str, str] = {}
    for spec in text[:MAX_RECORD].split(";"):
        name, equals, value = spec.partition("=")
        if equals:
            tags.setdefault(name.strip(" \t").lower(), value.strip(" \t"))
    return tags
