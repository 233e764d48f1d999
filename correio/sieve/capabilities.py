"""The extensions there are, by the names that ``require`` takes."""

from __future__ import annotations

from typing import Final

from correio.sieve.comparator import ALWAYS, COMPARATORS

EXTENSIONS: Final = (
    "body",
    "copy",
    "date",
    "duplicate",
    "encoded-character",
    "envelope",
    "ereject",
    "fileinto",
    "imap4flags",
    "index",
    "mailbox",
    "reject",
    "relational",
    "special-use",
    "subaddress",
    "vacation",
    "vacation-seconds",
    "variables",
)
CAPABILITIES: Final = frozenset((*EXTENSIONS, *(f"comparator-{name}" for name in COMPARATORS)))
"""Everything that may be required; they are compared with case (RFC 5228 section 6)."""
BUILT_IN: Final = frozenset(f"comparator-{name}" for name in ALWAYS)
"""What needs no ``require``."""
IMPLIED: Final = {"vacation-seconds": "vacation"}
"""RFC 6131 section 2: the first brings the second."""
