"""Keyset cursors: where a page ended, by key, so that coming and going messages never shift the next one.

A cursor is opaque to clients but no secret and no authority: everything in it is checked against the request it comes
with, and whoever forges one reads nothing but their own mailbox from another place.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final, Literal

import msgspec

from api.rest.problems import Fault, ProblemError

Order = Literal["asc", "desc"]


class MessageCursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The next page begins behind ``uid``, in this order, in this mailbox."""

    mailbox_id: str
    uid_validity: int
    order: Order
    uid: int


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(MessageCursor)


def encode_cursor(cursor: MessageCursor) -> str:
    """Return a cursor for the wire."""
    return base64.urlsafe_b64encode(_encoder.encode(cursor)).rstrip(b"=").decode("ascii")


def decode_cursor(text: str, mailbox_id: str, uid_validity: int, order: Order) -> int:
    """Return the UID behind which the page begins.

    Raises a 400 problem for what is no cursor of ours, or one of another mailbox or order.
    """
    try:
        cursor = _decoder.decode(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise _bad_cursor("It is not a cursor of this API.") from error
    if (cursor.mailbox_id, cursor.uid_validity, cursor.order) != (mailbox_id, uid_validity, order):
        raise _bad_cursor("It belongs to another mailbox or order.")
    if not 0 <= cursor.uid <= 0xFFFFFFFF:
        raise _bad_cursor("It is not a cursor of this API.")
    return cursor.uid


def _bad_cursor(detail: str) -> ProblemError:
    return ProblemError(
        400, "bad-cursor", "The cursor cannot be used here.", errors=(Fault(detail, parameter="cursor"),)
    )
