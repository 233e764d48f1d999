"""Greylisting (RFC 6647): mail of an unknown client, sender and recipient is put off at its first attempt. Servers try again;
most programs that send spam do not.

The decision is :func:`decide`, which is pure; :class:`Greylist` reads and writes what it needs.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from correio.mail.addresses import address_key
from correio.mail.message_store import MessageStore
from correio.store.greylist import MetDocument, find_met, note_first, note_passes

DAY: Final = 86_400
RETRY_WITHIN: Final = 2 * DAY
"""Seconds within which the second attempt comes, or it counts as the first again."""
REMEMBERED: Final = 35 * DAY
"""Seconds for which a sender that was let through is known."""
RENEWED: Final = 7 * DAY
"""Seconds: what was renewed so long ago is renewed when it is met."""
TRUSTED: Final = 10
"""Mail let through, after which a client is put off no more, whoever sends by it."""


class Keys(msgspec.Struct, frozen=True):
    """What is remembered of a recipient of one transaction."""

    client: str
    sender: str
    triplet: str


class Decision(msgspec.Struct, frozen=True):
    """What to do, and what to note."""

    accepted: bool
    wait: int = 0
    """Seconds until it would be accepted."""
    note: Literal["", "first", "passed", "renewed"] = ""


def keys_of(remote: str, sender: str, recipient: str) -> Keys:
    """Return the keys. The client is its network, as large senders try again from another address: /24, or /64 of IPv6."""
    network = _network(remote)
    domain = sender.rpartition("@")[2].lower()
    known = f"{network} {domain}"
    return Keys(network, known, f"{known} {address_key(recipient)}")


def _network(remote: str) -> str:
    try:
        address = ipaddress.ip_address(remote.partition("%")[0])
    except ValueError:
        return remote
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False))


def decide(keys: Keys, met: Mapping[str, MetDocument], now: int, delay: float) -> Decision:
    """Decide about one recipient. ``now`` in seconds since the epoch, ``delay`` in seconds."""
    client, sender, triplet = (met.get(key) for key in (keys.client, keys.sender, keys.triplet))
    for known, passes in ((client, TRUSTED), (sender, 1)):
        if known is not None and known.passes >= passes and known.expires > now:
            stale = known.expires < now + REMEMBERED - RENEWED
            return Decision(True, note="renewed" if stale else "")
    if triplet is None or triplet.expires <= now:
        return Decision(False, int(delay), "first")
    waited = now - triplet.first
    if waited < delay:
        return Decision(False, int(delay - waited) + 1)
    return Decision(True, note="passed")


class Greylist:
    """One per listener."""

    def __init__(self, store: MessageStore, delay: float) -> None:
        """``delay`` is in seconds."""
        self._store: Final = store
        self._delay: Final = delay

    async def ask(self, remote: str, sender: str, recipient: str) -> Decision:
        """Decide about one recipient, and note it. One round trip, two where something is noted. Raises UnavailableError."""
        database = self._store.database
        now = self._store.now()
        keys = keys_of(remote, sender, recipient)
        met = await find_met(database, [keys.client, keys.sender, keys.triplet])
        decision = decide(keys, met, now, self._delay)
        if decision.note == "first":
            await note_first(database, MetDocument(keys.triplet, now, 0, now + RETRY_WITHIN))
        elif decision.note:
            await note_passes(database, [keys.client, keys.sender], now, now + REMEMBERED)
        return decision
