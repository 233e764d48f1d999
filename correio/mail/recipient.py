"""A recipient of an envelope, followed to where its mail goes."""

from __future__ import annotations

import msgspec


class Forward(msgspec.Struct, frozen=True):
    """An address elsewhere that an address here leads to."""

    address: str
    via: str
    """The normalised address here that names it."""


class Recipient(msgspec.Struct, frozen=True):
    """A recipient of an envelope, and where mail to it goes."""

    address: str
    """As the client gave it, for Delivered-To."""
    accounts: tuple[str, ...] = ()
    """The ids of accounts here."""
    forwards: tuple[Forward, ...] = ()
    notify: tuple[str, ...] | None = None
    """``NEVER``, or some of ``SUCCESS``, ``FAILURE``, ``DELAY`` (RFC 3461 section 4.1); None: not said."""
    orcpt: str = ""
    """The original recipient as ``type;address`` with the address in xtext (RFC 3461 section 4.2)."""

    @property
    def expanded(self) -> bool:
        """Whether it leads to several places (RFC 3461 section 5.2.7.3)."""
        return len(self.accounts) + len(self.forwards) > 1
