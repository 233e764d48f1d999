"""One message as it lies in a file."""

from __future__ import annotations

from pathlib import Path

import msgspec


class StoredMail(msgspec.Struct, frozen=True):
    """A message from a file, with what the file says about it."""

    raw: bytes
    flags: tuple[str, ...]
    date: int | None
    """When it was received, in seconds since the epoch; None: the file does not say."""
    mailbox: str | None
    """The path of the mailbox it was in; None: the file does not say."""
    origin: str
    """Where it was found, for people."""


class Unreadable(msgspec.Struct, frozen=True):
    """A file or a piece of one that is no message Correio can take."""

    origin: str
    reason: str


Found = StoredMail | Unreadable


class ReadingBounds(msgspec.Struct, frozen=True):
    """What is left out: a message of more than ``message_size`` octets."""

    message_size: int


def refuse_large(path: Path, size: int, bounds: ReadingBounds) -> Unreadable | None:
    """Return the refusal for a file that is too large for one message."""
    # A bare LF becomes CRLF, so a file may grow; it never shrinks.
    if size > bounds.message_size:
        return Unreadable(str(path), f"has {size} octets; at most {bounds.message_size} are accepted")
    return None
