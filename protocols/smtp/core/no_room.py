"""What did not fit into a mailbox when MAIL had not said how large it is (RFC 1870): so that the next attempt is refused at RCPT
for the one recipient, and the others of the message have it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

LIFETIME: Final = 86_400.0
"""Seconds. Senders try again within hours."""
TRACE: Final = 4096
"""Octets that the trace fields of a delivery may add to what was declared."""
MOST: Final = 4096
"""Of one listener; the oldest go first."""


class NoRoom:
    """By envelope sender and recipient, as they were given: those of the next attempt are the same."""

    def __init__(self) -> None:
        self._known: Final[OrderedDict[tuple[str, str], tuple[int, float]]] = OrderedDict()

    def note(self, sender: str, recipient: str, octets: int, now: float) -> None:
        """A message of so many octets did not fit. ``now`` in seconds by any clock that is always the same."""
        key = (sender, recipient)
        self._known[key] = (octets, now + LIFETIME)
        self._known.move_to_end(key)
        if len(self._known) > MOST:
            self._known.popitem(last=False)

    def expected(self, sender: str, recipient: str, declared: int, now: float) -> int:
        """Return how large a message may be by one that did not fit, 0 where none is known or another size is ``declared``."""
        octets, end = self._known.get((sender, recipient), (0, 0.0))
        if now >= end or (declared and octets - declared > TRACE):
            return 0
        return octets
