"""``/v1/messages/{message_id}``: reading, changing and destroying one message."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType
from starlette.responses import Response

from api.rest.authentication_json import authentication_json
from api.rest.call import Call, Nothing
from api.rest.entity_tags import entity_tag, none_match, not_modified, precondition_failed, require_match
from api.rest.json_response import json_response
from api.rest.keywords import KeywordChange, keyword_change
from api.rest.message_json import MessageJson, addresses_json, summary_json
from api.rest.problems import Fault, ProblemError
from api.rest.readable import read_body, read_headers
from api.rest.route import handles
from api.rest.stored_part import parsed_of, parts_json
from correio.errors import InvalidInputError, NotFoundError, StateMismatchError
from correio.mail.account import Account
from correio.mail.decoded_sizes import decoded_sizes
from correio.mail.fetch import StoredMessage, find_message
from correio.mail.update_messages import MessageUpdate, destroy_messages, update_messages

REVALIDATE: Final = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}

MANY_PARTS: Final = 500
"""From here on the parts are listed in a worker thread."""

GivenKeywords = dict[str, bool] | list[str] | UnsetType


class ReadParameters(msgspec.Struct, frozen=True):
    """A message by its id, unless the client has it."""

    message_id: str
    if_none_match: str | None = None


class ChangeParameters(msgspec.Struct, frozen=True):
    """A message by its id, if it is still the version the client knows."""

    message_id: str
    if_match: str | None = None


class MessagePatch(msgspec.Struct, frozen=True):
    """Schema ``MessagePatch``."""

    keywords: GivenKeywords = UNSET
    mailbox_id: str | UnsetType = UNSET


async def get_message(call: Call[ReadParameters, Nothing]) -> Response:
    """The message as a person reads it."""
    account = call.account
    await account.refresh()
    message = await find_message(account, call.parameters.message_id)
    tag = str(message.modseq)
    if not none_match(call.parameters.if_none_match, tag):
        return not_modified(tag, REVALIDATE)
    return json_response(await message_json(message), headers={"ETag": entity_tag(tag), **REVALIDATE})


async def message_json(message: StoredMessage) -> MessageJson:
    """Return a message as the API shows it whole."""
    parsed = await parsed_of(message)
    many = len(parsed.parts) > MANY_PARTS
    sizes = await decoded_sizes(message)
    parts = await message.account.store.in_worker(parts_json, message, sizes) if many else parts_json(message, sizes)
    summary = parsed.summary
    basic = summary_json(message)
    return MessageJson(
        **{name: getattr(basic, name) for name in basic.__struct_fields__},
        sender=addresses_json(summary.sender),
        reply_to=addresses_json(summary.reply_to),
        bcc=addresses_json(summary.bcc),
        message_id=summary.message_id,
        in_reply_to=summary.in_reply_to,
        references=summary.references,
        headers=await read_headers(message),
        body=await read_body(message),
        parts=parts,
        raw_url=f"/v1/messages/{message.id}/raw",
        truncated=parsed.truncated,
        authentication=authentication_json(message.authentication),
    )


def message_update(account: Account, keywords: GivenKeywords, mailbox_id: str | UnsetType) -> MessageUpdate:
    """Return what a request asks for. Raises a 404 problem for a mailbox that is not there, 422 for a bad keyword."""
    try:
        change = keyword_change(keywords)
    except InvalidInputError as error:
        fault = Fault(error.message, pointer="#/keywords")
        raise ProblemError(422, error.code, error.message, errors=(fault,)) from error
    target = None if mailbox_id is UNSET else mailbox_id
    if target is not None and account.mailboxes.get(target) is None:
        detail = "There is no such mailbox."
        raise ProblemError(404, NotFoundError.code, detail, errors=(Fault(detail, pointer="#/mailbox_id"),))
    return _update(change, target)


def _update(change: KeywordChange, move_to: str | None) -> MessageUpdate:
    return MessageUpdate(add=change.add, remove=change.remove, replace=change.replace, move_to=move_to)


async def _bound_modseq(call_account: Account, parameters: ChangeParameters) -> int | None:
    """Return the modseq that If-Match binds the change to, or None. Raises a 412 problem, NotFoundError."""
    if parameters.if_match is None:
        return None
    message = await find_message(call_account, parameters.message_id)
    return message.modseq if require_match(parameters.if_match, str(message.modseq)) else None


async def update_message(call: Call[ChangeParameters, MessagePatch]) -> Response:
    """Change keywords, move, or both, in one step."""
    account, message_id = call.account, call.parameters.message_id
    await account.refresh()
    bound = await _bound_modseq(account, call.parameters)
    update = message_update(account, call.body.keywords, call.body.mailbox_id)
    try:
        result = await update_messages(account, [message_id], update, bound)
    except StateMismatchError as error:
        raise precondition_failed() from error
    if message_id in result.missing:
        raise NotFoundError("There is no such message.")
    message = await find_message(account, message_id)
    return json_response(summary_json(message), headers={"ETag": entity_tag(message.modseq)})


async def destroy_message(call: Call[ChangeParameters, Nothing]) -> Response:
    """Destroy the message for good."""
    account, message_id = call.account, call.parameters.message_id
    await account.refresh()
    bound = await _bound_modseq(account, call.parameters)
    try:
        result = await destroy_messages(account, [message_id], bound)
    except StateMismatchError as error:
        raise precondition_failed() from error
    if message_id in result.missing:
        raise NotFoundError("There is no such message.")
    return Response(status_code=204)


HANDLERS: Final = (
    handles(get_message, ReadParameters, Nothing),
    handles(update_message, ChangeParameters, MessagePatch),
    handles(destroy_message, ChangeParameters, Nothing),
)
