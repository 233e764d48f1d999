"""Addresses that a script sends to (RFC 5228 section 2.4.2.3): one, with a name or without."""

from __future__ import annotations

import re
from typing import Final

from correio.mime.addresses import parse_addresses
from correio.mime.model import Address

_ADDRESS: Final = re.compile(r"[^\x00-\x20\x7f@\"(),:;<>\[\\\]]+@[^\x00-\x20\x7f@\"(),:;<>\[\\\]]+\.?")
_FORM: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*+"|[^<>"@,:;]*+)\s*+<[^<>\s:]++>|[^<>\s:]++')
"""An address alone, or a phrase and an address in angle brackets."""
_MAX: Final = 320


def read_address(text: str) -> Address | None:
    """Return the one address of a text, None where it is none, several, or a group."""
    text = text.strip()
    if len(text) > 1000 or any(character in text for character in "\r\n\0") or not _FORM.fullmatch(text):
        return None
    found = parse_addresses(text)
    if len(found) != 1 or found[0].group is not None:
        return None
    (address,) = found
    return address if _is_plain(address) else None


def read_addresses(text: str) -> list[Address] | None:
    """Return the addresses of a list, None where one of them is none."""
    if len(text) > 4000 or any(character in text for character in "\r\n\0"):
        return None
    found = parse_addresses(text)
    if not found or any(one.group is not None or not _is_plain(one) for one in found):
        return None
    return found


def _is_plain(address: Address) -> bool:
    if not address.domain or len(address.email) > _MAX or not _ADDRESS.fullmatch(address.email):
        return False
    try:
        address.email.encode("utf-8")
    except UnicodeEncodeError:
        return False
    local = address.local
    return not (local.startswith(".") or local.endswith(".") or ".." in local)
