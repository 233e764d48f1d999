"""The maildrop of one session: a snapshot that numbers the messages (RFC 1939 section 5), and what is marked as
deleted.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Final

from protocols.pop3.core.command import number
from protocols.pop3.core.response import Refusal


class Maildrop:
    """Messages are numbered from 1; positions here are from 0. Sizes are octets as RETR sends them, before
    dot-stuffing.
    """

    __slots__ = ("_deleted", "_octets", "_sizes", "_uids", "_uidvalidity")

    def __init__(self, uidvalidity: int, uids: array[int], sizes: array[int]) -> None:
        self._uidvalidity: Final = uidvalidity
        self._uids: Final = uids
        self._sizes: Final = sizes
        self._deleted: set[int] = set()
        self._octets = sum(sizes)

    def __len__(self) -> int:
        """The messages of the snapshot, deleted ones included."""
        return len(self._uids)

    @property
    def count(self) -> int:
        """Messages not marked as deleted."""
        return len(self._uids) - len(self._deleted)

    @property
    def octets(self) -> int:
        """Octets of the messages not marked as deleted."""
        return self._octets

    def position(self, word: str) -> int:
        """Return the position of a message number. Raises Refusal when there is none, or it is marked as deleted."""
        at = number(word, (1 << 32) - 1) - 1
        if not 0 <= at < len(self._uids):
            raise Refusal(f"There is no such message; the last one is {len(self._uids)}.")
        if at in self._deleted:
            raise Refusal("The message is marked as deleted.")
        return at

    def __iter__(self) -> Iterator[int]:
        """The positions of the messages not marked as deleted."""
        if not self._deleted:
            return iter(range(len(self._uids)))
        return (at for at in range(len(self._uids)) if at not in self._deleted)

    def uid(self, position: int) -> int:
        """The UID of a message."""
        return self._uids[position]

    def size(self, position: int) -> int:
        """The octets of a message."""
        return self._sizes[position]

    def unique_id(self, position: int) -> str:
        """What UIDL says (RFC 1939 section 7): UIDVALIDITY and UID, a pair that never names another message."""
        return f"{self._uidvalidity}.{self._uids[position]}"

    def following(self, position: int, *, octets: int, most: int) -> list[int]:
        """Return the UIDs of a message and of those behind it, as many as have these octets together, and at
        most ``most``.
        """
        found = [self._uids[position]]
        left = octets - self._sizes[position]
        for at in range(position + 1, len(self._uids)):
            left -= self._sizes[at]
            if len(found) >= most or left < 0:
                break
            if at not in self._deleted:
                found.append(self._uids[at])
        return found

    def delete(self, position: int) -> None:
        """Mark a message as deleted."""
        self._deleted.add(position)
        self._octets -= self._sizes[position]

    def undelete(self) -> None:
        """Take all marks away."""
        self._deleted.clear()
        self._octets = sum(self._sizes)

    @property
    def deleted_uids(self) -> list[int]:
        """The UIDs marked as deleted, ascending."""
        return [self._uids[at] for at in sorted(self._deleted)]
