"""The extensions a listener advertises in answer to EHLO or LHLO (RFC 5321 section 4.1.1.1)."""

from __future__ import annotations


def ehlo_lines(*, size: int, recipients: int, starttls: bool, mechanisms: tuple[str, ...]) -> tuple[str, ...]:
    """Return the lines after the first one.

    ``size`` in octets (RFC 1870), ``recipients`` of one transaction (RFC 9422), ``starttls`` when TLS can be had and
    is not yet on, ``mechanisms`` of AUTH that may be used as the connection is now.
    """
    lines = [
        "PIPELINING",
        f"SIZE {size}",
        "8BITMIME",
        "SMTPUTF8",
        "ENHANCEDSTATUSCODES",
        "CHUNKING",
        "BINARYMIME",
        "DSN",
        f"LIMITS RCPTMAX={recipients}",
    ]
    if starttls:
        lines.append("STARTTLS")
    if mechanisms:
        lines.append("AUTH " + " ".join(mechanisms))
    lines.append("HELP")
    return tuple(lines)
