"""The body of ``POST /v1/emails``, and the letter it asks for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from api.rest.timestamps import parse_rfc3339
from correio.errors import InvalidInputError
from correio.mime.compose.clean_text import require_clean
from correio.mime.compose.letter import Attachment, Letter, Mailbox
from correio.mime.compose.mailbox import MAX_NAME, make_mailbox, parse_mailbox
from correio.mime.compose.message import new_message_id
from correio.store.queue_documents import Ambiguous

_ADDRESS: Final = 4096
"""Octets of text that take as long to compose as one address to read, where it is in the dearest of domains."""
LATEST: Final = 366 * 86_400
"""Seconds from now that a message may be scheduled at most."""


class GivenMailbox(msgspec.Struct, frozen=True):
    """Schema ``GivenAddress`` as an object."""

    email: str
    name: str = ""


GivenAddress = str | GivenMailbox
GivenAddresses = str | GivenMailbox | list[str | GivenMailbox]


class Tag(msgspec.Struct, frozen=True):
    """Schema ``Tag``."""

    name: str
    value: str


class NewAttachment(msgspec.Struct, frozen=True):
    """Schema ``NewAttachment``, decoded."""

    content: bytes
    filename: str = ""
    content_type: str = ""
    content_id: str = ""


class NewEmail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Schema ``NewEmail``. What has its default is in no :func:`fingerprint`, so that a field more changes none."""

    from_: GivenAddress = msgspec.field(name="from")
    to: GivenAddresses
    cc: GivenAddresses = msgspec.field(default_factory=list)
    bcc: GivenAddresses = msgspec.field(default_factory=list)
    reply_to: GivenAddresses = msgspec.field(default_factory=list)
    subject: str = ""
    text: str | None = None
    html: str | None = None
    headers: dict[str, str] = {}
    attachments: list[NewAttachment] = []
    tags: list[Tag] = []
    metadata: dict[str, str] = {}
    scheduled_at: str | None = None
    ambiguous: Ambiguous = "retry"

    @property
    def octets(self) -> int:
        """About how much there is to compose, an address counted by the time it takes."""
        addresses = sum(len(one) for one in (self.to, self.cc, self.bcc, self.reply_to) if isinstance(one, list))
        contents = sum(len(one.content) for one in self.attachments)
        return len(self.text or "") + len(self.html or "") + contents + _ADDRESS * addresses


def fingerprint(new: NewEmail) -> bytes:
    """Return the SHA-256 of what is asked for: the same however the JSON was written."""
    contents = [msgspec.structs.replace(one, content=hashlib.sha256(one.content).digest()) for one in new.attachments]
    canonical = msgspec.json.encode(msgspec.structs.replace(new, attachments=contents), order="deterministic")
    return hashlib.sha256(canonical).digest()


def author_of(new: NewEmail) -> Mailbox:
    """Return who it is from. Raises InvalidInputError with a pointer in ``field``."""
    return _mailbox(new.from_, "from")


def letter_of(new: NewEmail, author: Mailbox, date: int) -> Letter:
    """Return the letter. ``date`` in seconds since the epoch. Raises InvalidInputError with a pointer in ``field``."""
    return Letter(
        from_=[author],
        to=mailboxes(new.to, "to"),
        cc=mailboxes(new.cc, "cc"),
        reply_to=mailboxes(new.reply_to, "reply_to"),
        subject=new.subject,
        date=date,
        message_id=new_message_id(author.domain),
        headers=list(new.headers.items()),
        text=new.text,
        html=new.html,
        attachments=[
            Attachment(one.content, one.filename, one.content_type, one.content_id) for one in new.attachments
        ],
    )


def mailboxes(given: GivenAddresses, field: str) -> list[Mailbox]:
    """Return one address or a list of them. Raises InvalidInputError with a pointer in ``field``."""
    if isinstance(given, list):
        return [_mailbox(one, f"{field}/{at}") for at, one in enumerate(given)]
    return [_mailbox(given, field)]


def _mailbox(given: GivenAddress, field: str) -> Mailbox:
    if isinstance(given, str):
        return parse_mailbox(given, field)
    require_clean(given.name, f"{field}/name", MAX_NAME)
    return make_mailbox(given.email, given.name, f"{field}/email")


def tags_of(tags: Sequence[Tag]) -> dict[str, str]:
    """Return tags by name. Raises InvalidInputError where a name stands there twice."""
    named: dict[str, str] = {}
    for at, tag in enumerate(tags):
        if tag.name in named:
            raise InvalidInputError("There is a tag of this name already.", f"tags/{at}/name")
        named[tag.name] = tag.value
    return named


def send_time(scheduled_at: str | None, now: int) -> int | None:
    """Return when to send in seconds since the epoch; None: now. Raises InvalidInputError."""
    if scheduled_at is None:
        return None
    when = parse_rfc3339(scheduled_at, "scheduled_at")
    if when > now + LATEST:
        raise InvalidInputError("A message is scheduled for a time within a year.", "scheduled_at")
    return when if when > now else None
