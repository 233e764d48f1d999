"""What one process knows of where addresses lead, for as long as it may be believed."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeVar

from correio.mail.address_expansion import Target
from correio.store.documents import DomainDocument

T = TypeVar("T")

LIFETIME: Final = 2.0
"""Seconds: so long another process may go by what an alias was."""
_MOST: Final = 4096


class RouteCache:
    """Targets by normalised address, and domains by name. Who is not found is never kept: somebody may be made any moment."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock: Final = clock
        self._targets: OrderedDict[str, tuple[float, tuple[Target, ...]]] = OrderedDict()
        self._domains: OrderedDict[str, tuple[float, DomainDocument]] = OrderedDict()
        self._foreign: OrderedDict[str, float] = OrderedDict()
        self._generation = 0
        self.srs_secret = b""
        """Signs rewritten senders, once it has been read."""

    @property
    def generation(self) -> int:
        """Changes with each :meth:`clear`: what was read before one is not to be kept after it."""
        return self._generation

    def targets(self, address: str) -> tuple[Target, ...] | None:
        """Return where an address leads, or None where that is not known."""
        found = self._targets.get(address)
        return found[1] if found is not None and found[0] > self._clock() else None

    def domain(self, name: str) -> DomainDocument | None:
        """Return a domain of ours, or None where it is not known."""
        found = self._domains.get(name)
        return found[1] if found is not None and found[0] > self._clock() else None

    def keep_targets(self, address: str, targets: tuple[Target, ...], generation: int) -> None:
        """Keep where an address leads, unless something changed since ``generation``."""
        if generation == self._generation:
            _keep(self._targets, address, (self._clock() + LIFETIME, targets))

    def keep_domain(self, domain: DomainDocument, generation: int) -> None:
        """Keep a domain of ours, unless something changed since ``generation``."""
        if generation == self._generation:
            _keep(self._domains, domain.id, (self._clock() + LIFETIME, domain))

    def is_foreign(self, domain: str) -> bool:
        """Tell whether a domain was somebody else's a moment ago. For mail that goes out; what comes in is asked for anew."""
        return self._foreign.get(domain, 0.0) > self._clock()

    def keep_foreign(self, domain: str, generation: int) -> None:
        """Keep that a domain is somebody else's, unless something changed since ``generation``."""
        if generation == self._generation:
            _keep(self._foreign, domain, self._clock() + LIFETIME)

    def clear(self) -> None:
        """Forget all of it: this process changed an alias, a domain or an account."""
        self._generation += 1
        self._targets.clear()
        self._domains.clear()
        self._foreign.clear()


def _keep(cache: OrderedDict[str, T], key: str, value: T) -> None:
    cache[key] = value
    cache.move_to_end(key)
    if len(cache) > _MOST:
        cache.popitem(last=False)
