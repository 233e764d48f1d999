"""The Received field (RFC 5321 section 4.4, RFC 3848, RFC 6531 section 4.3), and counting those a message has."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

import msgspec

from protocols.smtp.core.envelope_address import address_literal, is_domain

_RECEIVED: Final = re.compile(rb"\nreceived[ \t]*:")
MAX_COUNTED_HEADER: Final = 256 * 1024
"""Octets of a header that are looked through for Received fields."""


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """What a Received field tells."""

    helo: str
    """The argument of HELO, EHLO or LHLO, as given."""
    remote: str
    """The client's numeric address."""
    name: str = ""
    """The name of that address in the DNS, "" where there is none or nobody asked."""
    hostname: str
    """This server's name."""
    protocol: str
    """From :func:`protocol_name`."""
    tls: str = ""
    """Version and cipher suite, "" without TLS."""
    id: str
    recipient: str = ""
    """The one recipient, "" where there are several: the others' business is not theirs."""
    time: int
    """Seconds since the epoch."""


def protocol_name(*, lmtp: bool, extended: bool, tls: bool, authenticated: bool, utf8: bool) -> str:
    """Return the value of the ``with`` clause: ``ESMTPSA``, ``UTF8LMTP`` and so on."""
    base = "LMTP" if lmtp else "SMTP"
    flags = ("S" if tls else "") + ("A" if authenticated else "")
    if utf8:
        return f"UTF8{base}{flags}"
    return base + flags if lmtp else ("ESMTP" + flags if extended or flags else "SMTP")


def received_field(trace: Trace) -> bytes:
    """Return the whole field with its CRLF, folded, every line under 998 octets. Text from the client cannot leave
    its place.
    """
    literal = address_literal(trace.remote)
    # A name that is no domain would break the field's grammar, and U-labels that of the header. The address alone tells who it was.
    name = trace.helo if trace.helo.isascii() and is_domain(trace.helo) else literal
    known = f"{trace.name} " if is_domain(trace.name) and not trace.name.startswith("[") else ""
    lines = [f"from {name} ({known}{literal})", f"by {trace.hostname} with {trace.protocol} id {trace.id}"]
    if trace.tls:
        lines.append(f"({trace.tls})")
    if trace.recipient:
        lines.append(f"for <{trace.recipient}>")
    date = format_datetime(datetime.fromtimestamp(trace.time, UTC))
    return ("Received: " + "\r\n\t".join(lines) + f";\r\n\t{date}\r\n").encode()


def hops(message: bytes) -> int:
    """Return how many Received fields a message has, to find loops by (RFC 5321 section 6.3)."""
    # A line end in front, so that the first line is found as the others are.
    header = b"\n" + message[:MAX_COUNTED_HEADER]
    ends = [at for at in (header.find(b"\n\r\n"), header.find(b"\n\n")) if at >= 0]
    return len(_RECEIVED.findall(header[: min(ends, default=len(header))].lower()))
