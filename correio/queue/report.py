"""Delivery status notifications (RFC 3461, RFC 3464, RFC 3462, RFC 6533): the message that tells a sender. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import formatdate
from typing import Final

import msgspec

from correio.mime.xtext import decode_xtext
from correio.queue.printable import printable
from correio.queue.verdict import Action

_WRAP: Final = 72
_SUBJECTS: Final[dict[Action, str]] = {
    "failed": "Your message could not be delivered",
    "delayed": "Your message has not been delivered yet",
    "delivered": "Your message was delivered",
    "relayed": "Your message was passed on",
    "expanded": "Your message was passed on to several people",
}
_SAID: Final[dict[Action, str]] = {
    "failed": "This message could not be delivered to:",
    "delayed": "This message has not been delivered yet. It is being tried again; you need not send it once more. It is for:",
    "delivered": "This message was delivered to:",
    "relayed": "This message was passed on to a server that does not report delivery, for:",
    "expanded": "This message was passed on to several people by:",
}


class ReportedRecipient(msgspec.Struct, frozen=True, kw_only=True):
    """One recipient of a report (RFC 3464 section 2.3)."""

    address: str
    action: Action
    status: str
    """RFC 3463."""
    diagnostic: str = ""
    """The reply of the other server with its code; empty where there was none."""
    explanation: str = ""
    """What happened where there was no reply."""
    remote: str = ""
    """The name of the other server."""
    original: str = ""
    """ORCPT as given: ``type;address`` in xtext."""
    last_attempt: int = 0
    """Seconds since the epoch."""
    retry_until: int = 0
    """For "delayed": when it is given up."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a report is about."""

    to: str
    """The envelope sender of the message."""
    hostname: str
    """Of this server."""
    message_id: str
    """Of the report, without angle brackets."""
    time: int
    """Seconds since the epoch."""
    arrived: int
    """When the message came in."""
    envid: str = ""
    recipients: Sequence[ReportedRecipient]
    original: bytes
    """The message, or its header where ``whole`` is false."""
    whole: bool = False


def header_of(raw: bytes) -> bytes:
    """Return the header of a message with the empty line that ends it."""
    end = raw.find(b"\r\n\r\n")
    return raw if end < 0 else raw[: end + 4]


def compose_report(report: Report) -> bytes:
    """Return the report as a message with CRLF line ends."""
    utf8 = not all(one.address.isascii() for one in report.recipients)
    told = _told(report)
    fields = "\r\n".join(_fields(report))
    if not utf8:
        fields = fields.encode("ascii", "replace").decode("ascii")
    plain = all(line.isascii() for line in told)
    boundary = f"=_{report.message_id.partition('@')[0]}"
    while boundary.encode() in report.original:
        boundary += "="
    eight_bit = not report.original.isascii()
    action = report.recipients[0].action
    kind = _returned_type(report, eight_bit)
    lines = [
        f"Date: {formatdate(report.time)}",
        f"From: Mail Delivery System <MAILER-DAEMON@{report.hostname}>",
        f"To: <{report.to}>",
        f"Subject: {_SUBJECTS[action]}",
        f"Message-ID: <{report.message_id}>",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"',
        *(["Content-Transfer-Encoding: 8bit"] if utf8 or eight_bit or not plain else []),
        "",
        f"--{boundary}",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Transfer-Encoding: {'7bit' if plain else '8bit'}",
        "",
        *told,
        "",
        f"--{boundary}",
        f"Content-Type: message/{'global-' if utf8 else ''}delivery-status",
        *(["Content-Transfer-Encoding: 8bit"] if utf8 else []),
        "",
        fields,
        "",
        f"--{boundary}",
        f"Content-Type: {kind}",
        *(["Content-Transfer-Encoding: 8bit"] if eight_bit else []),
        "",
        "",
    ]
    head = "\r\n".join(lines).encode("utf-8", "replace")
    end = b"" if report.original.endswith(b"\r\n") else b"\r\n"
    return head + report.original + end + f"\r\n--{boundary}--\r\n".encode()


def _returned_type(report: Report, eight_bit: bool) -> str:
    if report.whole:
        return "message/global" if not header_of(report.original).isascii() else "message/rfc822"
    return "message/global-headers" if eight_bit else "text/rfc822-headers"


def _told(report: Report) -> list[str]:
    lines = [f"This is the mail server at {report.hostname}.", ""]
    action: Action | None = None
    for one in report.recipients:
        if one.action != action:
            action = one.action
            lines += [_SAID[action], ""]
        lines.append(f"  {one.address}")
        said = one.diagnostic or one.explanation
        if said:
            where = f"{one.remote} said: " if one.remote and one.diagnostic else ""
            lines += [f"    {line}" for line in _wrapped(where + said)]
        lines.append("")
    return lines


def _wrapped(text: str) -> list[str]:
    """Break at spaces; a word that is longer than a line is cut at the length RFC 5322 allows."""
    lines: list[str] = []
    line = ""
    for long_word in text.split():
        for word in (long_word[at : at + 400] for at in range(0, len(long_word), 400)):
            if line and len(line) + 1 + len(word) > _WRAP:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}" if line else word
    return [*lines, line] if line else lines


def _fields(report: Report) -> list[str]:
    """Return the lines of the delivery-status part: fields of the message, then of each recipient."""
    lines = [f"Reporting-MTA: dns; {report.hostname}"]
    if report.envid:
        lines.append(f"Original-Envelope-Id: {_clean(report.envid)}")
    lines.append(f"Arrival-Date: {formatdate(report.arrived)}")
    for one in report.recipients:
        kind = "rfc822" if one.address.isascii() else "utf-8"
        lines.append("")
        if one.original:
            lines.append(f"Original-Recipient: {_clean(_as_said(one.original))}")
        lines += [f"Final-Recipient: {kind};{_clean(one.address)}", f"Action: {one.action}", f"Status: {one.status}"]
        if one.remote:
            lines.append(f"Remote-MTA: dns; {_clean(one.remote)}")
        if one.diagnostic:
            lines.append(_folded(f"Diagnostic-Code: smtp; {_clean(one.diagnostic)}"))
        if one.last_attempt:
            lines.append(f"Last-Attempt-Date: {formatdate(one.last_attempt)}")
        if one.action == "delayed" and one.retry_until:
            lines.append(f"Will-Retry-Until: {formatdate(one.retry_until)}")
    return lines


def _as_said(original: str) -> str:
    """Return ORCPT with the address as the sender knows it (RFC 3461 section 6.3), where this field can hold it.

    The utf-8 type has an encoding of its own, which this field has too (RFC 6533 section 3).
    """
    kind, _, address = original.partition(";")
    if kind.lower() == "utf-8":
        return original
    try:
        decoded = decode_xtext(address)
    except ValueError:
        return original
    return f"{kind};{decoded}" if decoded.isascii() else original


def _clean(text: str) -> str:
    return printable(text).strip()


def _folded(field: str) -> str:
    return "\r\n ".join(_wrapped(field))
