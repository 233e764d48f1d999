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
from correio.ids import Kind, is_id

Order = Literal["asc", "desc"]


class MessageCursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The next page begins behind ``uid``, in this order, in this mailbox."""

    mailbox_id: str
    uid_validity: int
    order: Order
    uid: int


class SendCursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="S"):
    """The next page begins behind this send, newest first."""

    created: int
    send_id: str


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(MessageCursor)
_send_decoder: Final = msgspec.msgpack.Decoder(SendCursor)


def encode_cursor(cursor: MessageCursor | SendCursor) -> str:
    """Return a cursor for the wire."""
    return base64.urlsafe_b64encode(_encoder.encode(cursor)).rstrip(b"=").decode("ascii")


def decode_cursor(text: str, mailbox_id: str, uid_validity: int, order: Order) -> int:
    """Return the UID behind which the page begins.

    Raises a 400 problem for what is no cursor of ours, or one of another mailbox or order.
    """
    try:
        cursor = _decoder.decode(_octets(text))
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise _bad_cursor("It is not a cursor of this API.") from error
    if (cursor.mailbox_id, cursor.uid_validity, cursor.order) != (mailbox_id, uid_validity, order):
        raise _bad_cursor("It belongs to another mailbox or order.")
    if not 0 <= cursor.uid <= 0xFFFFFFFF:
        raise _bad_cursor("It is not a cursor of this API.")
    return cursor.uid


def decode_send_cursor(text: str) -> tuple[int, str]:
    """Return the time and the id of the send behind which the page begins. Raises a 400 problem."""
    try:
        cursor = _send_decoder.decode(_octets(text))
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise _bad_cursor("It is not a cursor of this API.") from error
    if not 0 <= cursor.created < 2**53 or not is_id(cursor.send_id, Kind.SEND):
        raise _bad_cursor("It is not a cursor of this API.")
    return cursor.created, cursor.send_id


def _octets(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)


def _bad_cursor(detail: str) -> ProblemError:
    return ProblemError(
        400, "bad-cursor", "The cursor cannot be used here.", errors=(Fault(detail, parameter="cursor"),)
    )
