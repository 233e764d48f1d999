"""The answer of ``vacation`` as a message (RFC 5230 section 5, RFC 3834 section 3)."""

from __future__ import annotations

import binascii
import re
from typing import Final

import msgspec

from correio.mime.header_fields import header_fields
from correio.mime.model import Address
from correio.mime.normalise import to_crlf
from correio.sieve.actions import Vacation
from correio.sieve.comparator import octets_of
from correio.sieve.dates import std11, zoned
from correio.sieve.header_lines import address_field, folded, text_field
from correio.sieve.message_view import MessageView
from correio.sieve.sieve_address import read_addresses

_MESSAGE_ID: Final = re.compile(r"<[^<>\s]{1,500}>")
_REFERENCES: Final = 20
_LONGEST_LINE: Final = 998


class Answering(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers whom."""

    address: str
    """Of who answers."""
    name: str
    to: str
    """The envelope sender of the message."""
    message_id: str
    """Of the answer, with its angle brackets."""
    now: int
    """Seconds since the epoch."""


def compose_vacation(action: Vacation, message: MessageView, answering: Answering) -> bytes:
    """Return the answer with CRLF line ends."""
    authors = read_addresses(action.sender) if action.sender else None
    if authors is None:
        local, _, domain = answering.address.rpartition("@")
        authors = [Address(answering.name or None, local, domain)]
    local, _, domain = answering.to.rpartition("@")
    when = zoned(answering.now, 0)
    assert when is not None
    head = [
        address_field("From", authors),
        address_field("To", [Address(None, local, domain)]),
        text_field("Subject", _subject(action, message)),
        folded("Date", [std11(when).encode("ascii")]),
        folded("Message-ID", [answering.message_id.encode("ascii")]),
        *_threading(message),
        b"Auto-Submitted: auto-replied\r\n",
        b"MIME-Version: 1.0\r\n",
    ]
    if len(authors) > 1:
        head.insert(1, address_field("Sender", authors[:1]))
    return b"".join(head) + (_entity(action.reason) if action.mime else _text(action.reason))


def _subject(action: Vacation, message: MessageView) -> str:
    if action.subject is not None and action.subject.strip():
        return action.subject
    found = message.decoded("subject")
    return f"Auto: {found[0]}" if found and found[0] else "Automated reply"


def _ids(message: MessageView, name: str) -> list[str]:
    found = message.unfolded(name)
    return [one for one in _MESSAGE_ID.findall(found[0]) if one.isascii()] if found else []


def _threading(message: MessageView) -> list[bytes]:
    """RFC 5322 section 3.6.4."""
    own = _ids(message, "message-id")[:1]
    if not own:
        return []
    earlier = _ids(message, "references")
    if not earlier and len(parent := _ids(message, "in-reply-to")) == 1:
        earlier = parent
    # Of a long thread the first and the last ones.
    if len(earlier) > _REFERENCES:
        earlier = [earlier[0], *earlier[1 - _REFERENCES :]]
    references = [one.encode("ascii") for one in [*earlier, *own]]
    return [folded("In-Reply-To", [own[0].encode("ascii")]), folded("References", references)]


def _text(reason: str) -> bytes:
    octets = to_crlf(octets_of(reason).decode("utf-8", "replace").encode("utf-8"))
    if not octets.endswith(b"\r\n"):
        octets += b"\r\n"
    kind = b"Content-Type: text/plain; charset=utf-8\r\n"
    if octets.isascii() and max(map(len, octets.split(b"\r\n"))) <= _LONGEST_LINE and b"\0" not in octets:
        return kind + b"Content-Transfer-Encoding: 7bit\r\n\r\n" + octets
    return kind + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + binascii.b2a_qp(octets, istext=True)


def _entity(reason: str) -> bytes:
    """A MIME entity as the script wrote it; of its header only what is about the content."""
    octets = to_crlf(octets_of(reason))
    header, _, body = (b"", b"", octets[2:]) if octets.startswith(b"\r\n") else octets.partition(b"\r\n\r\n")
    fields = [field for field in header_fields(header + b"\r\n") if field.name.lower().startswith("content-")]
    kept = b"".join(field.name.encode("ascii", "replace") + b":" + field.value + b"\r\n" for field in fields)
    if not any(field.name.lower() == "content-transfer-encoding" for field in fields) and not body.isascii():
        kept += b"Content-Transfer-Encoding: 8bit\r\n"
    return kept + b"\r\n" + body + (b"" if body.endswith(b"\r\n") else b"\r\n")
