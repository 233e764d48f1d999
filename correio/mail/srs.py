"""The Sender Rewriting Scheme: an envelope sender of our own for mail that is forwarded, from which the original can be
had again.

SPF (RFC 7208) allows a domain's servers and not ours to send under its name, so what an alias forwards goes out under a
sender in the alias's domain: ``SRS0=hash=day=domain=local@ours``. A bounce to it comes here and goes on to the original
sender. An address that has been rewritten before becomes ``SRS1=hash=domain==…``, which leads to the first forwarder, so
that addresses do not grow with each hop. The hash keeps others from making such addresses up: without it every forwarder
would be an open relay.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Final

from correio.errors import InvalidInputError
from correio.mail.addresses import split_address

MAX_AGE: Final = 21
"""Days for which bounces are taken."""
MAX_ADDRESS: Final = 254
"""Octets: RFC 5321 section 4.5.3.1.3 has 256 with the angle brackets. Local parts longer than 64 are usual here."""
_DAY: Final = 86_400
_DAYS: Final = 1024
"""A day is written in two letters of base32, so they begin again after so many."""
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"
_HASH: Final = 8
"""Letters of base32, 40 bits: the case of a local part is not safe on its way."""
_SRS0: Final = re.compile(r"srs0([=+-])([^=]+)=([a-z2-7]{2})=([^=]+)=(.+)", re.IGNORECASE | re.DOTALL)
_SRS1: Final = re.compile(r"srs1[=+-]([^=]+)=([^=]+)=([=+-].+)", re.IGNORECASE | re.DOTALL)
_ATOMS: Final = re.compile(r"[^\x00-\x20\x7f()<>\[\]:;@\\,.\"]+(?:\.[^\x00-\x20\x7f()<>\[\]:;@\\,.\"]+)*")


class SrsError(ValueError):
    """The address is rewritten in form only: it was not made here, or too long ago."""


def is_rewritten(address: str) -> bool:
    """Tell whether an address has the form of a rewritten one."""
    return re.match(r'"?srs[01][=+-]', address, re.IGNORECASE) is not None


def rewrite_sender(sender: str, domain: str, secret: bytes, now: int) -> str:
    """Return the envelope sender for mail that an address in ``domain`` forwards. ``now`` in seconds since the epoch.

    The null sender stays, and so does a sender in the domain itself. What becomes too long goes out under the null sender: it is
    delivered as it would be, and no bounce of it can go astray.
    """
    if not sender:
        return ""
    try:
        local, sender_domain = split_address(sender)
    except InvalidInputError:
        # Longer than an address here may be, and so longer than it could be rewritten.
        return ""
    if sender_domain.lower() == domain.lower():
        return sender
    rewritten = _rewrite(local, sender_domain, secret, now)
    address = f"{_quoted(rewritten)}@{domain}"
    return address if len(address.encode("utf-8", "surrogatepass")) <= MAX_ADDRESS else ""


def original_sender(address: str, secret: bytes, now: int) -> str:
    """Return the address that a rewritten one stands for. ``now`` in seconds since the epoch. Raises SrsError."""
    local, _ = split_address(address)
    if (match := _SRS1.fullmatch(local)) is not None:
        given, domain, rest = match.groups()
        _verify(given, secret, domain, rest)
        return f"{_quoted('SRS0' + rest)}@{domain}"
    if (match := _SRS0.fullmatch(local)) is None:
        raise SrsError("It is not a rewritten address.")
    _, given, stamp, domain, user = match.groups()
    _verify(given, secret, stamp, domain, user)
    if (_days(now) - _number(stamp)) % _DAYS > MAX_AGE:
        raise SrsError("It is too old.")
    return f"{_quoted(user)}@{domain}"


def _rewrite(local: str, domain: str, secret: bytes, now: int) -> str:
    if (match := _SRS1.fullmatch(local)) is not None:
        # Made by another forwarder of a forwarder: the first one stays.
        _, first, rest = match.groups()
        return f"SRS1={_hash(secret, first, rest)}={first}={rest}"
    if (match := _SRS0.fullmatch(local)) is not None:
        rest = local[4:]
        return f"SRS1={_hash(secret, domain, rest)}={domain}={rest}"
    number = _days(now)
    stamp = _LETTERS[number >> 5] + _LETTERS[number & 31]
    return f"SRS0={_hash(secret, stamp, domain, local)}={stamp}={domain}={local}"


def _days(now: int) -> int:
    return now // _DAY % _DAYS


def _number(stamp: str) -> int:
    return _LETTERS.index(stamp[0].lower()) << 5 | _LETTERS.index(stamp[1].lower())


def _hash(secret: bytes, *parts: str) -> str:
    text = "\0".join(parts).lower().encode("utf-8", "surrogatepass")
    return base64.b32encode(hmac.digest(secret, text, hashlib.sha256))[:_HASH].decode().lower()


def _verify(given: str, secret: bytes, *parts: str) -> None:
    expected = _hash(secret, *parts)
    if not hmac.compare_digest(given.lower().encode("utf-8", "surrogatepass"), expected.encode()):
        raise SrsError("It was not made here.")


def _quoted(local: str) -> str:
    """Return a local part as it stands in an address (RFC 5321 section 4.1.2)."""
    if _ATOMS.fullmatch(local):
        return local
    return '"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"'
