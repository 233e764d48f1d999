"""Dying on purpose: for tests of what a crash leaves behind, at every point where a worker waits for something."""

from __future__ import annotations

import os
import signal
from typing import Final

POINTS: Final = (
    "claimed",  # a site is this worker's for a moment
    "leased",  # so are deliveries
    "left",  # the site is others' again
    "read",  # the messages of the batch are in memory
    "opened",  # there is a connection
    "content",  # all of the message has been sent but its end
    "data",  # the end may follow: the lease still holds, and it is written down where the send asks for that
    "answered",  # the other side has answered
    "reported",  # the sender is told, where it has to be
    "settled",  # what became of it is written down
    "ended",  # the site knows of it
)
"""The points, in the order in which a delivery comes to them."""


def reach(point: str, wanted: str) -> None:
    """Kill this process with SIGKILL where the point is the one that the settings name."""
    if point == wanted:
        os.kill(os.getpid(), signal.SIGKILL)
