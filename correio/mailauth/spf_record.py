"""SPF records (RFC 7208 section 4.6 and 12) as terms. A syntax error anywhere makes the whole record one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, Literal

import msgspec

from correio.mailauth.spf_macro import MacroError, MacroString, parse_domain_spec, parse_macro

MAX_RECORD: Final = 8 * 1024
"""Octets; a sane record has a few hundred."""
MAX_TERMS: Final = 500

Qualifier = Literal["pass", "fail", "softfail", "neutral"]
Name = Literal["all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"]

_QUALIFIERS: Final[dict[str, Qualifier]] = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_MECHANISM: Final = re.compile(r"([+\-~?]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?=[:/]|$)(.*)", re.IGNORECASE)
_MODIFIER: Final = re.compile(r"([A-Za-z][A-Za-z0-9._\-]*+)=(.*)")
_DUAL_CIDR: Final = re.compile(r"(.*?)(?:/(0|[1-9]\d?))?(?://(0|[1-9]\d{0,2}))?")
_CIDR: Final = re.compile(r"([^/]*)(?:/(0|[1-9]\d{0,2}))?")


class SpfSyntaxError(ValueError):
    """The record is not one (permerror). The text says what."""


class Mechanism(msgspec.Struct, frozen=True):
    """A directive."""

    qualifier: Qualifier
    name: Name
    text: str
    """As it is written, for reports."""
    domain: MacroString = ()
    """Empty: the domain that is checked."""
    network: IPv4Network | IPv6Network | None = None
    prefix4: int = 32
    prefix6: int = 128


class SpfRecord(msgspec.Struct, frozen=True):
    """A record."""

    mechanisms: tuple[Mechanism, ...]
    redirect: MacroString = ()
    explanation: MacroString = ()


def is_spf(text: str) -> bool:
    """Tell whether a TXT record is an SPF record (RFC 7208 section 4.5)."""
    return text[:6].lower() == "v=spf1" and text[6:7] in ("", " ")


def parse_spf(text: str) -> SpfRecord:
    """Return a record. Raises SpfSyntaxError."""
    if not is_spf(text) or not text.isascii() or len(text) > MAX_RECORD:
        raise SpfSyntaxError("the record is no SPF record in US-ASCII of a sane length")
    mechanisms: list[Mechanism] = []
    redirect: MacroString = ()
    explanation: MacroString = ()
    terms = [term for term in text[6:].split(" ") if term]
    if len(terms) > MAX_TERMS:
        raise SpfSyntaxError(f"more than {MAX_TERMS} terms")
    for term in terms:
        try:
            mechanism = _MECHANISM.fullmatch(term)
            if mechanism is not None:
                mechanisms.append(_mechanism(term, mechanism))
                continue
            modifier = _MODIFIER.fullmatch(term)
            if modifier is None:
                raise SpfSyntaxError(f"unknown term {term[:80]!r}")
            name = modifier[1].lower()
            if name == "redirect":
                redirect = _once(redirect, name, modifier[2])
            elif name == "exp":
                explanation = _once(explanation, name, modifier[2])
            else:
                parse_macro(modifier[2])
        except MacroError as error:
            raise SpfSyntaxError(f"{term[:80]!r}: {error}") from error
    return SpfRecord(tuple(mechanisms), redirect, explanation)


def select_spf(texts: Sequence[str]) -> str | None:
    """Return the SPF record among TXT records, None where there is none. Raises SpfSyntaxError where there are several."""
    found = [text for text in texts if is_spf(text)]
    if len(found) > 1:
        raise SpfSyntaxError(f"there are {len(found)} SPF records")
    return found[0] if found else None


def _once(before: MacroString, name: str, text: str) -> MacroString:
    if before:
        raise SpfSyntaxError(f"{name}= stands there twice")
    return parse_domain_spec(text)


def _mechanism(term: str, match: re.Match[str]) -> Mechanism:
    qualifier: Qualifier = _QUALIFIERS[match[1] or "+"]
    name: Name = match[2].lower()  # type: ignore[assignment]
    rest = match[3]
    if name == "all":
        if rest:
            raise SpfSyntaxError(f"all takes no argument: {term[:80]!r}")
        return Mechanism(qualifier, name, term)
    if name in ("ip4", "ip6"):
        return Mechanism(qualifier, name, term, network=_network(name, rest, term))
    if name in ("include", "exists"):
        return Mechanism(qualifier, name, term, domain=parse_domain_spec(rest[1:] if rest[:1] == ":" else ""))
    if name == "ptr":
        return Mechanism(qualifier, name, term, domain=_optional_domain(rest, term))
    cidr = _DUAL_CIDR.fullmatch(rest)
    assert cidr is not None
    prefix4, prefix6 = int(cidr[2] or 32), int(cidr[3] or 128)
    if prefix4 > 32 or prefix6 > 128:
        raise SpfSyntaxError(f"a prefix is too long: {term[:80]!r}")
    return Mechanism(qualifier, name, term, domain=_optional_domain(cidr[1], term), prefix4=prefix4, prefix6=prefix6)


def _optional_domain(rest: str, term: str) -> MacroString:
    if not rest:
        return ()
    if rest[0] != ":":
        raise SpfSyntaxError(f"no domain and no prefix: {term[:80]!r}")
    return parse_domain_spec(rest[1:])


def _network(name: str, rest: str, term: str) -> IPv4Network | IPv6Network:
    match = _CIDR.fullmatch(rest[1:]) if rest[:1] == ":" else None
    if match is None:
        raise SpfSyntaxError(f"no network: {term[:80]!r}")
    most = 32 if name == "ip4" else 128
    prefix = most if match[2] is None else int(match[2])
    try:
        if prefix > most:
            raise SpfSyntaxError(f"a prefix is too long: {term[:80]!r}")
        if name == "ip4":
            return IPv4Network((int(IPv4Address(match[1])), prefix), strict=False)
        if "%" in match[1]:
            raise SpfSyntaxError(f"no network: {term[:80]!r}")
        return IPv6Network((int(IPv6Address(match[1])), prefix), strict=False)
    except AddressValueError as error:
        raise SpfSyntaxError(f"no network: {term[:80]!r}") from error
