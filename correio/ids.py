"""Object identifiers: a letter for the kind, then 120 bits in lower-case base32.

The alphabet is a subset of what RFC 8474 section 4 allows for MAILBOXID, EMAILID and THREADID, no two ids differ by case
alone, and none can be mistaken for a number. The same string is the MongoDB ``_id``, the REST path segment, the GraphQL
``ID`` and the IMAP object id.
"""

from __future__ import annotations

import hashlib
import os
import re
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """The first letter of an id."""

    ACCOUNT = "A"
    MAILBOX = "B"
    MESSAGE = "M"
    EMAIL = "E"
    THREAD = "T"
    TOKEN = "K"  # noqa: S105 - a letter
    KEY = "P"
    DELIVERY = "D"
    SEND = "S"
    SCRIPT = "R"
    MEMORY = "Y"
    IDENTITY = "I"


_OCTETS: Final = 15
_ID: Final = re.compile(r"[A-Z][a-z2-7]{24}")


_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS: Final = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
"""Two letters for each number of ten bits: several times as fast as base64.b32encode."""


def _text(octets: bytes) -> str:
    number = int.from_bytes(octets, "big")
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(110, -1, -10)])


def new_id(kind: Kind) -> str:
    """Return a new random id."""
    return kind.value + _text(os.urandom(_OCTETS))


def derived_id(kind: Kind, *names: str | bytes | int) -> str:
    """Return the id that these names always give, so that a retried write meets itself instead of making a twin."""
    digest = hashlib.blake2b(digest_size=_OCTETS, person=b"correio." + kind.value.encode())
    for name in names:
        octets = name if isinstance(name, bytes) else str(name).encode("utf-8", "surrogatepass")
        digest.update(len(octets).to_bytes(8, "big") + octets)
    return kind.value + _text(digest.digest())


def is_id(text: str, kind: Kind) -> bool:
    """Tell whether the text has the form of an id of this kind."""
    return len(text) == 25 and text[0] == kind.value and _ID.fullmatch(text) is not None
