"""``/v1/messages/batch``: one change to many messages, in one step."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType
from starlette.responses import Response

from api.rest.call import Call, Nothing
from api.rest.json_response import json_response
from api.rest.message import GivenKeywords, message_update
from api.rest.route import handles
from correio.mail.keywords import keywords_of
from correio.mail.update_messages import destroy_messages
from correio.mail.update_messages import update_messages as update


class MessageBatch(msgspec.Struct, frozen=True):
    """Schema ``MessageBatch``."""

    ids: list[str]
    keywords: GivenKeywords = UNSET
    mailbox_id: str | UnsetType = UNSET
    destroy: bool = False


class UpdatedMessageJson(msgspec.Struct, frozen=True):
    """Schema ``UpdatedMessage``."""

    id: str
    mailbox_id: str
    uid: int
    state: str
    keywords: list[str]


class MessageBatchResultJson(msgspec.Struct, frozen=True):
    """Schema ``MessageBatchResult``."""

    updated: list[UpdatedMessageJson]
    destroyed: list[str]
    missing: list[str]
    state: str


async def update_messages(call: Call[Nothing, MessageBatch]) -> Response:
    """Change, move or destroy."""
    account, batch = call.account, call.body
    await account.refresh()
    updated: list[UpdatedMessageJson] = []
    destroyed: list[str] = []
    if batch.destroy:
        result = await destroy_messages(account, batch.ids)
        destroyed = list(result.updated)
    else:
        result = await update(account, batch.ids, message_update(account, batch.keywords, batch.mailbox_id))
        updated = [
            UpdatedMessageJson(message_id, one.mailbox, one.row.uid, str(one.row.modseq), keywords_of(one.row.flags))
            for message_id, one in result.updated.items()
        ]
    return json_response(MessageBatchResultJson(updated, destroyed, result.missing, str(account.modseq)))


HANDLERS: Final = (handles(update_messages, Nothing, MessageBatch),)
