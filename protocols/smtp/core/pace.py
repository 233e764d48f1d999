"""How long a client may take over the text of a message."""

from __future__ import annotations

from typing import Final

SLOWEST: Final = 256
"""Octets a second that a sender keeps up on average once ``timeout`` has passed; a modem is ten times faster."""


def data_deadline(start: float, last: float, received: int, timeout: float) -> float:
    """Return when the connection is given up, in the clock of ``start`` and ``last``, all in seconds.

    ``start``: when the data was asked for; ``last``: when the last octets came; ``received``: octets so far. Silence
    for ``timeout`` ends it, and so does a trickle that would hold a connection open for days.
    """
    return min(last + timeout, start + timeout + received / SLOWEST)
