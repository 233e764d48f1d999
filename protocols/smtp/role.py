"""What tells the three mail listeners apart."""

from __future__ import annotations

from typing import Final

import msgspec


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of mail listener."""

    name: str
    greeting: str
    """What the greeting calls the service: RFC 5321 section 4.2 wants to see ESMTP there."""
    lmtp: bool = False
    """LHLO, and a reply for each recipient (RFC 2033)."""
    submission: bool = False
    """AUTH is required, the sender must be one's own, and the header is completed (RFC 6409)."""
    foreign: bool = False
    """Mail comes from any server on earth: what listens to :mod:`protocols.smtp.policies`."""
    commands: frozenset[str]


_SHARED: Final = frozenset({"MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "QUIT", "VRFY", "EXPN", "HELP", "STARTTLS"})
TRANSFER: Final = Role(name="smtp", greeting="ESMTP Correio", foreign=True, commands=_SHARED | {"HELO", "EHLO"})
SUBMISSION: Final = Role(
    name="submission", greeting="ESMTP Correio", submission=True, commands=_SHARED | {"HELO", "EHLO", "AUTH"}
)
LMTP: Final = Role(name="lmtp", greeting="LMTP Correio", lmtp=True, commands=_SHARED | {"LHLO"})
