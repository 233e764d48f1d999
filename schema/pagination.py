"""Pages of connections by key, in both directions (Relay Cursor Connections specification).

A cursor is a position, not an offset: the key of the item it came with. A page after it holds what sorts after that key now,
whatever was added or removed since.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Annotated, Final, Protocol

import msgspec
import strawberry

from correio.errors import InvalidInputError

DEFAULT_PAGE: Final = 50
"""Nodes of a page when neither ``first`` nor ``last`` is given."""
_MAX_CURSOR: Final = 128

_Time = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Uid = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]


class Key(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Where a message stands by time of arrival: the total order of every list of messages.

    A submission stands by time and id, which takes the mailbox's place.
    """

    date: _Time
    mailbox: str
    uid: _Uid


def cursor_of(key: Key) -> str:
    """Return the opaque cursor of a key."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(key)).rstrip(b"=").decode("ascii")


def key_of(cursor: str, argument: str) -> Key:
    """Return the key of a cursor. Raises InvalidInputError, naming the argument, for text that no cursor is."""
    if len(cursor) <= _MAX_CURSOR and cursor.isascii():
        try:
            octets = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
            return msgspec.msgpack.decode(octets, type=Key)
        except (ValueError, msgspec.DecodeError):
            pass
    raise InvalidInputError(f"{argument} is not a cursor of this list.", argument)


class Page(msgspec.Struct, frozen=True):
    """Which part of a list is asked for."""

    size: int
    backward: bool
    """Whether the page is the last ``size`` items before the end, instead of the first after the start."""
    after: Key | None = None
    before: Key | None = None


def page_of(first: int | None, after: str | None, last: int | None, before: str | None, largest: int) -> Page:
    """Return the page these arguments ask for. Raises InvalidInputError."""
    if first is not None and last is not None:
        raise InvalidInputError("first and last exclude one another.", "last")
    name, size = (
        ("last", last) if last is not None else ("first", first if first is not None else min(DEFAULT_PAGE, largest))
    )
    if not 0 <= size <= largest:
        raise InvalidInputError(f"{name} must be between 0 and {largest}.", name)
    return Page(
        size,
        last is not None,
        key_of(after, "after") if after is not None else None,
        key_of(before, "before") if before is not None else None,
    )


@strawberry.type
class PageInfo:
    """Where a page stands in its list. All four fields are exact in both directions."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class Bounded(Protocol):
    """A list that can tell what lies beyond a key."""

    async def exists_before(self, key: Key, *, including: bool = False) -> bool:
        """Tell whether the list holds something before a key, or at it."""

    async def exists_after(self, key: Key, *, including: bool = False) -> bool:
        """Tell whether the list holds something after a key, or at it."""

    async def is_empty(self) -> bool:
        """Tell whether the list holds nothing."""


class KeyListing(Bounded, Protocol):
    """A list that can be paged by key. Its answers are of the moment it was opened."""

    @property
    def state(self) -> int:
        """The account's modseq then."""

    async def page(self, page: Page) -> list[Key]:
        """Return the keys of a page, in the order of the list."""

    async def count(self) -> int:
        """Return how many items the whole list holds."""


async def page_info(listing: Bounded, page: Page, keys: Sequence[Key]) -> PageInfo:
    """Tell what lies on either side of a page that holds these keys, in the order of the list."""
    if keys:
        start, end = keys[0], keys[-1]
        return PageInfo(
            has_next_page=await listing.exists_after(end),
            has_previous_page=await listing.exists_before(start),
            start_cursor=cursor_of(start),
            end_cursor=cursor_of(end),
        )
    # An empty page stands just after ``after``, or just before ``before``, or at the end it would grow from.
    if (at := page.before if page.backward else page.after) is not None:
        before = await listing.exists_before(at, including=not page.backward)
        after = await listing.exists_after(at, including=page.backward)
    else:
        some = not await listing.is_empty()
        before, after = (some, False) if page.backward else (False, some)
    return PageInfo(has_next_page=after, has_previous_page=before, start_cursor=None, end_cursor=None)
