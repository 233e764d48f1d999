"""What a submission server mends in a message (RFC 6409 section 8): a missing Date, a missing Message-ID, and Bcc."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from correio.mime.header_fields import first_stray_line, header_fields

_EMPTY_LINE: Final = re.compile(rb"\n\r?\n")


def complete_header(message: bytes, *, message_id: str, time: int) -> bytes:
    """Return the message with a Date and a Message-ID, and without Bcc.

    ``message_id`` is used, with the angle brackets put on, where there is none; ``time`` is in seconds since the
    epoch. Every other octet stays as it is. Lines that are no fields are passed over, as by whoever reads the message.
    """
    missing = {"date", "message-id"}
    removed: list[tuple[int, int]] = []
    header = _header(message)
    fields = list(header_fields(header))
    body = len(header) if fields else 0
    for field in fields:
        name = field.name.lower()
        missing.discard(name)
        if name in ("bcc", "resent-bcc"):
            removed.append((field.start, field.end))
    added = b""
    if "date" in missing:
        added += b"Date: " + format_datetime(datetime.fromtimestamp(time, UTC)).encode() + b"\r\n"
    if "message-id" in missing:
        added += b"Message-ID: <" + message_id.encode() + b">\r\n"
    if not added and not removed:
        return message
    # Views, so that a large message is copied once.
    view = memoryview(message)
    pieces: list[bytes | memoryview] = []
    at = 0
    for start, end in removed:
        pieces.append(view[at:start])
        at = end
    pieces.append(view[at:body])
    if added and body and not message.endswith(b"\n", 0, body):
        pieces.append(b"\r\n")
    pieces.append(added)
    if body == 0 and message and not message.startswith((b"\r\n", b"\n")):
        # No header at all: what there is must not become part of one.
        pieces.append(b"\r\n")
    pieces.append(view[body:])
    return b"".join(pieces)


def _header(message: bytes) -> bytes:
    """Return the header without the empty line that ends it; without one it ends where something else begins."""
    if message.startswith((b"\r\n", b"\n")):
        return b""
    empty = _EMPTY_LINE.search(message)
    if empty is not None:
        return message[: empty.start() + 1]
    stray = first_stray_line(message)
    return message if stray < 0 else message[:stray]
