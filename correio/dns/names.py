"""Domain names between text and wire: U-labels go out as A-labels (RFC 5891 section 4.4)."""

from __future__ import annotations

import dns.exception
import dns.name
import idna

from correio.dns.errors import NoSuchNameError


def ascii_name(text: str) -> str:
    """Return a domain name in lower case A-labels without the last dot. Raises ValueError where it can be none."""
    name = text.removesuffix(".")
    if not name:
        raise ValueError("the name is empty")
    labels = name.split(".") if name.isascii() else [_a_label(label) for label in _split(name)]
    lowered = ".".join(labels).lower()
    if len(lowered) > 253 or any(not 0 < len(label) <= 63 for label in lowered.split(".")):
        raise ValueError("a label is empty or longer than 63 octets, or the name longer than 253")
    return lowered


def _split(name: str) -> list[str]:
    """Split at the dots of RFC 3490 section 3.1, which input methods of East Asia give."""
    return name.replace("\u3002", ".").replace("\uff0e", ".").replace("\uff61", ".").split(".")


def _a_label(label: str) -> str:
    if label.isascii():
        return label
    if len(label) > 63:
        raise ValueError("a label is too long")
    # No mapping of UTS 46 but the lower case: what does not look like itself is no name.
    return idna.encode(label.lower(), uts46=True).decode("ascii")


def wire_name(text: str) -> dns.name.Name:
    """Return the name to ask for. Raises NoSuchNameError where no such name can be."""
    try:
        labels = [label.encode("ascii") for label in ascii_name(text).split(".")]
        return dns.name.Name([*labels, b""])
    except (ValueError, dns.exception.DNSException) as error:
        raise NoSuchNameError(f"{text[:80]!r} is not a domain name: {error}.") from error


def name_text(name: dns.name.Name) -> str:
    """Return a name as text in lower case without the last dot; "" is the root. Octets that are no text are escaped."""
    return name.to_text(omit_final_dot=True).lower() if name != dns.name.root else ""
