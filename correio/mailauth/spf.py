"""SPF (RFC 7208): may this client send under this domain? check_host() and the identities it is asked for."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, Final, Literal, TypeVar

import msgspec

from correio.dns.answer import Address, Answer
from correio.dns.errors import NothingFoundError, ResolverTemporaryError
from correio.dns.names import ascii_name
from correio.mailauth.lookups import Lookups
from correio.mailauth.spf_macro import MacroError, MacroString, expand, fit_domain, letters_of, parse_macro
from correio.mailauth.spf_record import Mechanism, SpfRecord, SpfSyntaxError, parse_spf, select_spf

SpfResult = Literal["none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"]
SpfIdentity = Literal["mailfrom", "helo"]
T = TypeVar("T")

MAX_LOOKUPS: Final = 10
"""Terms that ask the DNS (RFC 7208 section 4.6.4)."""
MAX_VOID_LOOKUPS: Final = 2
"""Questions of terms that find nothing."""
MAX_NAMES: Final = 10
"""Names of an MX record set or of an address that are looked at."""
MAX_EXPLANATION: Final = 400
"""Characters of the domain's own words that are kept."""
_MOST_TEXT: Final = 2048
"""Characters of them before macros are expanded."""
_MOST_VALUE: Final = 255
"""Characters of what the client says that a macro stands for."""


class Spf(msgspec.Struct, frozen=True, array_like=True):
    """What SPF says of one identity."""

    result: SpfResult
    identity: SpfIdentity
    domain: str
    """The domain that was checked, in A-labels where it is a domain at all."""
    reason: str = ""
    """The term that decided, or the problem."""
    explanation: str = ""
    """The words of the domain, with ``fail``."""


class _Stop(Exception):  # noqa: N818 - the end of an evaluation, not always an error
    """Evaluation ends here with temperror or permerror."""

    def __init__(self, result: Literal["temperror", "permerror"], reason: str) -> None:
        super().__init__(reason)
        self.result: Literal["temperror", "permerror"] = result
        self.reason = reason


async def check_mail_from(
    lookups: Lookups, *, client_ip: str, mail_from: str, helo: str, hostname: str, now: int
) -> Spf:
    """Check the envelope sender; of the null sender it is ``postmaster@`` the HELO name (section 2.4)."""
    sender = mail_from or f"postmaster@{helo}"
    return await _check(lookups, client_ip, sender, helo, hostname, now, "mailfrom")


async def check_helo(lookups: Lookups, *, client_ip: str, helo: str, hostname: str, now: int) -> Spf:
    """Check the argument of HELO or EHLO (section 2.3)."""
    return await _check(lookups, client_ip, f"postmaster@{helo}", helo, hostname, now, "helo")


async def _check(
    lookups: Lookups, client_ip: str, sender: str, helo: str, hostname: str, now: int, identity: SpfIdentity
) -> Spf:
    local, _, domain = sender.rpartition("@")
    try:
        address = _address(client_ip)
        domain = _checkable(domain)
    except ValueError as error:
        return Spf("none", identity, domain[:255], f"nothing to check: {str(error)[:120]}")
    local = local[:_MOST_VALUE] or "postmaster"
    check = _Check(lookups, address, local, domain, helo[:_MOST_VALUE], hostname, now)
    result, reason, explanation = await check.run()
    return Spf(result, identity, domain, reason[:200], explanation)


def _checkable(domain: str) -> str:
    """Return a domain in A-labels. Raises ValueError where it is none that could have a record (section 4.3)."""
    name = ascii_name(domain)
    if "." not in name:
        raise ValueError("the domain has one label only")
    return name


def _address(text: str) -> Address:
    address = ipaddress.ip_address(text.partition("%")[0])
    # Section 5: an IPv4 client on a socket of IPv6.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


class _Check:
    """One evaluation: its client, and the questions it has asked so far, includes and redirects together."""

    def __init__(
        self, lookups: Lookups, address: Address, local: str, domain: str, helo: str, hostname: str, now: int
    ) -> None:
        self.lookups: Final = lookups
        self.address: Final = address
        self.domain: Final = domain
        self.asked = 0
        self.void = 0
        v4 = isinstance(address, IPv4Address)
        self.values: Final = {
            "s": f"{local}@{domain}",
            "l": local,
            "o": domain,
            "i": str(address) if v4 else ".".join(address.exploded.replace(":", "")),
            "v": "in-addr" if v4 else "ip6",
            "h": helo,
            "c": str(address),
            "r": hostname or "unknown",
            "t": str(now),
        }

    async def run(self) -> tuple[SpfResult, str, str]:
        """Return result, reason and explanation."""
        try:
            result, reason, explained = await self.check_host(self.domain)
        except _Stop as stop:
            return stop.result, stop.reason, ""
        explanation = await self._explanation(*explained) if result == "fail" and explained else ""
        return result, reason, explanation

    async def check_host(self, domain: str) -> tuple[SpfResult, str, tuple[MacroString, str] | None]:
        """Section 4: the result, the term that decided, and the exp= of the record that decided with its domain."""
        record = await self._record(domain)
        if record is None:
            return "none", f"no SPF record at {domain}", None
        for mechanism in record.mechanisms:
            if await self._matches(mechanism, domain):
                return mechanism.qualifier, mechanism.text, (record.explanation, domain)
        if not record.redirect:
            return "neutral", "nothing matched", None
        self._count()
        # Section 6.1: the record of the other domain stands in the place of this one, its exp= included.
        target = await self._expand(record.redirect, domain)
        result, reason, explained = await self.check_host(target)
        if result == "none":
            raise _Stop("permerror", f"redirect={target}: there is no record")
        return result, reason, explained

    async def _record(self, domain: str) -> SpfRecord | None:
        try:
            texts = (await self.lookups.txt(domain)).records
        except NothingFoundError:
            return None
        except ResolverTemporaryError as error:
            raise _Stop("temperror", str(error)) from error
        try:
            text = select_spf(texts)
            return parse_spf(text) if text is not None else None
        except SpfSyntaxError as error:
            raise _Stop("permerror", f"{domain}: {error}") from error

    async def _matches(self, mechanism: Mechanism, domain: str) -> bool:
        name = mechanism.name
        if name == "all":
            return True
        if mechanism.network is not None:
            return self.address in mechanism.network
        self._count()
        if not self.values["l"].isascii() and not letters_of(mechanism.domain).isdisjoint("sl"):
            # RFC 8616 section 4: no name of the DNS could be made of it.
            return False
        target = await self._expand(mechanism.domain, domain) if mechanism.domain else domain
        if name == "include":
            return await self._include(target)
        if name == "exists":
            return bool(await self._found(self.lookups.ipv4, target))
        if name == "ptr":
            return any(_is_within(one, target) for one in await self._validated_names(target))
        hosts = [target] if name == "a" else await self._exchanges(target)
        for host in hosts:
            if await self._has_address(host, mechanism):
                return True
        return False

    async def _include(self, target: str) -> bool:
        """Section 5.2."""
        result, _, _ = await self.check_host(target)
        if result == "none":
            raise _Stop("permerror", f"include:{target}: there is no record")
        return result == "pass"

    async def _exchanges(self, target: str) -> list[str]:
        exchanges = await self._found(self.lookups.mx, target)
        if len(exchanges) > MAX_NAMES:
            raise _Stop("permerror", f"mx:{target}: more than {MAX_NAMES} hosts")
        return [one.host for one in sorted(exchanges) if one.host]

    async def _has_address(self, host: str, mechanism: Mechanism) -> bool:
        if isinstance(self.address, IPv4Address):
            found4 = await self._found(self.lookups.ipv4, host)
            return any(self.address in IPv4Network((int(one), mechanism.prefix4), strict=False) for one in found4)
        found6 = await self._found(self.lookups.ipv6, host)
        return any(self.address in IPv6Network((int(one), mechanism.prefix6), strict=False) for one in found6)

    async def _found(self, ask: Callable[[str], Awaitable[Answer[T]]], name: str) -> tuple[T, ...]:
        """Return the records, none where there are none; too many of such questions are an error."""
        try:
            return (await ask(name)).records
        except NothingFoundError:
            self.void += 1
            if self.void > MAX_VOID_LOOKUPS:
                raise _Stop("permerror", f"more than {MAX_VOID_LOOKUPS} lookups found nothing") from None
            return ()
        except ResolverTemporaryError as error:
            raise _Stop("temperror", str(error)) from error

    async def _validated_names(self, near: str) -> list[str]:
        """Section 5.5: the names of the client's address that have this address. Errors are no names."""
        try:
            names = list((await self.lookups.ptr(self.address)).records[:MAX_NAMES])
        except (NothingFoundError, ResolverTemporaryError):
            return []
        validated = []
        for name in sorted(names, key=lambda one: not _is_within(one, near)):
            try:
                answer: Answer[Any] = (
                    await self.lookups.ipv4(name)
                    if isinstance(self.address, IPv4Address)
                    else await self.lookups.ipv6(name)
                )
            except (NothingFoundError, ResolverTemporaryError):
                continue
            if self.address in answer.records:
                validated.append(name)
        return validated

    async def _expand(self, pieces: MacroString, domain: str) -> str:
        letters = letters_of(pieces)
        values = {**self.values, "d": domain}
        if "p" in letters:
            self._count()
            values["p"] = await self._name_of_client(domain)
        return fit_domain(expand(pieces, values)).lower()

    async def _name_of_client(self, domain: str) -> str:
        """Section 7.3: the domain itself before one below it before any other."""
        names = await self._validated_names(domain)
        best = min(names, key=lambda one: (one != domain, not _is_within(one, domain)), default="unknown")
        return best or "unknown"

    def _count(self) -> None:
        self.asked += 1
        if self.asked > MAX_LOOKUPS:
            raise _Stop("permerror", f"more than {MAX_LOOKUPS} terms ask the DNS")

    async def _explanation(self, pieces: MacroString, domain: str) -> str:
        """Section 6.2: whatever goes wrong, there is none."""
        if not pieces:
            return ""
        try:
            texts = (await self.lookups.txt(await self._expand(pieces, domain))).records
            if len(texts) != 1 or not texts[0].isascii() or len(texts[0]) > _MOST_TEXT:
                return ""
            parsed = parse_macro(texts[0], explanation=True)
            values = {**self.values, "d": domain}
            if "p" in letters_of(parsed):
                values["p"] = await self._name_of_client(domain)
            text = expand(parsed, values)[:MAX_EXPLANATION]
        except (NothingFoundError, ResolverTemporaryError, MacroError, _Stop):
            return ""
        return text if text.isascii() and text.isprintable() else ""


def _is_within(name: str, domain: str) -> bool:
    """Tell whether a name is a domain or below it. Both in lower case."""
    domain = domain.lower()
    return name == domain or name.endswith(f".{domain}")
