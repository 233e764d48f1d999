"""When to try again. Pure."""

from __future__ import annotations

from typing import Final

STEPS: Final = (1.0, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0, 240.0)
"""The pauses after the first attempts, in units of the first; the last one is that of all others (RFC 5321 section 4.5.4.1)."""
JITTER: Final = 0.2
"""The share by which a pause is longer or shorter, so that what failed together is not tried together."""


def pause_after(attempts: int, first: float, chance: float) -> float:
    """Return the seconds between an attempt and the next one.

    ``attempts`` is how many failed, 1 or more; ``first`` the seconds after the first one; ``chance`` is from 0 to 1.
    """
    step = STEPS[min(max(attempts, 1), len(STEPS)) - 1]
    return first * step * (1 + JITTER * (2 * chance - 1))
