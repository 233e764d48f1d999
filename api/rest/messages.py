"""``/v1/mailboxes/{mailbox_id}/messages``: the pages of a mailbox, and importing into it."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
from starlette.responses import Response

from api.rest.call import Call, Nothing
from api.rest.entity_tags import entity_tag
from api.rest.json_response import json_response
from api.rest.keywords import flags_of
from api.rest.mailboxes import find_mailbox
from api.rest.message_json import MessageSummaryJson, summary_json
from api.rest.message_listing import FlagFilter, list_page
from api.rest.pagination import MessageCursor, Order, decode_cursor, encode_cursor
from api.rest.problems import Fault, ProblemError
from api.rest.route import handles
from api.rest.timestamps import parse_rfc3339
from correio.errors import InvalidInputError, UnavailableError
from correio.mail.append import NewMessage, append_messages
from correio.mail.fetch import fetch_messages, find_messages
from correio.mail.flags import SEEN, flag_set
from correio.mail.keywords import flag_of

BREATH: Final = 16
"""Messages shown between two turns of the event loop; one may have ten thousand parts."""


class ListMessagesParameters(msgspec.Struct, frozen=True):
    """A page of a mailbox."""

    mailbox_id: str
    limit: int = 50
    cursor: str | None = None
    order: Order = "desc"
    unread: bool | None = None
    keyword: str | None = None
    not_keyword: str | None = None


class ImportParameters(msgspec.Struct, frozen=True):
    """What an imported message comes with."""

    mailbox_id: str
    keyword: tuple[str, ...] = ()
    received_at: str | None = None


class MessagePageJson(msgspec.Struct, frozen=True):
    """Schema ``MessagePage``."""

    messages: list[MessageSummaryJson]
    next_cursor: str | None
    state: str


def _filter(parameters: ListMessagesParameters) -> FlagFilter:
    required: set[str] = set()
    forbidden: set[str] = set()
    if parameters.unread is not None:
        (forbidden if parameters.unread else required).add(SEEN.lower())
    try:
        if parameters.keyword is not None:
            required.add(flag_of(parameters.keyword).lower())
        if parameters.not_keyword is not None:
            forbidden.add(flag_of(parameters.not_keyword).lower())
    except InvalidInputError as error:
        raise ProblemError(400, "bad-parameter", error.message) from error
    return FlagFilter(frozenset(required), frozenset(forbidden))


async def list_messages(call: Call[ListMessagesParameters, Nothing]) -> Response:
    """One page: two round trips, one where the messages are cached."""
    account, parameters = call.account, call.parameters
    await account.refresh()
    mailbox = find_mailbox(account, parameters.mailbox_id)
    after = None
    if parameters.cursor is not None:
        after = decode_cursor(parameters.cursor, mailbox.id, mailbox.uidvalidity, parameters.order)
    wanted = _filter(parameters)
    index = await account.index(mailbox.id)
    state = str(account.modseq)
    listing = await list_page(index, parameters.order, after, parameters.limit, wanted)
    summaries: list[MessageSummaryJson] = []
    async for batch in fetch_messages(account, mailbox.id, sorted(listing.uids)):
        # The documents may be cached; their flags are those of the index.
        for at, message in enumerate(batch):
            row = index.row(message.uid)
            if row is not None:
                summaries.append(summary_json(message, row))
            if at % BREATH == BREATH - 1:
                await asyncio.sleep(0)
    if parameters.order == "desc":
        summaries.reverse()
    cursor = None
    if listing.more:
        cursor = encode_cursor(MessageCursor(mailbox.id, mailbox.uidvalidity, parameters.order, listing.uids[-1]))
    return json_response(MessagePageJson(summaries, cursor, state))


async def import_message(call: Call[ImportParameters, bytes]) -> Response:
    """Append the octets of the body as a message."""
    account, parameters = call.account, call.parameters
    if not call.body:
        raise ProblemError(422, "invalid-input", "The message is empty.", errors=(Fault("It is empty.", pointer="#"),))
    try:
        flags = flag_set(flags_of(parameters.keyword))
        date = None if parameters.received_at is None else parse_rfc3339(parameters.received_at, "received_at")
    except InvalidInputError as error:
        fault = Fault(error.message, parameter="received_at" if error.field == "received_at" else "keyword")
        raise ProblemError(400, "bad-parameter", "A parameter is not acceptable.", errors=(fault,)) from error
    if account.mailboxes.get(parameters.mailbox_id) is None:
        await account.refresh()
        find_mailbox(account, parameters.mailbox_id)
    [appended] = await append_messages(account, parameters.mailbox_id, [NewMessage(call.body, flags, date)])
    message = (await find_messages(account, [appended.id])).get(appended.id)
    if message is None:
        raise UnavailableError("The message was stored and is gone again.")
    headers = {"Location": f"/v1/messages/{message.id}", "ETag": entity_tag(message.modseq)}
    return json_response(summary_json(message), 201, headers)


HANDLERS: Final = (
    handles(list_messages, ListMessagesParameters, Nothing),
    handles(import_message, ImportParameters, bytes),
)
