"""What a script may know beyond the message."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec


def _nothing(*_: object) -> bool:
    return False


def _utc(_: int) -> int:
    return 0


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """The envelope, the account and the time of one delivery. Nothing here does I/O."""

    sender: str
    """The envelope sender; empty: the null sender."""
    recipient: str
    """The envelope recipient as the client gave it."""
    addresses: tuple[str, ...] = ()
    """Other addresses that are known to be the account's."""
    junk: bool = False
    """Whether the message was taken for junk before the script is run."""
    now: int
    """Seconds since the epoch."""
    local_zone: Callable[[int], int] = _utc
    """The server's own zone at a time, in minutes east of UTC."""
    mailbox_exists: Callable[[str], bool] = _nothing
    """Whether messages can be filed into a mailbox of this path."""
    special_use_exists: Callable[[str, str | None], bool] = _nothing
    """Whether a mailbox has this special use: any, or the one of this path."""
    seen: Mapping[str, bool] = {}
    """Which ids of ``duplicate`` tests are remembered, of those that were looked up."""
