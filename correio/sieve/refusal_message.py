"""What the sender is sent where a message is refused and the protocol cannot say so (RFC 5429 sections 2.1.2 and 2.2.1)."""

from __future__ import annotations

from typing import Final

import msgspec

from correio.mime.model import Address
from correio.mime.normalise import to_crlf
from correio.sieve.actions import Reject
from correio.sieve.comparator import octets_of
from correio.sieve.dates import std11, zoned
from correio.sieve.header_lines import address_field, clean, text_field

_TOLD: Final = "The message was refused by the recipient's mail filtering program. The reason given was as follows:"


class Refusing(msgspec.Struct, frozen=True, kw_only=True):
    """Who refuses whose message."""

    recipient: str
    """Who refuses."""
    hostname: str
    """Of this server."""
    to: str
    """The envelope sender of the message."""
    original_id: str
    """The Message-ID of the message, with its angle brackets; empty: it has none."""
    header: bytes
    """Of the message."""
    message_id: str
    """Of the report, with its angle brackets."""
    now: int
    """Seconds since the epoch."""


def compose_refusal(action: Reject, refusing: Refusing) -> bytes:
    """Return the report: of ``reject`` a disposition notification (RFC 8098), of ``ereject`` a delivery status notification
    (RFC 3464).
    """
    when = zoned(refusing.now, 0)
    assert when is not None
    local, _, domain = refusing.to.rpartition("@")
    kind, fields = (
        ("delivery-status", _status(refusing)) if action.early else ("disposition-notification", _read(refusing))
    )
    utf8 = not refusing.recipient.isascii()
    boundary = b"=_" + refusing.message_id.strip("<>").partition("@")[0].encode("ascii")
    while boundary in refusing.header:
        boundary += b"="
    reason = to_crlf(octets_of(action.reason).decode("utf-8", "replace").encode("utf-8"))
    subject = "Automatically rejected mail"
    eight_bit = b"Content-Transfer-Encoding: 8bit\r\n"
    returned = b"message/global-headers" if not refusing.header.isascii() else b"text/rfc822-headers"
    parts = [
        address_field("From", [Address("Mail Delivery System", "MAILER-DAEMON", refusing.hostname)]),
        address_field("To", [Address(None, local, domain)]),
        text_field("Subject", subject),
        f"Date: {std11(when)}\r\nMessage-ID: {refusing.message_id}\r\n".encode("ascii"),
        b"Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n",
        b'Content-Type: multipart/report; report-type=%b;\r\n boundary="%b"\r\n' % (kind.encode(), boundary),
        b"" if reason.isascii() and refusing.header.isascii() and not utf8 else eight_bit,
        b"\r\n--%b\r\nContent-Type: text/plain; charset=utf-8\r\n" % boundary,
        b"" if reason.isascii() else eight_bit,
        b"\r\n" + _TOLD.encode("ascii") + b"\r\n\r\n" + reason + b"\r\n",
        b"\r\n--%b\r\nContent-Type: message/%b%b\r\n" % (boundary, b"global-" if utf8 else b"", kind.encode()),
        eight_bit if utf8 else b"",
        b"\r\n" + fields.encode("utf-8", "replace") + b"\r\n",
        b"--%b\r\nContent-Type: %b\r\n" % (boundary, returned),
        b"" if refusing.header.isascii() else eight_bit,
        b"\r\n" + refusing.header.rstrip(b"\r\n") + b"\r\n\r\n--%b--\r\n" % boundary,
    ]
    return b"".join(parts)


def _final(refusing: Refusing) -> str:
    kind = "rfc822" if refusing.recipient.isascii() else "utf-8"
    return f"Final-Recipient: {kind};{clean(refusing.recipient, 400)}\r\n"


def _read(refusing: Refusing) -> str:
    """RFC 5429 section 2.2.1: deleted, by itself."""
    original = f"Original-Message-ID: {refusing.original_id}\r\n" if refusing.original_id else ""
    return (
        f"Reporting-UA: {refusing.hostname}; Correio Sieve\r\n{_final(refusing)}{original}"
        "Disposition: automatic-action/MDN-sent-automatically; deleted\r\n"
    )


def _status(refusing: Refusing) -> str:
    return f"Reporting-MTA: dns; {refusing.hostname}\r\n\r\n{_final(refusing)}Action: failed\r\nStatus: 5.7.1\r\n"
