"""What waits to be committed, and what of it may go together. Pure: no clock, no I/O.

An account is in at most one transaction at a time and its operations keep their order. What was submitted together goes
into one transaction, so that a delivery to many is there for all or for none. Large bundles go alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, Generic, Protocol, TypeVar

GROUP_WEIGHT: Final = 512
"""About how many documents one shared transaction writes at most."""
GROUP_OCTETS: Final = 12 * 1024 * 1024
HEAVY: Final = 512
"""A bundle of more documents goes alone."""


class Weighed(Protocol):
    """What the queue has to know of an operation."""

    @property
    def account_id(self) -> str: ...

    @property
    def weight(self) -> int: ...

    @property
    def octets(self) -> int: ...


W = TypeVar("W", bound=Weighed)


class Bundle(Generic[W]):
    """Operations that go into one transaction."""

    __slots__ = ("accounts", "items", "octets", "weight")

    def __init__(self, items: Sequence[W]) -> None:
        self.items: Final = list(items)
        self.accounts: Final = frozenset(item.account_id for item in items)
        self.weight: Final = sum(item.weight for item in items)
        self.octets: Final = sum(item.octets for item in items)


class CommitQueue(Generic[W]):
    """Bundles in the order they came."""

    def __init__(self) -> None:
        self._bundles: deque[Bundle[W]] = deque()
        self._count = 0

    def __len__(self) -> int:
        """Operations that wait."""
        return self._count

    def add(self, bundle: Bundle[W]) -> None:
        """Put a bundle at the end."""
        self._bundles.append(bundle)
        self._count += len(bundle.items)

    def put_back(self, items: Iterable[W]) -> None:
        """Put operations before all others, in their order, each for itself."""
        bundles = [Bundle([item]) for item in items]
        self._bundles.extendleft(reversed(bundles))
        self._count += len(bundles)

    def take(self, busy: Iterable[str], *, light: bool, heavy: int) -> tuple[list[W], list[list[W]]]:
        """Take what may begin now, while these accounts are in transactions.

        Returns the operations of the next shared transaction, none unless ``light``, and up to ``heavy`` groups that go alone.
        """
        blocked = set(busy)
        together: list[W] = []
        alone: list[list[W]] = []
        weight = octets = 0
        kept: deque[Bundle[W]] = deque()
        for bundle in self._bundles:
            free = blocked.isdisjoint(bundle.accounts)
            if bundle.weight > HEAVY:
                if free and len(alone) < heavy:
                    alone.append(bundle.items)
                else:
                    kept.append(bundle)
                blocked |= bundle.accounts
            elif free and light and weight + bundle.weight <= GROUP_WEIGHT and octets <= GROUP_OCTETS:
                together += bundle.items
                weight += bundle.weight
                octets += bundle.octets
            else:
                kept.append(bundle)
                blocked |= bundle.accounts
        self._bundles = kept
        self._count = sum(len(bundle.items) for bundle in kept)
        return together, alone
