"""What a message is made of, as a program or a page gives it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Mailbox(msgspec.Struct, frozen=True):
    """A mailbox of an address field (RFC 5322 section 3.4). ``name`` is the display name, empty: none."""

    local: str
    """Without quoting."""
    domain: str
    """In A-labels where the local part is in US-ASCII."""
    name: str = ""

    @property
    def needs_utf8(self) -> bool:
        """Whether the address needs SMTPUTF8 (RFC 6531)."""
        return not (self.local.isascii() and self.domain.isascii())


class Attachment(msgspec.Struct, frozen=True):
    """A file that goes along. One with a ``content_id`` is shown in the HTML that names it as ``cid:``."""

    content: bytes
    filename: str = ""
    media_type: str = ""
    """With parameters, where there are any; empty: what the name of the file says."""
    content_id: str = ""
    """Without the angle brackets."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A message to be written. What is empty is left out."""

    from_: Sequence[Mailbox]
    sender: Mailbox | None = None
    to: Sequence[Mailbox] = ()
    cc: Sequence[Mailbox] = ()
    reply_to: Sequence[Mailbox] = ()
    subject: str = ""
    date: int
    """Seconds since the epoch."""
    message_id: str
    """With its angle brackets, as are ``in_reply_to`` and ``references``."""
    in_reply_to: Sequence[str] = ()
    references: Sequence[str] = ()
    headers: Sequence[tuple[str, str]] = ()
    """Fields of the writer's own."""
    text: str | None = None
    html: str | None = None
    """Alone, it gets a text of its own words beside it."""
    attachments: Sequence[Attachment] = ()


class Composed(msgspec.Struct, frozen=True):
    """A message that is written."""

    raw: bytes
    """Lines end with CRLF and have at most 998 octets."""
    smtputf8: bool
    """Whether its header holds an address that needs SMTPUTF8."""
