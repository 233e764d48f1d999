"""What a server offers in its answer to EHLO (RFC 5321 section 4.1.1.1, and the RFC of each extension)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

MOST_RECIPIENTS: Final = 100
"""What every server takes (RFC 5321 section 4.5.3.1.8), where it does not say otherwise."""


class Offer(msgspec.Struct, frozen=True):
    """The extensions of a server. The default is one that knows HELO only."""

    pipelining: bool = False
    """RFC 2920."""
    size: int = 0
    """The largest message in octets (RFC 1870); 0: no bound was named."""
    sizes: bool = False
    """Whether SIZE may be declared."""
    eight_bit: bool = False
    """8BITMIME, RFC 6152."""
    utf8: bool = False
    """SMTPUTF8, RFC 6531."""
    dsn: bool = False
    """RFC 3461."""
    starttls: bool = False
    """RFC 3207."""
    mechanisms: tuple[str, ...] = ()
    """Of AUTH (RFC 4954), in upper case."""
    recipients: int = MOST_RECIPIENTS
    """Of one message: RCPTMAX of LIMITS (RFC 9422)."""
    messages: int = 0
    """Of one connection: MAILMAX of LIMITS; 0: no bound."""


def parse_offer(lines: Sequence[str]) -> Offer:
    """Return what the lines of the answer to EHLO offer. What cannot be read is not offered."""
    words: dict[str, list[str]] = {}
    for line in lines[1:]:
        # ``AUTH=PLAIN`` is how servers wrote it before RFC 2554.
        keyword, *rest = line.replace("AUTH=", "AUTH ", 1).split()[:100] or [""]
        words.setdefault(keyword.upper(), []).extend(rest)
    limits = dict(word.upper().split("=", 1) for word in words.get("LIMITS", ()) if "=" in word)
    return Offer(
        pipelining="PIPELINING" in words,
        size=_number(next(iter(words.get("SIZE", ())), "")),
        sizes="SIZE" in words,
        eight_bit="8BITMIME" in words,
        utf8="SMTPUTF8" in words,
        dsn="DSN" in words,
        starttls="STARTTLS" in words,
        mechanisms=tuple(dict.fromkeys(word.upper() for word in words.get("AUTH", ()))),
        recipients=_number(limits.get("RCPTMAX", "")) or MOST_RECIPIENTS,
        messages=_number(limits.get("MAILMAX", "")),
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
