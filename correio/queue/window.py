"""How many batches a site gets at once: one more after each that went well, half of them after one that did not. Pure."""

from __future__ import annotations

from typing import Final

MOST: Final = 10.0
"""Fewer than a process has connections: one slow site never has all of them."""
LEAST: Final = 1.0


def after(window: float, *, refused: bool) -> float:
    """Return the window after a batch. ``refused``: the site did not take it for want of capacity."""
    return max(LEAST, window / 2) if refused else min(MOST, window + 1)
