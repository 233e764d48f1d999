"""Where the deliveries of a site that are due begin, as far as one worker knows. Only ever a guess of where to read first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from correio.store.bounds import widening

_SITES: Final = 10_000
_FIRST: Final = 0.001
"""Seconds."""
_NARROWEST: Final = 0.00001
_SPARE: Final = 1.5
"""A slice is this much wider than what was enough last time."""


class Frontier(msgspec.Struct, frozen=True):
    """The next delivery is due about then, and so many seconds hold a batch."""

    at: float
    width: float = _FIRST


class Frontiers:
    """What one process remembers of its sites, of so many at most."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Frontier] = OrderedDict()

    def bounds(self, site: str, unknown: float, now: float) -> Iterator[float]:
        """Yield times to read up to, the last one ``now``. ``unknown``: where to begin at a site never seen."""
        known = self._known.get(site, Frontier(unknown))
        return widening(min(known.at, now), known.width, now)

    def note(self, site: str, taken: Sequence[float], coming: float) -> None:
        """Remember when what was taken was due, and what comes next."""
        width = max(_NARROWEST, _SPARE * (coming - taken[0])) if taken else _FIRST
        self._known[site] = Frontier(coming, width)
        self._known.move_to_end(site)
        if len(self._known) > _SITES:
            self._known.popitem(last=False)
