"""Special-use attributes (RFC 6154), by which RFC 8579 names mailboxes."""

from __future__ import annotations

import re
from typing import Final

_ATTRIBUTE: Final = re.compile(r"\\[A-Za-z0-9!#$&'+,\-./:;<=>?@\[\]^_`|}~]{1,64}")


def is_special_use(text: str) -> bool:
    """Tell whether a text has the form of a special-use attribute, ``\\Junk``."""
    return _ATTRIBUTE.fullmatch(text) is not None


def role_of(attribute: str) -> str:
    """Return the role a mailbox of this attribute has: its name in lower case."""
    return attribute[1:].lower()
