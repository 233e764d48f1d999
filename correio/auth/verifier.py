"""Passwords that were right a moment ago, so that a program that signs in for every request costs no hash each time."""

from __future__ import annotations

import hmac
import os
from collections import OrderedDict
from typing import Final

import msgspec

_SECONDS: Final = 60.0
_ENTRIES: Final = 10_000


class Verified(msgspec.Struct, frozen=True):
    """A password that was right: a keyed hash of it, and the stored hash it was right for."""

    account_id: str
    stored: str
    mark: bytes
    until: float


class Verifier:
    """Keeps marks in memory only, under a key that no other process has, for 60 seconds."""

    def __init__(self, seconds: float = _SECONDS, entries: int = _ENTRIES) -> None:
        self._key = os.urandom(32)
        self._seconds = seconds
        self._entries = entries
        self._verified: OrderedDict[str, Verified] = OrderedDict()

    def remember(self, address: str, account_id: str, stored: str, password: bytes, now: float) -> None:
        """The password was right for the account's stored hash."""
        self._verified[address] = Verified(account_id, stored, self._mark(address, password), now + self._seconds)
        self._verified.move_to_end(address)
        if len(self._verified) > self._entries:
            self._verified.popitem(last=False)

    def recall(self, address: str, password: bytes, now: float) -> Verified | None:
        """Return what was remembered if this is the same password; None says nothing about it."""
        verified = self._verified.get(address)
        if verified is None:
            return None
        if verified.until <= now:
            del self._verified[address]
            return None
        return verified if hmac.compare_digest(verified.mark, self._mark(address, password)) else None

    def forget(self, address: str) -> None:
        """The account's password or state has changed."""
        self._verified.pop(address, None)

    def _mark(self, address: str, password: bytes) -> bytes:
        return hmac.digest(self._key, address.encode("utf-8", "surrogatepass") + b"\0" + password, "sha256")
