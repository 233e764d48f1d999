"""Bounces that come as mail, after the other server had taken the message: they find their delivery by the envelope sender."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Final

import msgspec

from correio.mail.ingest import OFF_LOOP
from correio.mime.parse import parse_message
from correio.mime.transfer import UnknownEncodingError, decode_transfer
from correio.queue.verp import verp_delivery
from correio.store.deliveries import note_late_bounce
from correio.store.queue_documents import Attempt

if TYPE_CHECKING:
    from correio.mail.message_store import MessageStore

_log = logging.getLogger("correio.queue")
_STATUS_PARTS: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_LOOKED_THROUGH: Final = 64 * 1024
"""Octets of a report's fields."""
_FIELD: Final = re.compile(
    r"^(action|status|diagnostic-code|remote-mta)[ \t]*:[ \t]*(.*(?:\r?\n[ \t].*)*)", re.I | re.M
)
_TEXT: Final = 1000


class Bounce(msgspec.Struct, frozen=True):
    """What a report says of the one recipient that it is about (RFC 3464 section 2.3)."""

    status: str
    diagnostic: str
    remote: str


def read_bounce(raw: bytes) -> Bounce | None:
    """Return what a message reports as failed, or None where it is no report or reports something else. Pure."""
    parsed = parse_message(raw)
    for part in parsed.parts:
        if part.media_type not in _STATUS_PARTS:
            continue
        try:
            body = decode_transfer(
                raw[part.body_start : min(part.end, part.body_start + _LOOKED_THROUGH)], part.encoding
            )
        except UnknownEncodingError:
            continue
        fields: dict[str, str] = {}
        for name, value in _FIELD.findall(body.decode("utf-8", "replace")):
            fields.setdefault(name.lower(), " ".join(value.split())[:_TEXT])
        if fields.get("action", "").lower() != "failed":
            return None
        diagnostic = fields.get("diagnostic-code", "").partition(";")[2].strip()
        return Bounce(
            fields.get("status", "5.0.0")[:20], diagnostic, fields.get("remote-mta", "").partition(";")[2].strip()
        )
    return None


async def note_bounces(store: MessageStore, recipients: list[str], raw: bytes) -> None:
    """Mark the deliveries as bounced that a message with the null sender reports on. Raises UnavailableError.

    What had failed, or was never sent, stays as it is.
    """
    bounce: Bounce | None = None
    for recipient in recipients:
        delivery_id = await verp_delivery(store, recipient)
        if delivery_id is None:
            continue
        if bounce is None:
            bounce = await store.in_worker(read_bounce, raw) if len(raw) > OFF_LOOP else read_bounce(raw)
            if bounce is None:
                return
        reply = bounce.diagnostic or f"{bounce.status} The message came back."
        attempt = Attempt(at=float(store.now()), host=bounce.remote, reply=reply)
        if await note_late_bounce(store.database, delivery_id, attempt):
            _log.info("delivery %s came back after it had been taken: %s", delivery_id, reply)
