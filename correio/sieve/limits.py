"""What a script may ask for. Every bound is above what the RFCs want supported."""

from __future__ import annotations

from typing import Final

import msgspec

DAY: Final = 86_400


class SieveLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds on a script and on one run of it."""

    size: int = 64 * 1024
    """Octets of a script."""
    nesting: int = 32
    """Blocks within blocks, and tests within tests (RFC 5228 section 2.10.7 asks for fifteen)."""
    actions: int = 32
    """Actions of one run (RFC 5228 section 2.10.4)."""
    redirects: int = 5
    variables: int = 256
    """RFC 5229 section 6 asks for 128."""
    variable_name: int = 64
    variable: int = 8192
    """Characters of a variable's value; what is longer is cut (RFC 5229 section 6 asks for 4,000)."""
    text: int = 64 * 1024
    """Characters of one string with its variables put in; what is longer is cut."""
    captures: int = 99
    """The highest match variable, ``${99}``."""
    steps: int = 250_000
    """Steps of one run: a command, a test, or a KiB compared."""
    header: int = 1024 * 1024
    """Octets of a message's header that are looked at: as many as the parser of messages reads."""
    body: int = 8 * 1024 * 1024
    """Octets of a message's body that ``body`` looks at."""
    problems: int = 20
    """Mistakes told at once."""
    vacation_days: int = 7
    """RFC 5230 section 4.1: the default of ``:days``."""
    vacation_most: int = 90 * DAY
    """Seconds: the longest that an answer is not repeated."""
    duplicates: int = 32
    """Ids that the ``duplicate`` tests of one run may come across: each is asked for and remembered."""
    duplicate_default: int = 7 * DAY
    """Seconds."""
    duplicate_most: int = 90 * DAY
    """Seconds."""


LIMITS: Final = SieveLimits()
