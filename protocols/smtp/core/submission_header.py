"""What a submission server mends in a message (RFC 6409 section 8): a missing Date, a missing Message-ID, and Bcc."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from correio.mime.header_fields import first_stray_line, header_fields

_BLANK: Final = re.compile(rb"(?:\A|\n)(\r?\n)")


def complete_header(message: bytes, *, message_id: str, time: int) -> bytes:
    """Return the message with a Date and a Message-ID, and without Bcc.

    ``message_id`` is used, with the angle brackets put on, where there is none; ``time`` is in seconds since the
    epoch. Every other octet stays as it is. Lines that are no fields are passed over, as by whoever reads the message.
    """
    missing = {"date", "message-id"}
    removed: list[tuple[int, int]] = []
    body = _end_of_header(message)
    for field in header_fields(message[:body]):
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


def _end_of_header(message: bytes) -> int:
    """Return where the header ends as those who read the message see it: at the empty line, whatever the lines before it are, or
    else at the first line that is no field; 0 where there is no field.
    """
    blank = _BLANK.search(message)
    end = blank.start(1) if blank is not None else first_stray_line(message)
    if end < 0:
        end = len(message)
    return end if next(header_fields(message[:end]), None) is not None else 0
