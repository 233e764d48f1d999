"""Changes of many messages in portions, each a transaction of its own.

A database ends a transaction that lasts too long (MongoDB after a minute, the store after its own bound), and the embedded
one changes some hundred messages a second: a mailbox of 100,000 could not be marked as read at all. Between two portions
the account's other changes have their turn, so that no delivery waits for a whole mailbox.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

PORTION: Final = 1000
"""Messages changed by one transaction."""


Finished = Callable[[int], None]
"""Is told how many more messages have been looked at."""


def unheard(_: int) -> None:
    """Nobody wants to know."""


def portions(uids: Sequence[int], finished: Finished = unheard) -> Iterator[Sequence[int]]:
    """Cut UIDs into portions; of no UIDs, one empty portion, so that the mailbox is looked at all the same.

    ``finished`` is told of a portion when the next is asked for.
    """
    for start in range(0, max(1, len(uids)), PORTION):
        portion = uids[start : start + PORTION]
        yield portion
        finished(len(portion))
