"""What a parse of a message yields: offsets into the octets, never copies of them.

Everything here is packed with msgspec into the message document at ingest, by the same parser that later serves
``BODY[section]``, so a structure shown to a client always agrees with the octets it can fetch.
"""

from __future__ import annotations

import msgspec


class Address(msgspec.Struct, frozen=True, array_like=True):
    """One mailbox of an address list (RFC 5322 section 3.4), decoded.

    ``name`` is the display name or None. ``local`` and ``domain`` are the two sides of the ``@``, without quoting.
    A group's name stands in ``group`` of each of its members; an empty group is one Address with empty ``local`` and ``domain``.
    """

    name: str | None
    local: str
    domain: str
    group: str | None = None

    @property
    def email(self) -> str:
        """The address as ``local@domain``, or ``local`` alone where there is no domain."""
        return f"{self.local}@{self.domain}" if self.domain else self.local


class Part(msgspec.Struct, array_like=True):
    """One MIME entity (RFC 2045 section 2.4). All offsets are from the first octet of the whole message.

    ``path`` is the IMAP section number (RFC 9051 section 6.4.5.1): "" for the message itself, "1", "1.2". The body of a
    non-multipart message has path "1"; of a message/rfc822 part "2" the embedded message's own parts are "2.1" and so on.
    An embedded message that is a multipart has no number of its own: its root entity bears the path of the message/rfc822
    part, which stands before it.
    ``parent`` is the index of the enclosing part in ``ParsedMessage.parts`` (-1 for the first).
    """

    path: str
    parent: int
    media_type: str
    """Type and subtype in lower case, "text/plain"."""
    parameters: list[tuple[str, str]]
    """Content-Type parameters, names in lower case, values decoded (RFC 2231)."""
    encoding: str
    """Content-Transfer-Encoding in lower case; "7bit" where absent."""
    header_start: int
    body_start: int
    end: int
    """First octet after the body; the CRLF before a boundary belongs to the boundary (RFC 2046 section 5.1.1)."""
    lines: int
    """Lines of the encoded body: the number of LF in it, plus one if it does not end with one."""
    disposition: str | None = None
    """"inline", "attachment" or another token in lower case."""
    filename: str | None = None
    """From Content-Disposition or else Content-Type name, decoded (RFC 2231, RFC 2047 too, since real mail does so)."""
    content_id: str | None = None
    """Without the angle brackets."""
    description: str | None = None
    location: str | None = None
    md5: str | None = None
    language: list[str] = msgspec.field(default_factory=list)
    message: int = -1
    """For message/rfc822 and message/global: the index of the embedded message's root entity, else -1."""
    is_attachment: bool = False
    """Whether a person would call it an attachment (RFC 8621 section 4.1.4's hints)."""
    disposition_parameters: list[tuple[str, str]] = msgspec.field(default_factory=list)
    """Content-Disposition parameters, names in lower case, values decoded."""
    envelope: bytes = b""
    """For the root entity of an embedded message: its ENVELOPE, as IMAP sends it."""

    @property
    def charset(self) -> str | None:
        """The charset parameter as given, in lower case."""
        return next((value.lower() for name, value in self.parameters if name == "charset"), None)

    @property
    def size(self) -> int:
        """Octets of the encoded body, as BODYSTRUCTURE counts them."""
        return self.end - self.body_start


class Summary(msgspec.Struct, array_like=True):
    """The header fields that lists and searches need, decoded, and the preview of the text."""

    subject: str = ""
    from_: list[Address] = msgspec.field(default_factory=list)
    sender: list[Address] = msgspec.field(default_factory=list)
    reply_to: list[Address] = msgspec.field(default_factory=list)
    to: list[Address] = msgspec.field(default_factory=list)
    cc: list[Address] = msgspec.field(default_factory=list)
    bcc: list[Address] = msgspec.field(default_factory=list)
    date: int | None = None
    """The Date field as seconds since the epoch, None where absent or unreadable."""
    message_id: str | None = None
    """Without the angle brackets."""
    in_reply_to: list[str] = msgspec.field(default_factory=list)
    references: list[str] = msgspec.field(default_factory=list)
    preview: str = ""
    """At most 200 characters of the text a person would read first (RFC 8970)."""
    has_attachment: bool = False


class ParsedMessage(msgspec.Struct, array_like=True):
    """The structure of one message. ``parts[0]`` is the message itself; parts stand in document order, parents first."""

    size: int
    parts: list[Part]
    summary: Summary
    envelope: bytes
    """ENVELOPE as IMAP sends it, parentheses included (RFC 9051 section 7.5.2). 7-bit only."""
    body_structure: bytes
    """BODYSTRUCTURE as IMAP sends it, with all extension data."""
    truncated: bool = False
    """Whether a limit of the parser was reached and the rest is one opaque leaf."""
