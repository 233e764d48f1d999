"""How a message looks in JSON: in lists, and whole."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from api.rest.authentication_json import AuthenticationJson
from api.rest.timestamps import optional_rfc3339, rfc3339
from correio.mail.fetch import StoredMessage
from correio.mail.keywords import keywords_of
from correio.mail.mailbox_index import Row
from correio.mime.model import Address


class AddressJson(msgspec.Struct, frozen=True):
    """Schema ``Address``."""

    name: str | None
    email: str
    group: str | None


class MessageSummaryJson(msgspec.Struct, frozen=True, kw_only=True):
    """Schema ``MessageSummary``."""

    id: str
    mailbox_id: str
    uid: int
    thread_id: str
    email_id: str
    state: str
    subject: str
    from_: list[AddressJson] = msgspec.field(name="from")
    to: list[AddressJson]
    cc: list[AddressJson]
    date: str | None
    received_at: str
    size: int
    keywords: list[str]
    preview: str
    has_attachment: bool


class HeaderJson(msgspec.Struct, frozen=True):
    """Schema ``Header``."""

    name: str
    value: str


class BodyJson(msgspec.Struct, frozen=True):
    """Schema ``Body``."""

    text: str | None
    html: str | None
    blocked_remote: int
    truncated: bool


class PartJson(msgspec.Struct, frozen=True, kw_only=True):
    """Schema ``Part``."""

    path: str
    parent_path: str | None
    media_type: str
    charset: str | None
    disposition: str | None
    filename: str | None
    content_id: str | None
    description: str | None
    language: list[str]
    encoding: str
    size: int
    decoded_size: int | None
    is_attachment: bool
    url: str | None


class MessageJson(MessageSummaryJson, frozen=True, kw_only=True):
    """Schema ``Message``."""

    sender: list[AddressJson]
    reply_to: list[AddressJson]
    bcc: list[AddressJson]
    message_id: str | None
    in_reply_to: list[str]
    references: list[str]
    headers: list[HeaderJson]
    body: BodyJson
    parts: list[PartJson]
    raw_url: str
    truncated: bool
    authentication: AuthenticationJson | None


def addresses_json(addresses: Sequence[Address]) -> list[AddressJson]:
    """Return an address list as the API shows it."""
    return [AddressJson(one.name, one.email, one.group) for one in addresses]


def summary_json(message: StoredMessage, row: Row | None = None) -> MessageSummaryJson:
    """Return a message as lists show it; with the flags and state of an index row where one is given."""
    summary = message.summary
    modseq, flags = (message.modseq, message.flags) if row is None else (row.modseq, row.flags)
    return MessageSummaryJson(
        id=message.id,
        mailbox_id=message.mailbox,
        uid=message.uid,
        thread_id=message.thread,
        email_id=message.email,
        state=str(modseq),
        subject=summary.subject,
        from_=addresses_json(summary.from_),
        to=addresses_json(summary.to),
        cc=addresses_json(summary.cc),
        date=optional_rfc3339(summary.date),
        received_at=rfc3339(message.date),
        size=message.size,
        keywords=keywords_of(flags),
        preview=summary.preview,
        has_attachment=summary.has_attachment,
    )
