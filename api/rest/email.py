"""``/v1/emails/{send_id}``: one e-mail, and taking it back."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.responses import Response

from api.rest.call import Call, Nothing
from api.rest.email_json import EmailJson, email_fields, recipient_json, shown_addresses, summary_json
from api.rest.json_response import json_response
from api.rest.problems import Fault, ProblemError
from api.rest.route import handles
from correio.auth.grant import FULL, READ, Grant
from correio.errors import ConflictError, NotFoundError
from correio.mail.sent import Sent, cancel_send, find_sent
from correio.mail.sent_message import read_sent_message
from correio.mime.compose.letter import Mailbox
from correio.mime.compose.mailbox import address_of
from correio.store.queue_documents import SendDocument

MOST_FAULTS: Final = 100
"""Recipients that a refusal to cancel names."""


class EmailParameters(msgspec.Struct, frozen=True):
    """An e-mail by its id."""

    send_id: str


def _require_own(grant: Grant, send: SendDocument, scope: str) -> None:
    """Raise NotFoundError where a key that lacks a scope asks for what it has not sent itself."""
    if not grant.is_full and scope not in grant.scopes and send.key != grant.key:
        raise NotFoundError("There is no such e-mail.")


async def get_email(call: Call[EmailParameters, Nothing]) -> Response:
    """The e-mail, as it was sent, with what became of each recipient."""
    account = call.account
    sent = await find_sent(account, call.parameters.send_id)
    _require_own(call.grant, sent.send, READ)
    message = await read_sent_message(account, sent.send)
    summary = message.summary
    named = {address_of(Mailbox(one.local, one.domain)).lower() for one in (*summary.to, *summary.cc)}
    fields = email_fields(sent, account.store.now())
    authors = shown_addresses(summary.from_)
    return json_response(
        EmailJson(
            from_=authors[0] if authors else sent.send.sender,
            to=shown_addresses(summary.to),
            cc=shown_addresses(summary.cc),
            bcc=[one.recipient for one in sent.deliveries if one.recipient.lower() not in named],
            reply_to=shown_addresses(summary.reply_to),
            text=message.text,
            html=message.html,
            size=sent.send.size,
            recipients=[recipient_json(one) for one in sent.deliveries],
            **{name: getattr(fields, name) for name in fields.__struct_fields__},
        )
    )


async def cancel_email(call: Call[EmailParameters, Nothing]) -> Response:
    """Take back whoever has not been served. Raises a 409 problem that says how it stands with each where there is nobody."""
    account, send_id = call.account, call.parameters.send_id
    sent = await find_sent(account, send_id)
    _require_own(call.grant, sent.send, FULL)
    try:
        now_sent = await cancel_send(account, send_id)
    except ConflictError as error:
        raise _too_late(await find_sent(account, send_id), error) from error
    return json_response(summary_json(now_sent, account.store.now()))


def _too_late(sent: Sent, error: ConflictError) -> ProblemError:
    faults = tuple(Fault(f"{one.recipient}: {one.status}") for one in sent.deliveries[:MOST_FAULTS])
    return ProblemError(409, "too-late", error.message, errors=faults)


HANDLERS: Final = (
    handles(get_email, EmailParameters, Nothing),
    handles(cancel_email, EmailParameters, Nothing),
)
