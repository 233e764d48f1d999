"""Sending a draft: the message that goes out is the draft, and the draft becomes the copy in Sent, or nothing happens."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from correio.errors import ForbiddenError, InvalidInputError, NotFoundError, RecipientsRejectedError
from correio.mail.account import Account
from correio.mail.fetch import StoredMessage, find_message
from correio.mail.flags import ANSWERED, DRAFT
from correio.mail.identities import Identity, may_send_as
from correio.mail.ingest import OFF_LOOP, normalised, parse
from correio.mail.role_mailbox import mailbox_for
from correio.mail.sent_copy import SENT_ROLE
from correio.mail.sent_draft import SentDraft
from correio.mail.submission_recipients import SubmissionRecipient
from correio.mail.submit import MAX_AUTHORS, Once, Submission, Submitted, submit, submitted_before
from correio.mail.take_back import DRAFTS_ROLE
from correio.mime.compose.letter import Mailbox
from correio.mime.compose.mailbox import address_of, make_mailbox
from correio.mime.compose.message import new_message_id
from correio.mime.draft_header import depart, origin_of
from correio.mime.header_fields import MAX_VALUE, overlong_fields
from correio.mime.model import Address
from correio.store.queue_documents import Ambiguous

FORWARDED = "$Forwarded"
_DRAFT_FIELD = "draftId"


class SendRequest(msgspec.Struct, frozen=True, kw_only=True):
    """When and how a draft is to be sent."""

    send_at: int
    """Seconds since the epoch."""
    once: Once
    identity: Identity | None = None
    """The sender; None: the draft's author."""
    if_modseq: int | None = None
    """The modseq after which the draft may not have changed."""
    key: str = ""
    """The id of the API key it comes by."""
    ambiguous: Ambiguous = "retry"


def is_draft(account: Account, message: StoredMessage) -> bool:
    """Tell whether a message is one that is still being written: it says so, or lies in Drafts."""
    mailbox = account.mailboxes.get(message.mailbox)
    return DRAFT in message.flags or (mailbox is not None and mailbox.role == DRAFTS_ROLE)


async def send_draft(account: Account, draft_id: str, request: SendRequest) -> Submitted:
    """Submit a draft to the recipients of its To, Cc and Bcc. With the same ``once`` again nothing more happens.

    The message it answers gets \\Answered, the one it forwards $Forwarded. Raises NotFoundError, InvalidInputError,
    StateMismatchError, RecipientsRejectedError, ForbiddenError (the author is not an address of the account),
    ConflictError (the idempotency key), LimitError, TooLargeError, QuotaExceededError, UnavailableError; nothing has changed
    then.
    """
    try:
        draft = await find_message(account, draft_id)
        submission = await _submission(account, draft, request)
        await mailbox_for(account, SENT_ROLE)
        return await submit(account, submission)
    except NotFoundError:
        # It may be gone because this very request has sent it before.
        known = await submitted_before(account, request.once)
        if known is None:
            raise
        return known


async def _submission(account: Account, draft: StoredMessage, request: SendRequest) -> Submission:
    store = account.store
    if not is_draft(account, draft):
        raise InvalidInputError("The message is not a draft.", _DRAFT_FIELD)
    octets = await draft.read()
    raw = await normalised(store, octets)
    parsed = draft.parsed if raw == octets else await parse(store, raw)
    summary, body_start = parsed.summary, parsed.parts[0].body_start
    _require_whole(raw[:body_start])
    sender = await _sender(account, summary.from_, request)
    recipients = _recipients([*summary.to, *summary.cc, *summary.bcc])
    message_id = None if summary.message_id else new_message_id(sender.rpartition("@")[2])
    departing = partial(depart, raw, body_start, time=request.send_at, message_id=message_id)
    departed = await store.in_worker(departing) if len(raw) > OFF_LOOP else departing()
    origin = origin_of(raw[:body_start])
    return Submission(
        kind="submission",
        sender=sender,
        recipients=[SubmissionRecipient(one) for one in recipients],
        raw=departed.sent,
        saved=departed.kept,
        send_at=request.send_at,
        key=request.key,
        ambiguous=request.ambiguous,
        once=request.once,
        strict=True,
        draft=SentDraft(
            draft.mailbox,
            draft.uid,
            request.if_modseq,
            origin=origin[0] if origin is not None else "",
            flag=FORWARDED if origin is not None and origin[1] else ANSWERED,
        ),
    )


def _require_whole(header: bytes) -> None:
    """Raise InvalidInputError for an address field of which not all is read: somebody in it would get nothing."""
    for name in sorted(overlong_fields(header) & {"from", "to", "cc", "bcc"}):
        raise InvalidInputError(
            f"The {name.capitalize()} field is longer than {MAX_VALUE} octets; spread its addresses over To, Cc and Bcc.",
            _DRAFT_FIELD,
        )


async def _sender(account: Account, authors: Sequence[Address], request: SendRequest) -> str:
    named = [one for one in authors if one.local and one.domain]
    if not named:
        raise InvalidInputError("The draft has no author.", _DRAFT_FIELD)
    if len(named) > MAX_AUTHORS:
        raise InvalidInputError(f"The draft has more than {MAX_AUTHORS} authors.", _DRAFT_FIELD)
    addresses = list(dict.fromkeys(_written(one) for one in named))
    for address in addresses:
        if not await may_send_as(account.store, account, address):
            raise ForbiddenError(f"The author {address[:200]} is not an address of this account.")
    return addresses[0] if request.identity is None else request.identity.email


def _recipients(found: Sequence[Address]) -> list[str]:
    """Return the addresses of the envelope, each once. Raises RecipientsRejectedError, InvalidInputError for nobody."""
    addresses: dict[tuple[str, str], str] = {}
    rejected: dict[str, str] = {}
    for one in found:
        if not (one.local or one.domain):
            if one.group is None:
                rejected[one.name or ""] = "It is not one address of the form local@domain."
            continue
        try:
            mailbox = make_mailbox(_written(one), "", "recipients")
            addresses.setdefault((mailbox.local, mailbox.domain.lower()), address_of(mailbox))
        except InvalidInputError as error:
            rejected[one.email] = error.message
    if rejected:
        raise RecipientsRejectedError("Some recipients are not addresses, so it was sent to nobody.", rejected)
    if not addresses:
        raise InvalidInputError("The draft has no recipient.", _DRAFT_FIELD)
    return list(addresses.values())


def _written(address: Address) -> str:
    return address_of(Mailbox(address.local, address.domain))
