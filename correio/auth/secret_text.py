"""The text of bearer tokens and API keys: a prefix that tells what it is, and 256 random bits."""

from __future__ import annotations

import base64
import hashlib
import os
from typing import Final

TOKEN_PREFIX: Final = "co_"  # noqa: S105 - a prefix
KEY_PREFIX: Final = "cokey_"
_RANDOM: Final = 43
"""Characters of 256 bits in base64url."""


def new_secret(prefix: str) -> str:
    """Return a new one."""
    return prefix + base64.urlsafe_b64encode(os.urandom(32)).decode("ascii").rstrip("=")


def is_secret(text: str, *prefixes: str) -> bool:
    """Tell whether a text has the form of one with one of these prefixes."""
    return text.isascii() and any(text.startswith(one) and len(text) == len(one) + _RANDOM for one in prefixes)


def digest_of(secret: str) -> bytes:
    """Return what is stored of it: with so many random bits a plain SHA-256 cannot be undone."""
    return hashlib.sha256(secret.encode("ascii")).digest()
