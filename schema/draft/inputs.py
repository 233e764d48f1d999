"""What a client gives to have a draft saved."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import strawberry

from correio.mime.compose.letter import Mailbox
from correio.mime.compose.mailbox import make_mailbox
from schema.scalars import State

_AT_ONCE: Final = 16


@strawberry.input
class AddressInput:
    """One mailbox of an address list (RFC 5322 section 3.4)."""

    name: str | None = strawberry.field(default=None, description="The display name, in any alphabet.")
    email: str = strawberry.field(description="local@domain, in any alphabet.")


@strawberry.input(description="A file that goes along. Exactly one of blobId and content is given.")
class AttachmentInput:
    """Where the octets come from, and what they are called."""

    blob_id: strawberry.ID | None = strawberry.field(
        default=None, description="A part of a message of the account, or a message as a whole: the id of its Blob."
    )
    content: str | None = strawberry.field(default=None, description="The octets themselves in base64.")
    filename: str | None = strawberry.field(default=None, description="Left out: that of the part.")
    type: str | None = strawberry.field(
        default=None, description="The media type. Left out: that of the part, or what the filename says."
    )
    content_id: str | None = strawberry.field(
        default=None, description="Shown in its place in the HTML that names it as cid:, instead of beside it."
    )


@strawberry.input(description="All of a draft: what is left out is empty, except where it says otherwise.")
class SaveDraftInput:
    """The fields of a draft."""

    account_id: strawberry.ID
    draft_id: strawberry.ID | None = strawberry.field(
        default=None, description="The draft it takes the place of: any id that it ever had. Left out: a new one."
    )
    if_version: State | None = strawberry.field(
        default=None, description="Save nothing if the draft has changed after this version."
    )
    identity_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who writes. Left out: who wrote it before, or the account's own address."
    )
    to: list[AddressInput] | None = None
    cc: list[AddressInput] | None = None
    bcc: list[AddressInput] | None = strawberry.field(
        default=None,
        description="They get the message, and nobody else hears of them: the field stays with its writer.",
    )
    subject: str | None = None
    html: str | None = strawberry.field(default=None, description="Alone, it gets a text of its own words beside it.")
    text: str | None = None
    attachments: list[AttachmentInput] | None = None
    in_reply_to_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="The message it answers, which is $answered once this is sent. Left out: as before; null: none."
    )
    forward_of_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="The message it forwards, which is $Forwarded once this is sent. Left out: as before; null: none."
    )


async def mailboxes(given: Sequence[AddressInput] | None, field: str) -> list[Mailbox]:
    """Return addresses as they are written, with a pause for others after every few: some domains take half a millisecond.

    Raises InvalidInputError that names the address below ``field``.
    """
    made: list[Mailbox] = []
    for at, one in enumerate(given or ()):
        if at % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        made.append(make_mailbox(one.email, one.name or "", f"{field}/{at}"))
    return made
