"""The header of a draft, and what becomes of it when it is sent (RFC 5322 sections 3.6.1 to 3.6.4). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

import msgspec

from correio.ids import Kind, is_id
from correio.mime.compose.field import comma_separated, fold
from correio.mime.compose.letter import Mailbox
from correio.mime.compose.mailbox import mailbox_words
from correio.mime.header_fields import HeaderField, header_fields

REPLY_OF: Final = "X-Correio-Reply-Of"
"""In a draft: the id of the message it answers."""
FORWARD_OF: Final = "X-Correio-Forward-Of"
"""In a draft: the id of the message it forwards."""
_NOT_SENT: Final = frozenset(
    {"bcc", "resent-bcc", "return-path", REPLY_OF.lower(), FORWARD_OF.lower()}
    # What other programs note in their drafts for themselves.
    | {"fcc", "x-mozilla-draft-info", "x-mozilla-keys", "x-mozilla-status", "x-mozilla-status2"}
    | {"x-identity-key", "x-account-key", "x-unsent"}
    # What servers say of a message that has come: one that is yet to go has nothing of it, or has it from another message.
    | {"authentication-results", "delivered-to"}
)


class Departed(msgspec.Struct, frozen=True):
    """A draft that is sent."""

    sent: bytes
    """What goes out: without Bcc, and without what drafts note for themselves."""
    kept: bytes
    """What its writer keeps: the same with Bcc, so that it can become a draft again."""


def bcc_field(mailboxes: Sequence[Mailbox]) -> bytes:
    """Return a Bcc field, nothing for nobody."""
    return fold("Bcc", comma_separated(map(mailbox_words, mailboxes))) if mailboxes else b""


def origin_of(header: bytes) -> tuple[str, bool] | None:
    """Return the id of the message that a draft answers or forwards, and whether it forwards it."""
    for field in header_fields(header):
        name = field.name.lower()
        if name in (REPLY_OF.lower(), FORWARD_OF.lower()) and is_id(value := field.unfolded, Kind.MESSAGE):
            return value, name == FORWARD_OF.lower()
    return None


def depart(draft: bytes, body_start: int, *, time: int, message_id: str | None) -> Departed:
    """Return a draft as it is sent and as it is kept. ``draft`` has CRLF throughout; its body starts where the parser says.

    Its Date becomes ``time``, in seconds since the epoch: when it was ready to be sent. ``message_id``, with its angle
    brackets, replaces what it has in its place; None: that stays.
    """
    header = draft[:body_start]
    if header.endswith(b"\r\n\r\n"):
        header = header[:-2]
    elif not header.endswith(b"\r\n"):
        header += b"\r\n"
    replaced = {"date"} if message_id is None else {"date", "message-id"}
    added = b"Date: " + format_datetime(datetime.fromtimestamp(time, UTC)).encode("ascii") + b"\r\n"
    if message_id is not None:
        added += b"Message-ID: " + message_id.encode("ascii") + b"\r\n"
    fields = list(header_fields(header))
    added += b"\r\n"
    body = memoryview(draft)[body_start:]
    return Departed(
        b"".join([_without(header, fields, replaced | _NOT_SENT), added, body]),
        b"".join([_without(header, fields, replaced), added, body]),
    )


def _without(header: bytes, fields: Sequence[HeaderField], names: set[str] | frozenset[str]) -> bytes:
    pieces: list[bytes] = []
    at = 0
    for field in fields:
        if field.name.lower() in names:
            pieces.append(header[at : field.start])
            at = field.end
    pieces.append(header[at:])
    return b"".join(pieces)
