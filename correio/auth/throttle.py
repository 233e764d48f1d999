"""How many wrong passwords are too many. Pure: the time comes from the caller.

Every failure counts at up to three levels, which leak away with time; while one is full, attempts are refused unheard:

- of the remote address (an IPv6 /64 is one address): 30, one leaks in 10 s. Loopback has none, because a proxy or a
  webmail on the same machine speaks for everybody;
- of the account from this remote address: 10, one leaks in 30 s. A good sign-in empties it;
- of the account from everywhere: 100, one leaks in 6 s. It does not count for addresses from which the account has signed
  in before, so that an attack from elsewhere cannot lock its owner out.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from typing import Final

import msgspec

_KEYS: Final = 100_000


class Bound(msgspec.Struct, frozen=True):
    """A level's bound: ``burst`` failures at once, and one more every ``leak`` seconds."""

    burst: int
    leak: float


REMOTE: Final = Bound(30, 10.0)
PAIR: Final = Bound(10, 30.0)
ACCOUNT: Final = Bound(100, 6.0)


class Levels:
    """Leaky levels by key, at most ``keys`` of them; the one left alone for longest is forgotten first."""

    def __init__(self, bound: Bound, keys: int = _KEYS) -> None:
        self._bound = bound
        self._keys = keys
        # When the level will be empty. The level now is (that - now) / leak.
        self._empty_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._empty_at)

    def wait(self, key: str, now: float) -> float:
        """Return the seconds until this key may try again; 0: at once."""
        empty_at = self._empty_at.get(key)
        if empty_at is None:
            return 0.0
        if empty_at <= now:
            del self._empty_at[key]
            return 0.0
        # One more must fit: level + 1 <= burst.
        return max(0.0, empty_at - now - (self._bound.burst - 1) * self._bound.leak)

    def add(self, key: str, now: float) -> None:
        """Count a failure."""
        highest = now + self._bound.burst * self._bound.leak
        self._empty_at[key] = min(max(self._empty_at.get(key, now), now) + self._bound.leak, highest)
        self._empty_at.move_to_end(key)
        if len(self._empty_at) > self._keys:
            self._empty_at.popitem(last=False)

    def clear(self, key: str) -> None:
        """Empty a level."""
        self._empty_at.pop(key, None)


class Throttle:
    """One for all protocols of a process."""

    def __init__(
        self,
        *,
        remote: Bound = REMOTE,
        pair: Bound = PAIR,
        account: Bound = ACCOUNT,
        keys: int = _KEYS,
    ) -> None:
        self._remotes = Levels(remote, keys)
        self._pairs = Levels(pair, keys)
        self._accounts = Levels(account, keys)
        self._keys = keys
        self._familiar: OrderedDict[str, None] = OrderedDict()

    def wait(self, remote: str, account: str | None, now: float) -> float:
        """Return the seconds to wait before an attempt from ``remote`` for ``account`` (None: of no account); 0: none."""
        place = remote_key(remote)
        waits = [self._remotes.wait(place, now) if place else 0.0]
        if account is not None:
            pair = f"{place} {account}"
            waits.append(self._pairs.wait(pair, now))
            if pair not in self._familiar:
                waits.append(self._accounts.wait(account, now))
        return max(waits)

    def failed(self, remote: str, account: str | None, now: float) -> None:
        """Count a failure."""
        place = remote_key(remote)
        if place:
            self._remotes.add(place, now)
        if account is not None:
            self._pairs.add(f"{place} {account}", now)
            self._accounts.add(account, now)

    def succeeded(self, remote: str, account: str) -> None:
        """Remember that the account signs in from there. The remote's own level stays: an attacker may have an account."""
        pair = f"{remote_key(remote)} {account}"
        self._pairs.clear(pair)
        self._familiar[pair] = None
        self._familiar.move_to_end(pair)
        if len(self._familiar) > self._keys:
            self._familiar.popitem(last=False)


def remote_key(remote: str) -> str:
    """Return what one attacker can be expected to have: an IPv4 address or an IPv6 /64; "" for loopback."""
    try:
        address = ipaddress.ip_address(remote.partition("%")[0])
    except ValueError:
        return remote[:64]
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_loopback:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
