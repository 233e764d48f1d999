"""What a script wants done with a message."""

from __future__ import annotations

import msgspec


class Keep(msgspec.Struct, frozen=True):
    """File it where mail goes (RFC 5228 section 4.3)."""

    flags: tuple[str, ...] = ()


class FileInto(msgspec.Struct, frozen=True):
    """File it into a mailbox, by path or, where there is one, by special use (RFC 8579 section 4)."""

    mailbox: str
    flags: tuple[str, ...] = ()
    create: bool = False
    special_use: str = ""


class Redirect(msgspec.Struct, frozen=True):
    """Send it on to an address."""

    address: str


class Reject(msgspec.Struct, frozen=True):
    """Refuse it (RFC 5429)."""

    reason: str
    early: bool
    """``ereject``: in the protocol, even if the reason loses characters by it."""


class Vacation(msgspec.Struct, frozen=True):
    """Answer it (RFC 5230), unless the same was answered to the same sender within ``seconds``."""

    seconds: int
    subject: str | None
    sender: str
    """What ``:from`` said, where that were good addresses; else empty."""
    mime: bool
    handle: str
    reason: str


Action = Keep | FileInto | Redirect | Reject | Vacation


class Sighting(msgspec.Struct, frozen=True):
    """An id that a ``duplicate`` test came across (RFC 7352), to be remembered."""

    id: str
    seconds: int
    last: bool
    """Whether the time counts anew where it is remembered already."""


class Decision(msgspec.Struct, frozen=True):
    """What one run of a script came to. No actions at all: the message is discarded."""

    actions: tuple[Action, ...]
    problem: str = ""
    """What went wrong, in one sentence: then the one action is to keep."""
    sightings: tuple[Sighting, ...] = ()
    unknown: tuple[str, ...] = ()
    """Ids of ``duplicate`` tests that the environment said nothing about; they were taken for new."""
