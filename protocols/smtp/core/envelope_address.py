"""Paths: the addresses of the envelope (RFC 5321 section 4.1.2, RFC 6531 section 3.3, address literals section
4.1.3).
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

import msgspec

MAX_PATH: Final = 900
"""Octets of a path. RFC 5321 section 4.5.3.1 asks for 256 at least; automatic senders make longer local parts. A trace field with
it stays within a line (RFC 5322 section 2.1.1).
"""
MAX_DOMAIN: Final = 255

# UTF8-non-ascii without what some reader would take for a line end or a control: C1, U+2028, U+2029, surrogates.
_UTF8: Final = r"\u00a0-\u2027\u202a-\ud7ff\ue000-\U0010ffff"
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~" + _UTF8 + r"]+"
_DOT_STRING: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_QUOTED_STRING: Final = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e' + _UTF8 + r']|\\[\x20-\x7e])*)"')
_QUOTED_PAIR: Final = re.compile(r"\\(.)")
# The underscore is in no domain of RFC 5321, and in the names of many real senders.
_LABEL: Final = rf"[A-Za-z0-9_{_UTF8}](?:[A-Za-z0-9_\-{_UTF8}]{{0,61}}[A-Za-z0-9_{_UTF8}])?"
_DOMAIN: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LITERAL: Final = re.compile(r"\[([\x21-\x5a\x5e-\x7e]+)\]")
_TAGGED: Final = re.compile(r"[A-Za-z0-9\-]*[A-Za-z0-9]:[\x21-\x5a\x5e-\x7e]+")
_SOURCE_ROUTE: Final = re.compile(rf"@{_LABEL}(?:\.{_LABEL})*(?:,@{_LABEL}(?:\.{_LABEL})*)*:")


class PathError(ValueError):
    """The text is not a path. The message says what is wrong with it, for the client."""


class EnvelopeAddress(msgspec.Struct, frozen=True):
    """A mailbox of the envelope. ``local`` has no quoting; both are empty for the null sender ``<>``.

    ``domain`` is as given, an address literal with its brackets, and "" for ``<Postmaster>`` alone.
    """

    local: str
    domain: str

    def __str__(self) -> str:
        """The address as it stands between angle brackets, quoted where it must be."""
        if not self.local and not self.domain:
            return ""
        local = self.local if _DOT_STRING.fullmatch(self.local) else _quoted(self.local)
        return f"{local}@{self.domain}" if self.domain else local

    @property
    def is_ascii(self) -> bool:
        """Whether the address needs no SMTPUTF8."""
        return self.local.isascii() and self.domain.isascii()


NULL_SENDER: Final = EnvelopeAddress("", "")


def parse_path(text: str) -> tuple[EnvelopeAddress, str]:
    """Return the address of a path and what follows it.

    A source route is accepted and ignored (RFC 5321 appendix C). Raises PathError.
    """
    if not text.startswith("<"):
        raise PathError("An address stands between < and >.")
    if text.startswith("<>"):
        return NULL_SENDER, text[2:]
    at = 1
    route = _SOURCE_ROUTE.match(text, at)
    if route is not None:
        at = route.end()
    local, at = _local_part(text, at)
    if text.startswith(">", at) and local.lower() == "postmaster":
        return EnvelopeAddress(local, ""), text[at + 1 :]
    if not text.startswith("@", at):
        raise PathError("The address has no domain.")
    domain, at = _domain(text, at + 1)
    if not text.startswith(">", at):
        raise PathError("The address is not well formed.")
    if len(text[:at].encode()) > MAX_PATH:
        raise PathError(f"The address is longer than {MAX_PATH} octets.")
    return EnvelopeAddress(local, domain), text[at + 1 :]


def is_domain(text: str) -> bool:
    """Tell whether the text is a domain or an address literal, as the argument of EHLO must be (RFC 5321 section
    4.1.1.1).
    """
    if text.startswith("["):
        match = _LITERAL.fullmatch(text)
        return match is not None and _is_address_literal(match[1])
    return len(text) <= MAX_DOMAIN and _DOMAIN.fullmatch(text) is not None


def address_literal(address: str) -> str:
    """Return a numeric address as a literal: ``[192.0.2.1]`` or ``[IPv6:2001:db8::1]``."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "[127.0.0.1]"
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return f"[IPv6:{mapped}]" if mapped.version == 6 else f"[{mapped}]"


def _local_part(text: str, at: int) -> tuple[str, int]:
    match = _DOT_STRING.match(text, at)
    if match is not None:
        return match[0], match.end()
    match = _QUOTED_STRING.match(text, at)
    if match is not None and match[1]:
        return _QUOTED_PAIR.sub(r"\1", match[1]), match.end()
    raise PathError("The part of the address before the @ is not well formed.")


def _domain(text: str, at: int) -> tuple[str, int]:
    match = _LITERAL.match(text, at)
    if match is not None:
        if not _is_address_literal(match[1]):
            raise PathError("The address literal is not well formed.")
        return match[0], match.end()
    match = _DOMAIN.match(text, at)
    if match is None:
        raise PathError("The domain of the address is not well formed.")
    if len(match[0].encode()) > MAX_DOMAIN:
        raise PathError(f"The domain is longer than {MAX_DOMAIN} octets.")
    return match[0], match.end()


def _is_address_literal(content: str) -> bool:
    try:
        if content[:5].lower() == "ipv6:":
            ipaddress.IPv6Address(content[5:])
        else:
            ipaddress.IPv4Address(content)
    except ValueError:
        return content[:5].lower() != "ipv6:" and _TAGGED.fullmatch(content) is not None
    return True


def _quoted(local: str) -> str:
    return '"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"'
