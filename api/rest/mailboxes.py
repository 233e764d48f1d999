"""``/v1/mailboxes``: the tree of mailboxes."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType
from starlette.responses import Response

from api.rest.call import Call, Nothing
from api.rest.entity_tags import entity_tag, none_match, not_modified
from api.rest.json_response import encode, json_response
from api.rest.mailbox_json import MailboxListJson, mailbox_json
from api.rest.problems import Fault, ProblemError
from api.rest.route import handles
from correio.errors import ForbiddenError, NotFoundError
from correio.mail.account import Account
from correio.mail.mailbox_commands import create_mailbox as create
from correio.mail.mailbox_commands import delete_mailbox as delete
from correio.mail.mailbox_commands import rename_mailbox, subscribe
from correio.mail.mailbox_tree import DELIMITER, INBOX, Mailbox

REVALIDATE: Final = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}


class MailboxParameters(msgspec.Struct, frozen=True):
    """A mailbox by its id."""

    mailbox_id: str
    if_none_match: str | None = None


class UpdateMailboxParameters(msgspec.Struct, frozen=True):
    """A mailbox to change."""

    mailbox_id: str


class DeleteMailboxParameters(msgspec.Struct, frozen=True):
    """A mailbox, and what becomes of its messages."""

    mailbox_id: str
    delete_messages: bool = False


class NewMailbox(msgspec.Struct, frozen=True):
    """Schema ``NewMailbox``: ``name`` below ``parent_id``, or ``path``."""

    name: str | None = None
    parent_id: str | None = None
    path: str | None = None
    role: str | None = None


class MailboxPatch(msgspec.Struct, frozen=True):
    """Schema ``MailboxPatch``."""

    name: str | UnsetType = UNSET
    parent_id: str | UnsetType | None = UNSET
    subscribed: bool | UnsetType = UNSET


def find_mailbox(account: Account, mailbox_id: str) -> Mailbox:
    """Return a mailbox of this account. Raises NotFoundError."""
    mailbox = account.mailboxes.get(mailbox_id)
    if mailbox is None:
        raise NotFoundError("There is no such mailbox.")
    return mailbox


def _tag(mailbox: Mailbox) -> str:
    # Of what is shown: a subscription and a parent's new name change it, and not the mailbox's own state.
    return hashlib.blake2b(encode(mailbox_json(mailbox)), digest_size=12).hexdigest()


def _shown(mailbox: Mailbox, status: int = 200, location: bool = False) -> Response:
    headers = {"ETag": entity_tag(_tag(mailbox)), **REVALIDATE}
    if location:
        headers["Location"] = f"/v1/mailboxes/{mailbox.id}"
    return json_response(mailbox_json(mailbox), status, headers)


async def list_mailboxes(call: Call[Nothing, Nothing]) -> Response:
    """All mailboxes."""
    account = call.account
    await account.refresh()
    return json_response(MailboxListJson([mailbox_json(mailbox) for mailbox in account.mailboxes], str(account.modseq)))


async def get_mailbox(call: Call[MailboxParameters, Nothing]) -> Response:
    """One mailbox."""
    await call.account.refresh()
    mailbox = find_mailbox(call.account, call.parameters.mailbox_id)
    if not none_match(call.parameters.if_none_match, _tag(mailbox)):
        return not_modified(_tag(mailbox), REVALIDATE)
    return _shown(mailbox)


def _path_below(account: Account, parent_id: str | None, name: str) -> str:
    if parent_id is None:
        return name
    parent = account.mailboxes.get(parent_id)
    if parent is None:
        detail = "There is no such mailbox."
        raise ProblemError(404, NotFoundError.code, detail, errors=(Fault(detail, pointer="#/parent_id"),))
    return f"{parent.path}{DELIMITER}{name}"


async def create_mailbox(call: Call[Nothing, NewMailbox]) -> Response:
    """A new mailbox."""
    account, new = call.account, call.body
    await account.refresh()
    path = new.path if new.name is None else _path_below(account, new.parent_id, new.name)
    assert path is not None  # the contract asks for one of the two
    return _shown(await create(account, path, new.role), 201, location=True)


async def update_mailbox(call: Call[UpdateMailboxParameters, MailboxPatch]) -> Response:
    """Rename, move, subscribe."""
    account, patch = call.account, call.body
    await account.refresh()
    mailbox = find_mailbox(account, call.parameters.mailbox_id)
    name = mailbox.name if patch.name is UNSET else patch.name
    parent_id = mailbox.parent if patch.parent_id is UNSET else patch.parent_id
    if (name, parent_id) != (mailbox.name, mailbox.parent):
        if mailbox.path == INBOX:
            # IMAP gives RENAME INBOX a meaning of its own (RFC 9051 section 6.3.6); here it would only surprise.
            raise ForbiddenError("INBOX cannot be renamed or moved.")
        mailbox = await rename_mailbox(account, mailbox.id, _path_below(account, parent_id, name))
    if patch.subscribed is not UNSET and patch.subscribed != mailbox.subscribed:
        await subscribe(account, mailbox.path, patch.subscribed)
    return _shown(find_mailbox(account, mailbox.id))


async def delete_mailbox(call: Call[DeleteMailboxParameters, Nothing]) -> Response:
    """Delete a mailbox, with its messages only if that was asked for."""
    await call.account.refresh()
    mailbox = find_mailbox(call.account, call.parameters.mailbox_id)
    if mailbox.exists and not call.parameters.delete_messages:
        raise ProblemError(
            409,
            "not-empty",
            f"The mailbox holds {mailbox.exists} messages; delete_messages=true destroys them with it.",
        )
    await delete(call.account, mailbox.id)
    return Response(status_code=204)


HANDLERS: Final = (
    handles(list_mailboxes, Nothing, Nothing),
    handles(get_mailbox, MailboxParameters, Nothing),
    handles(create_mailbox, Nothing, NewMailbox),
    handles(update_mailbox, UpdateMailboxParameters, MailboxPatch),
    handles(delete_mailbox, DeleteMailboxParameters, Nothing),
)
